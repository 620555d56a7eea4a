#if OpenCL
internal import HostSystem
internal import BackendCore

/// The state of the products on tensor cores, whose kernels contain inline PTX. They are off by default, because they have
/// not been run on a device so far.
package enum TensorCores: Sendable, Equatable, CustomStringConvertible {
  /// The device has none that these kernels can use.
  case missing
  /// `NN_OPENCL_FRAGMENTS` is not set.
  case off
  /// The kernels do not build, or their results are wrong; the reason in one line.
  case refused(String)
  /// The kernels compute what the portable kernels compute.
  case proved

  package var description: String {
    switch self {
    case .missing: "not available"
    case .off: "off; NN_OPENCL_FRAGMENTS=1 tries them"
    case .refused(let reason): "refused: \(reason)"
    case .proved: "proved and used where they are fastest"
    }
  }
}

extension OpenCLDevice {
  /// Whether the device has the instruction `mma.sync` for TF32: NVIDIA's, of compute capability 8.0 and later.
  var hasTensorCores: Bool { vendor.lowercased().contains("nvidia") && computeCapability >= 80 }
}

extension MatmulTuner {
  func findTensorCores() -> TensorCores {
    guard backend.device.hasTensorCores else { return .missing }
    guard backend.options.mayUseFragments else { return .off }
    let reasons = MatmulVariant.tensorCores.lazy.compactMap { self.fault(of: $0) }
    return reasons.first.map { .refused($0) } ?? .proved
  }

  /// Compares products of a variant with those of ordinary tiles, which every device runs. The numbers have all bits of
  /// their significands, and a row and a column contain infinities, NaN, and the largest number.
  /// - Returns: The reason why the variant is not used, in one line; nil if it is right.
  func fault(of variant: MatmulVariant) -> String? {
    do {
      for (m, n, k) in [(16, 8, 8), (150, 137, 203)] {
        let wrong = try wrongResults(of: variant, MatmulShape(m: m, n: n, k: k))
        if wrong > 0 {
          return "\(variant): \(wrong) of \(m * n) numbers are wrong in a product of \(m)x\(k) and \(k)x\(n)"
        }
      }
      return nil
    } catch {
      return "\(variant): \(error)".onOneLine
    }
  }

  private func wrongResults(of variant: MatmulVariant, _ shape: MatmulShape) throws -> Int {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    var (a, b) = (fractions(m * k, seed: 1), fractions(k * n, seed: 2))
    for (at, special) in [Float.infinity, .nan, .greatestFiniteMagnitude, -.infinity].enumerated() {
      a[at * k + at] = special
      b[(k - 1 - at) * n + n - 1 - at] = special
    }
    let ordinary = MatmulVariant.tiles(MatmulTile.all[2])
    let found = try product(a, b, shape, variant), expected = try product(a, b, shape, ordinary)
    // The sums of absolute products, to which the errors of float32 are proportional.
    let sizes = try product(a.map(abs), b.map(abs), shape, ordinary)
    return found.indices.count { i in
      let (y, z) = (found[i], expected[i])
      let isClose = z.isFinite && abs(y - z) <= 8 * Float.ulpOfOne * sizes[i]
      return !(isClose || y == z || y.isNaN && z.isNaN)
    }
  }

  private func product(
    _ a: [Float], _ b: [Float], _ shape: MatmulShape, _ variant: MatmulVariant
  ) throws -> [Float] {
    let c = BufferSlice(try backend.allocate(count: shape.m * shape.n, dtype: .float32))
    try backend.matmul(
      upload(a), upload(b), shape, choice: MatmulChoice(variant: variant), into: c)
    var result = [Float](repeating: 0, count: shape.m * shape.n)
    try result.withUnsafeMutableBytes { try backend.download(c, into: $0) }
    return result
  }

  private func upload(_ numbers: [Float]) throws -> BufferSlice {
    let slice = BufferSlice(try backend.allocate(count: numbers.count, dtype: .float32))
    try numbers.withUnsafeBytes { try backend.upload($0, into: slice) }
    return slice
  }

  /// Numbers in ±1 with 24 random bits.
  private func fractions(_ count: Int, seed: UInt32) -> [Float] {
    var word = seed
    return (0..<count).map { _ in
      word = word &* 1_664_525 &+ 1_013_904_223
      return Float(Int(word >> 7) - 1 << 24) * 0x1p-24
    }
  }
}
#endif
