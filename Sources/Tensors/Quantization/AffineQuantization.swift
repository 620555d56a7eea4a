import BackendCore
import HostSystem

/// An integer type in which numbers are stored: `.int8`, `.uint8`, `.int4`, or `.uint4`. Two numbers of 4 bits share a
/// byte.
public enum QuantizedType: String, Sendable, Hashable, CaseIterable, Codable {
  /// −128…127.
  case int8
  /// 0…255.
  case uint8
  /// −8…7.
  case int4
  /// 0…15.
  case uint4

  /// The number of bits: 8 or 4.
  public var bitCount: Int { self == .int8 || self == .uint8 ? 8 : 4 }
  /// The smallest and the largest integer.
  public var range: ClosedRange<Int> {
    isSigned ? -(1 << (bitCount - 1))...(1 << (bitCount - 1)) - 1 : 0...(1 << bitCount) - 1
  }
  var isSigned: Bool { self == .int8 || self == .int4 }
  /// The zero point of symmetric quantization: the middle of the range.
  var middle: Int { isSigned ? 0 : 1 << (bitCount - 1) }
  /// The range of integers as floating-point numbers.
  var limits: ClosedRange<Double> { Double(range.lowerBound)...Double(range.upperBound) }
}

/// A rule that represents numbers by integers: q = ⌊x/scale⌉ + zero point, limited to the range of the integer type, and
/// x ≈ scale·(q − zero point).
///
/// ⌊·⌉ rounds to the nearest integer, with ties to even. This is the rule of PyTorch's `quantize_per_tensor` and
/// `quantize_per_channel` and ONNX's `QuantizeLinear`. It is similar to MLX's `quantize`, whose zero point may lie outside the
/// range of the type. Numbers beyond the range become its ends, and NaN becomes the integer 0.
///
/// ```swift
/// let x: Tensor = [-1, 0.25, 1.5]
/// let q = x.quantized(AffineQuantization(scale: 0.5, zeroPoint: 3, type: .uint8))
/// print(q.integers())       // 1, 3, 6
/// print(q.dequantized())    // -1, 0, 1.5
/// ```
public struct AffineQuantization: Sendable {
  /// Which numbers of a tensor share a scale and a zero point.
  public enum Granularity: Sendable, Hashable {
    /// All of them.
    case perTensor
    /// Those at the same position along an axis, such as the weights of one unit.
    case perChannel(axis: Int)
    /// As many neighbors along the last axis. The last group of a row may be shorter.
    case perGroup(_ size: Int)
  }

  /// The integer type.
  public let type: QuantizedType
  /// Which numbers share a scale.
  public let granularity: Granularity
  /// The distances between neighboring numbers, float32: a scalar, `[channels]`, or the shape of the tensor with the
  /// number of groups as its last axis.
  public let scale: Tensor
  /// The integers that represent 0, as float32 numbers in the shape of `scale`; nil if all of them are 0.
  public let zeroPoint: Tensor?

  /// Creates a rule from one scale and one zero point for all numbers.
  /// - Parameters:
  ///   - scale: The distance between neighboring numbers, above 0.
  ///   - zeroPoint: The integer that represents 0, within the range of the type.
  ///   - type: The integer type.
  public init(scale: Double, zeroPoint: Int = 0, type: QuantizedType = .int8) {
    Checks.insist {
      let name: StaticString = "AffineQuantization"
      try Checks.positive(name, "the scale", Double(Float(scale)))
      if !type.range.contains(zeroPoint) {
        try Checks.fail(name, "the zero point \(zeroPoint) is not within the range \(type.range) of \(type)")
      }
    }
    let zero = zeroPoint == 0 ? nil : Tensor(Double(zeroPoint))
    self.init(type, .perTensor, Tensor(scale), zero)
  }

  /// Creates a rule from its scales and zero points.
  ///
  /// Shapes are checked, but values are not, since they may be on another device. With a scale of 0, numbers become 0 or NaN;
  /// with one that is not finite, they become NaN. 0 is represented exactly only if the zero point is an integer within the range
  /// of the type.
  /// - Parameters:
  ///   - scale: The distances between neighboring numbers, above 0, in the shape that `granularity` requires.
  ///   - zeroPoint: Integers in the same shape, of any type; nil for zeros.
  ///   - type: The integer type.
  ///   - granularity: Which numbers share a scale.
  public init(
    scale: Tensor, zeroPoint: Tensor? = nil, type: QuantizedType = .int8, granularity: Granularity = .perTensor
  ) {
    Checks.insist { try Checks.constants(scale, zeroPoint, granularity) }
    self.init(
      type, granularity, scale.detached().cast(to: .float32), zeroPoint?.detached().cast(to: .float32))
  }

