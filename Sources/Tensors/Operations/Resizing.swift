import BackendCore
import HostSystem

/// How values between the given positions are computed. Positions are the centers of pixels (`align_corners=False` in
/// PyTorch).
public enum InterpolationMethod: String, Codable, Sendable, Hashable, CaseIterable {
  /// The value at ⌊i·input/output⌋ (PyTorch's `nearest`).
  case nearest
  /// Linear interpolation of the two nearest values along each axis (Keras' and PyTorch's `bilinear`, also `linear` and
  /// `trilinear`).
  case bilinear
  /// Cubic convolution of the four nearest values along each axis, with the parameter −0.75 (PyTorch's `bicubic`).
  /// Results can exceed the range of the values.
  case bicubic
  /// The mean of the values from ⌊i·input/output⌋ to ⌈(i + 1)·input/output⌉ − 1 along each axis (PyTorch's `area`).
  case area
}

extension Tensor {
  /// Resizes the spatial axes of sequences `[N, C, L]`, images `[N, C, H, W]`, or volumes `[N, C, D, H, W]` to a given
  /// size (PyTorch's `interpolate`; Keras' `image.resize`, without antialiasing). The methods other than `.nearest` need
  /// floating-point elements.
  ///
  /// ```swift
  /// let thumbnails = images.resized(to: [32, 48])
  /// ```
  /// - Parameters:
  ///   - size: The extents of the spatial axes, each at least 1.
  ///   - method: The interpolation method; bilinear by default, as in Keras.
  public func resized(to size: SpatialExtent, method: InterpolationMethod = .bilinear) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.resized(to: size, method: method) } }
      let name: StaticString = "resized"
      if !(3...5).contains(rank) {
        try Checks.fail(name, "the input has the shape \(extents); it is [N, C, L], [N, C, H, W] or [N, C, D, H, W]")
      }
      if method != .nearest { try Checks.floatingPoint(name, self) }
      let size = try size.perAxis(name, "size", self, atLeast: 1)
      for axis in 2..<rank where !(1...Int(Int32.max)).contains(extents[axis]) {
        try Checks.fail(name, "axis \(axis) of shape \(extents) has an extent of \(extents[axis]); it is at least 1")
      }
      return size.indices.reduce(self) { $0.resized(axis: $1 + 2, to: size[$1], method) }
    }
  }

  private func resized(axis: Int, to size: Int, _ method: InterpolationMethod) -> Tensor {
    let extent = extents[axis]
    // Every method keeps values whose positions do not change.
    if size == extent { return self }
    let isWhole = size % extent == 0
    switch method {
    case .nearest where isWhole, .area where isWhole: return repeated(size / extent, axis: axis)
    case .nearest: return rows(at: positions(size) { (0..<size).map { $0 * extent / size } }, axis: axis)
    case .bilinear: return interpolated(axis, size, neighbors: 0...1) { [1 - $0, $0] }
    case .bicubic: return interpolated(axis, size, neighbors: -1...2, weights: Self.cubicWeights)
    case .area: return averaged(axis, size)
    }
  }

  /// Returns sums of neighboring values along an axis. The neighbors beyond the ends are the ends.
  /// - Parameters:
  ///   - neighbors: The neighbors, counted from the one at or before the position.
  ///   - weights: Returns their weights for the distance of the position from that one, from 0 to 1.
  private func interpolated(
    _ axis: Int, _ size: Int, neighbors: ClosedRange<Int>, weights: (Double) -> [Double]
  ) -> Tensor {
    let extent = extents[axis]
    var broadcastShape = Array(repeating: 1, count: rank)
    broadcastShape[axis] = size
    let places = (0..<(device.isShapeOnly ? 0 : size)).map {
      (Double($0) + 0.5) * Double(extent) / Double(size) - 0.5
    }
    let shares = places.map { weights($0 - $0.rounded(.down)) }
    let terms = neighbors.enumerated().map { tap, neighbor in
      let indices = positions(size) {
        places.map { Swift.min(Swift.max(Int($0.rounded(.down)) + neighbor, 0), extent - 1) }
      }
      return rows(at: indices, axis: axis) * table(broadcastShape) { shares.map { $0[tap] } }
    }
    return terms.dropFirst().reduce(terms[0], +)
  }

  /// Returns the weights of cubic convolution (Keys 1981).
  private static func cubicWeights(_ t: Double) -> [Double] {
    let a = -0.75
    func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
    func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return [far(1 + t), near(t), near(1 - t), far(2 - t)]
  }

  /// Returns the means of parts of an axis. Parts of different sizes become equal by repetition of their last elements,
  /// whose weights are divided by the number of repetitions. (A weight of 0 would make NaN of infinity.)
  private func averaged(_ axis: Int, _ size: Int) -> Tensor {
    let extent = extents[axis]
    func parts(of length: Int) -> [Int] { shape[..<axis] + [size, length] + shape[(axis + 1)...] }
    if extent % size == 0 { return reshaped(parts(of: extent / size)).mean(axis: axis + 1) }
    let longest = (extent - 1).dividedRoundingUp(by: size) + 1
    func part(_ index: Int) -> Range<Int> {
      index * extent / size..<((index + 1) * extent).dividedRoundingUp(by: size)
    }
    let elements = positions(size * longest) {
      (0..<size).flatMap { index in
        let part = part(index)
        return (0..<longest).map { Swift.min(part.lowerBound + $0, part.upperBound - 1) }
      }
    }
    let weights = table([size, longest] + Array(repeating: 1, count: rank - 1 - axis)) {
      (0..<size).flatMap { index in
        let count = part(index).count
        let last = 1 / Double(count * (longest - count + 1))
        return (0..<longest).map { $0 < count - 1 ? 1 / Double(count) : last }
      }
    }
    return (rows(at: elements, axis: axis).reshaped(parts(of: longest)) * weights).sum(axis: axis + 1)
  }
}
