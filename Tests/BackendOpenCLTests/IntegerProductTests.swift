#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Products of 8-bit integers, compared with sums of 64-bit integers.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct IntegerProductTests {
  /// The kernels for CPUs, those for other devices, these with 64-bit positions, and these with functions for dot products,
  /// which are those of the kernels themselves here.
  enum Way: CaseIterable { case loops, groups, wide, dotProducts }

  private func backend(_ device: OpenCLDevice, _ way: Way) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    options.runsLoops = way == .loops
    options.usesWidePositions = way == .wide
    options.usesDotProducts = way == .dotProducts
    if way == .dotProducts {
      options.compilerOptions = ["ss_int", "su_int", "us_int", "uu_uint"].map {
        " -Ddot_4x8packed_\($0)=nn_dot_\($0.prefix(2))"
      }.joined()
    }
    return try OpenCLBackend(device, options)
  }

  /// Integers of a type without a pattern, among them the extremes.
  private func integers(_ count: Int, _ dtype: DType, seed: Int) -> [Int] {
    (0..<count).map { index in
      let value = (index * 2_654_435_761 + seed * 40_503) >> 7 & 255
      return dtype == .int8 ? value - 128 : value
    }
  }

  @Test(arguments: TestDevices.all, Way.allCases)
  func areSumsOf64BitIntegers(device: OpenCLDevice, way: Way) throws {
    // OpenCL C 3.0, which not every compiler has.
    if way == .dotProducts && !device.deviceVersion.hasPrefix("OpenCL 3") { return }
    let backend = try backend(device, way)
    // Parts of tiles, whole tiles, a B for all batches, and rows that do and do not start at words.
    let cases: [(m: Int, n: Int, k: Int, batch: Int, sharesB: Bool, offset: Int)] = [
      (1, 1, 1, 1, false, 1), (3, 7, 65, 1, false, 0), (65, 130, 100, 2, false, 0), (64, 64, 64, 2, true, 4),
      (5, 100, 260, 3, false, 2), (2, 3, 0, 1, false, 0),
    ]
    for (number, left) in [DType.int8, .uint8].enumerated() {
      for right in [DType.int8, .uint8] {
        for (m, n, k, batch, sharesB, offset) in cases {
          let a = integers(offset + batch * m * k, left, seed: 1 + number),
            b = integers(offset + batch * k * n, right, seed: 3)
          func slice(_ values: [Int], _ dtype: DType) throws -> BufferSlice {
            BufferSlice(try backend.upload(values.map { UInt8(truncatingIfNeeded: $0) }, dtype).buffer, offset: offset)
          }
          let shape = MatmulShape(
            batch: batch, m: m, n: n, k: k, transposesA: false, transposesB: false, strideA: m * k,
            strideB: sharesB ? 0 : k * n)
          let whole = try backend.upload([Int32](repeating: 7, count: offset + batch * m * n))
          try backend.integerProduct(
            slice(a, left), slice(b, right), shape, into: BufferSlice(whole.buffer, offset: offset))
          let expected = (0..<batch * m * n).map { place -> Int32 in
            let (row, column) = (place / n, place % n)
            let from = offset + (sharesB ? 0 : row / m * k * n) + column
            return Int32((0..<k).reduce(0) { $0 + a[offset + row * k + $1] * b[from + $1 * n] })
          }
          let found = try backend.integers(whole, count: offset + batch * m * n)
          #expect(found == [Int32](repeating: 7, count: offset) + expected, "\(left) \(right) \(shape)")
        }
      }
    }
    let uses = backend.launcher.programs.options(for: ProgramName(family: .integerMatmul, usesDotProducts: true))
    #expect(uses.contains("-cl-std=CL3.0") && uses.contains("-DNN_DOT_PRODUCTS"))
  }

  /// A device that lists the extension and whose compiler lacks its functions.
  @Test(arguments: TestDevices.all) func unknownFunctionsAreNotUsed(device: OpenCLDevice) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops = false
    options.usesDotProducts = true
    options.binaryDirectory = nil
    options.compilerOptions = " -Ddot_4x8packed_ss_int=nn_missing"
    let backend = try OpenCLBackend(device, options)
    #expect(try !backend.launcher.programs.builds(ProgramName(family: .integerMatmul, usesDotProducts: true)))
    let x = try backend.upload([UInt8](repeating: 2, count: 4), .int8), y = try backend.empty(4, .int32)
    for _ in 0..<2 { try backend.integerProduct(x, x, MatmulShape(m: 2, n: 2, k: 2), into: y) }
    #expect(try backend.integers(y, count: 4) == [8, 8, 8, 8])
  }

  @Test(arguments: TestDevices.all) func otherTypesAreRefused(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let x = try backend.empty(4, .int8), y = try backend.empty(4, .int32)
    #expect(throws: BackendError.self) { try backend.integerProduct(x, y, MatmulShape(m: 2, n: 2, k: 2), into: y) }
    #expect(IntegerProduct.isAvailable(on: WidenedArithmetic(backend)))
    #expect(!IntegerProduct.isLinearAvailable(on: WidenedArithmetic(backend)))
  }
}
#endif