  /// Creates a rule whose integers cover a range of numbers, extended to contain 0.
  ///
  /// Symmetric: the scale is max(−minimum, maximum) divided by 127 (by 7 for 4 bits), and the zero point is the middle of
  /// the range: 0, 128, or 8. (PyTorch divides by 127.5, so that the largest number is not represented.) Otherwise, the
  /// scale is (maximum − minimum)/255 (15 for 4 bits), and the zero point is that of PyTorch's `MinMaxObserver`. If both
  /// ends are 0, the scale is 1.
  /// - Parameters:
  ///   - minimum: The smallest numbers, in the shape that `granularity` requires of the scale.
  ///   - maximum: The largest numbers, in the same shape.
  ///   - type: The integer type.
  ///   - isSymmetric: Whether a number and its negative are represented equally well.
  ///   - granularity: Which numbers share a scale.
  public init(
    minimum: Tensor, maximum: Tensor, type: QuantizedType = .int8, isSymmetric: Bool = false,
    granularity: Granularity = .perTensor
  ) {
    Checks.insist { try Checks.constants(minimum, maximum, granularity) }
    let low = minimum.detached().cast(to: .float32).minimum(0)
    let high = maximum.detached().cast(to: .float32).maximum(0)
    if isSymmetric {
      let steps = Double((1 << (type.bitCount - 1)) - 1)
      let scale = ((-low).maximum(high) / steps).replacingZeros()
      self.init(type, granularity, scale, type.middle == 0 ? nil : .full(like: scale, Double(type.middle)))
    } else {
      let steps = Double((1 << type.bitCount) - 1)
      // The difference of large numbers would overflow.
      let scale = (high / steps - low / steps).replacingZeros()
      let zero = (Double(type.range.lowerBound) - (low / scale).rounded()).clamped(to: type.limits)
      self.init(type, granularity, scale, zero)
    }
  }

  /// Creates the rule for the range of a tensor's numbers; see `init(minimum:maximum:type:isSymmetric:granularity:)`.
  /// - Parameters:
  ///   - x: The numbers, at least one for each scale.
  ///   - type: The integer type.
  ///   - isSymmetric: Whether a number and its negative are represented equally well. This is usual for weights.
  ///   - granularity: Which numbers share a scale.
  public init(
    fitting x: Tensor, type: QuantizedType = .int8, isSymmetric: Bool = true, granularity: Granularity = .perTensor
  ) {
    Checks.insist {
      let name: StaticString = "AffineQuantization"
      try Checks.floatingPoint(name, x)
      try Checks.granularity(name, x, granularity)
      if x.count == 0 { try Checks.fail(name, "a tensor of shape \(x.extents) has no numbers to quantize") }
    }
    let numbers = granularity.arranged(x.detached().cast(to: .float32))
    let axes = granularity.sharedAxes(numbers)
    self.init(
      minimum: numbers.min(axes: axes), maximum: numbers.max(axes: axes), type: type, isSymmetric: isSymmetric,
      granularity: granularity)
  }

  init(_ type: QuantizedType, _ granularity: Granularity, _ scale: Tensor, _ zeroPoint: Tensor?) {
    (self.type, self.granularity, self.scale, self.zeroPoint) = (type, granularity, scale, zeroPoint)
  }

  /// The size of scales and zero points in bytes.
  public var byteCount: Int { 4 * scale.count + 4 * (zeroPoint?.count ?? 0) }

  /// Returns the rule with its scales on a device.
  public func moved(to device: Device) -> AffineQuantization {
    AffineQuantization(type, granularity, scale.moved(to: device), zeroPoint?.moved(to: device))
  }
}

extension AffineQuantization {
  /// Returns the scales and the zero points, arranged for arithmetic with `arranged(x)`, on the device of `x`.
  private func constants(for x: Tensor) -> (scale: Tensor, zeroPoint: Tensor?) {
    func fitted(_ constant: Tensor) -> Tensor {
      let constant = constant.moved(to: x.device)
      switch granularity {
      case .perTensor: return constant
      case .perChannel(let axis):
        var shape = [Int](repeating: 1, count: x.rank)
        shape[axis < 0 ? axis + x.rank : axis] = constant.count
        return constant.reshaped(shape)
      case .perGroup: return constant.expanded(axis: -1)
      }
    }
    return (fitted(scale), zeroPoint.map(fitted))
  }

  /// Returns ⌊x/scale⌉ + zero point without limits, in the arrangement of the granularity.
  func unlimited(_ x: Tensor) -> Tensor {
    let numbers = granularity.arranged(x)
    let (scale, zeroPoint) = constants(for: x)
    let steps = (numbers / scale).rounded()
    return zeroPoint.map { steps + $0 } ?? steps
  }

  /// Returns scale·(q − zero point) for integers in the arrangement of the granularity, in the shape of `x`.
  func numbers(_ q: Tensor, like x: Tensor) -> Tensor {
    let (scale, zeroPoint) = constants(for: x)
    return granularity.restored((zeroPoint.map { q - $0 } ?? q) * scale, to: x.extents)
  }
}

extension AffineQuantization.Granularity {
  /// Returns a tensor with an axis for the numbers of a group. The last group is filled with zeros.
  func arranged(_ x: Tensor) -> Tensor {
    guard case .perGroup(let longest) = self else { return x }
    let length = x.extents[-1]
    let size = Swift.max(Swift.min(longest, length), 1)
    let groups = length.dividedRoundingUp(by: size)
    let rows = x.reshaped([x.extents.dropping(last: 1).count, length])
    return rows.padded([(0, 0), (0, groups * size - length)]).reshaped(Array(x.shape.dropLast()) + [groups, size])
  }

  /// Reverses `arranged`.
  func restored(_ x: Tensor, to extents: Shape) -> Tensor {
    guard case .perGroup = self else { return x }
    let rows = x.reshaped([extents.dropping(last: 1).count, x.extents[-2] * x.extents[-1]])
    return rows.narrowed(axis: 1, from: 0, count: extents[-1]).reshaped(extents.array)
  }

  /// The axes of an arranged tensor along which numbers share a scale.
  fileprivate func sharedAxes(_ x: Tensor) -> [Int] {
    switch self {
    case .perTensor: return Array(0..<x.rank)
    case .perChannel(let axis):
      let channels = axis < 0 ? axis + x.rank : axis
      return (0..<x.rank).filter { $0 != channels }
    case .perGroup: return [x.rank - 1]
    }
  }
}

extension Tensor {
  /// Returns the scales with 1 in place of 0.
  fileprivate func replacingZeros() -> Tensor { replacing(with: 1, where: self .== 0) }
}

extension Checks {
  /// Requires a tensor with the axis along which scales differ.
  fileprivate static func granularity(
    _ operation: StaticString, _ x: Tensor, _ granularity: AffineQuantization.Granularity
  ) throws {
    switch granularity {
    case .perTensor: break
    case .perChannel(let axis): _ = try Checks.axis(operation, axis, x.extents)
    case .perGroup(let size):
      if size < 1 { try fail(operation, "a group has at least 1 number, not \(size)") }
      if x.rank == 0 { try fail(operation, "a scalar has no axis for groups", hint: "use .perTensor") }
    }
  }

  /// Requires two tensors of constants with the rank that the granularity needs.
  fileprivate static func constants(
    _ a: Tensor, _ b: Tensor?, _ granularity: AffineQuantization.Granularity
  ) throws {
    let name: StaticString = "AffineQuantization"
    try floatingPoint(name, a)
    if let b, a.extents != b.extents {
      try fail(name, "constants of shapes \(a.extents) and \(b.extents) do not fit", hint: "both have the same shape")
    }
    let (fits, expected): (Bool, String) =
      switch granularity {
      case .perTensor: (a.rank == 0, "a scalar")
      case .perChannel: (a.rank == 1, "a vector")
      case .perGroup(let size): (a.rank >= 1 && size >= 1, "a tensor with an axis for the groups, of at least 1 number")
      }
    if !fits { try fail(name, "a scale of shape \(a.extents) for \(granularity)", hint: "it is \(expected)") }
  }

  /// Requires floating-point numbers, and scales that fit them.
  static func quantizable(_ operation: StaticString, _ x: Tensor, _ quantization: AffineQuantization) throws {
    try floatingPoint(operation, x)
    try scales(operation, quantization, fit: x)
  }

  /// Requires scales that fit a tensor.
  static func scales(_ operation: StaticString, _ quantization: AffineQuantization, fit x: Tensor) throws {
    let granularity = quantization.granularity
    try self.granularity(operation, x, granularity)
    let expected: [Int] =
      switch granularity {
      case .perTensor: []
      case .perChannel(let axis): [x.extents[axis]]
      case .perGroup(let size): x.shape.dropLast() + [x.extents[-1].dividedRoundingUp(by: size)]
      }
    if quantization.scale.shape != expected {
      try fail(
        operation, "a scale of shape \(quantization.scale.extents) does not fit a tensor of shape \(x.extents)",
        hint: "with \(granularity), it has the shape \(expected)")
    }
  }
}
