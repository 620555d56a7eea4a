import BackendCore

extension Tensor {
  /// Creates a float32 scalar of rank 0.
  public init(_ scalar: some TensorOperand, on device: Device = .cpu) {
    self = Tensor.full(Shape(), scalar.operandValue, .float32, on: device)
  }

  /// Creates a float32 tensor from elements in row-major order; a vector unless a shape is given.
  public init(_ scalars: [Float], shape: [Int]? = nil, on device: Device = .cpu) {
    self = checked { try Tensor.uploading(scalars, shape: shape, as: .float32, on: device) }
  }

  /// Creates a tensor from elements in row-major order, with the element type of `S`; a vector unless a shape is given.
  public init<S: TensorScalar>(_ scalars: [S], shape: [Int]? = nil, on device: Device = .cpu) {
    self = checked { try Tensor.uploading(scalars, shape: shape, as: S.dtype, on: device) }
  }

  /// Creates a tensor from elements in row-major order, converted to `dtype` on the host: integers round toward zero and
  /// saturate.
  public init<S: TensorScalar>(_ scalars: [S], shape: [Int]? = nil, dtype: DType, on device: Device = .cpu) {
    self = checked { try Tensor.uploading(scalars, shape: shape, as: dtype, on: device) }
  }

  /// Creates an int32 tensor from integers, such as indices or labels.
  public init(integers: [Int], shape: [Int]? = nil, on device: Device = .cpu) {
    self = checked {
      let scalars = try integers.map { value in
        guard let scalar = Int32(exactly: value) else {
          try Checks.fail("init(integers:)", "\(value) does not fit int32")
        }
        return scalar
      }
      return try Tensor.uploading(scalars, shape: shape, as: .int32, on: device)
    }
  }

  /// Creates an int32 tensor from a sequence of any integer type, such as bytes or a range.
  @_disfavoredOverload
  public init<S: Sequence>(integers: S, shape: [Int]? = nil, on device: Device = .cpu) where S.Element: BinaryInteger {
    self.init(integers: integers.map { Int(clamping: $0) }, shape: shape, on: device)
  }

  /// Creates a matrix from its rows, which must have equal lengths.
  public init<S: TensorScalar>(_ rows: [[S]], on device: Device = .cpu) {
    self = checked {
      let width = rows.first?.count ?? 0
      for (index, row) in rows.enumerated() where row.count != width {
        try Checks.fail("init", "row \(index) has \(row.count) elements, row 0 has \(width)")
      }
      return try Tensor.uploading(rows.flatMap { $0 }, shape: [rows.count, width], as: S.dtype, on: device)
    }
  }

  private static func uploading<S: TensorScalar>(
    _ scalars: [S], shape: [Int]?, as dtype: DType, on device: Device
  ) throws -> Tensor {
    try Checks.supported("init", dtype, on: device)
    let extents = try shape.map { try Checks.extents("init", $0) } ?? [scalars.count]
    try Checks.elementCount("init", scalars.count, extents)
    return Tensor.launch(extents, dtype, on: device) { backend, y in
      try withUploadBytes(of: scalars, as: dtype) { bytes in try backend.upload(bytes, into: y) }
    }
  }

  /// Returns a tensor of zeros (`false` for bool).
  public static func zeros(_ shape: [Int], dtype: DType = .float32, on device: Device = .cpu) -> Tensor {
    checked {
      full(try Checks.extents("zeros", shape), 0, dtype, on: device)
    }
  }

  /// Returns a tensor of ones (`true` for bool).
  public static func ones(_ shape: [Int], dtype: DType = .float32, on device: Device = .cpu) -> Tensor {
    checked {
      full(try Checks.extents("ones", shape), 1, dtype, on: device)
    }
  }

  /// Returns a tensor whose elements are all `value`. Integers are truncated and saturate.
  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, on device: Device = .cpu
  ) -> Tensor {
    checked {
      full(try Checks.extents("full", shape), value, dtype, on: device)
    }
  }

  /// Returns zeros with the shape, element type, and device of `other`.
  public static func zeros(like other: Tensor) -> Tensor { full(other.extents, 0, other.dtype, on: other.device) }

  /// Returns ones with the shape, element type, and device of `other`.
  public static func ones(like other: Tensor) -> Tensor { full(other.extents, 1, other.dtype, on: other.device) }

  /// Returns a tensor filled with `value`, with the shape, element type, and device of `other`.
  public static func full(like other: Tensor, _ value: Double) -> Tensor {
    full(other.extents, value, other.dtype, on: other.device)
  }

  static func full(_ extents: Shape, _ value: Double, _ dtype: DType, on device: Device) -> Tensor {
    checked {
      switch dtype {
      case .float32, .int32, .bool: break
      default: try Checks.supported("full", dtype, on: device)
      }
      let count = extents.count
      return launch(extents, dtype, on: device) { backend, y in try backend.fill(y, count: count, with: value) }
    }
  }

  /// Returns the identity matrix, `[size, size]`.
  public static func identity(_ size: Int, on device: Device = .cpu) -> Tensor {
    checked {
      let size = try Checks.count("identity", size)
      let indices = range(0..<size, on: device)
      return (indices.expanded(axis: 1) .== indices).cast(to: .float32)
    }
  }

  /// Returns a vector of the integers in a range.
  public static func range(_ range: Range<Int>, dtype: DType = .int32, on device: Device = .cpu) -> Tensor {
    checked {
      try Checks.supported("range", dtype, on: device)
      let ends = range.isEmpty ? [] : [range.lowerBound, range.upperBound - 1]
      if dtype.isInteger && dtype != .int64 && !ends.allSatisfy({ dtype.holds(Double($0)) }) {
        try Checks.fail("range", "\(range) does not fit \(dtype)")
      }
      let (count, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
      if overflow { try Checks.fail("range", "\(range) has more elements than can be counted") }
      if dtype == .int64 && Int(exactly: Double(range.lowerBound)) != range.lowerBound {
        // Beyond 2⁵³, the start is not a Double.
        return Tensor.range(0..<count, dtype: .int64, on: device) + Tensor([Int64(range.lowerBound)], on: device)
      }
      return launch(try Checks.extents("range", [count]), dtype, on: device) { backend, y in
        try backend.range(start: Double(range.lowerBound), step: 1, count: count, into: y)
      }
    }
  }

  /// Returns `count` evenly spaced numbers, including both bounds; only the lower bound if `count` is 1.
  public static func linearSpace(_ range: ClosedRange<Double>, count: Int, on device: Device = .cpu) -> Tensor {
    checked {
      let extents = try Checks.extents("linearSpace", [count])
      let step = count > 1 ? (range.upperBound - range.lowerBound) / Double(count - 1) : 0
      return launch(extents, .float32, on: device) { backend, y in
        try backend.range(start: range.lowerBound, step: step, count: count, into: y)
        // The step is rounded, so the last number is set to the bound explicitly.
        if count > 1 { try backend.fill(y.advanced(by: count - 1), count: 1, with: range.upperBound) }
      }
    }
  }

  /// Creates a scalar with the element type and device of this tensor, for the constants of a layer.
  public func constant(_ value: some TensorOperand) -> Tensor {
    Tensor.full(Shape(), value.operandValue, dtype, on: device)
  }

  /// Creates a tensor from elements in row-major order, with the element type and device of this tensor.
  public func constant(_ scalars: [Float], shape: [Int]? = nil) -> Tensor {
    Tensor(scalars, shape: shape, dtype: dtype, on: device)
  }

  /// Creates a tensor of numbers computed on the host, on the device of this tensor and by default with its element type.
  /// On a device that has only shapes, they are not computed.
  package func table(_ shape: [Int], dtype: DType? = nil, _ numbers: () -> [Double]) -> Tensor {
    let type = dtype ?? self.dtype
    if device.isShapeOnly { return .zeros(shape, dtype: type, on: device) }
    return Tensor(numbers(), shape: shape, dtype: type, on: device)
  }

  /// Creates a vector of indices computed on the host, on the device of this tensor. On a device that has only shapes,
  /// they are not computed.
  func positions(_ count: Int, _ indices: () -> [Int]) -> Tensor {
    device.isShapeOnly ? .zeros([count], dtype: .int32, on: device) : Tensor(integers: indices(), on: device)
  }
}

/// Passes the bytes of `scalars`, converted to `dtype` if necessary, to `body`.
package func withUploadBytes<S: TensorScalar>(
  of scalars: [S], as dtype: DType, _ body: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let isSame = S.self == Double.self ? dtype == .float64 : S.dtype == dtype
  if isSame { return try scalars.withUnsafeBytes(body) }
  switch dtype {
  case .float32: try scalars.map { $0.converted(to: Float.self) }.withUnsafeBytes(body)
  case .float64: try scalars.map { $0.converted(to: Double.self) }.withUnsafeBytes(body)
  case .int8: try scalars.map { $0.converted(to: Int8.self) }.withUnsafeBytes(body)
  case .uint8: try scalars.map { $0.converted(to: UInt8.self) }.withUnsafeBytes(body)
  case .int16: try scalars.map { $0.converted(to: Int16.self) }.withUnsafeBytes(body)
  case .int32: try scalars.map { $0.converted(to: Int32.self) }.withUnsafeBytes(body)
  case .int64: try scalars.map { $0.converted(to: Int64.self) }.withUnsafeBytes(body)
  case .bool: try scalars.map { $0.converted(to: Bool.self) }.withUnsafeBytes(body)
  case .float16: try scalars.map { $0.converted(to: Float16.self) }.withUnsafeBytes(body)
  case .bfloat16: try scalars.map { $0.converted(to: BFloat16Bits.self) }.withUnsafeBytes(body)
  }
}

extension Tensor {
  /// Creates a tensor from elements generated piece by piece in row-major order, so that only one piece at a time is in
  /// memory twice.
  /// - Parameters:
  ///   - pieceSize: The number of elements per piece; the last piece may be smaller.
  ///   - elements: Returns the elements at the given positions.
  /// - Throws: The errors thrown by `elements`; `DeviceError`.
  package init<S: TensorScalar>(
    shape: [Int], on device: Device = .cpu, pieceSize: Int = 1 << 18, elements: (Range<Int>) throws -> [S]
  ) throws {
    let extents = try Checks.extents("init", shape)
    let backend = device.callTarget
    let storage: BufferSlice
    do { storage = BufferSlice(try backend.allocate(count: extents.count, dtype: S.dtype)) } catch {
      throw DeviceError(error, on: device)
    }
    let step = Swift.max(pieceSize, 1)
    for start in stride(from: 0, to: extents.count, by: step) {
      let range = start..<Swift.min(start + step, extents.count)
      let piece = try elements(range)
      try Checks.elementCount("init", piece.count, [range.count])
      do { try piece.withUnsafeBytes { try backend.upload($0, into: storage.advanced(by: start)) } } catch {
        throw DeviceError(error, on: device)
      }
    }
    self.init(Storage(storage.buffer, on: device), extents: extents)
  }
}

/// An element of a tensor's array literal: a number or a row of further elements. It is a separate type, so that
/// literals do not add candidates to the operators.
public struct TensorLiteral: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral
{
  private enum Content: Sendable {
    case number(Float)
    case elements([TensorLiteral])
  }
  private let content: Content

  public init(floatLiteral value: Float) { content = .number(value) }
  public init(integerLiteral value: Int) { content = .number(Float(value)) }
  public init(arrayLiteral elements: TensorLiteral...) { content = .elements(elements) }

  /// Appends the numbers in row-major order, and checks that all rows at the same depth have equal lengths.
  fileprivate func collect(into scalars: inout [Float], shape: inout [Int], depth: Int) throws {
    switch content {
    case .number(let number):
      if depth != shape.count {
        try Checks.fail("literal", "a number stands where a row of \(shape[depth]) is expected")
      }
      scalars.append(number)
    case .elements(let elements):
      if depth == shape.count {
        if !scalars.isEmpty { try Checks.fail("literal", "a row stands where a number is expected") }
        shape.append(elements.count)
      } else if shape[depth] != elements.count {
        try Checks.fail("literal", "rows of \(shape[depth]) and of \(elements.count) elements stand side by side")
      }
      for element in elements { try element.collect(into: &scalars, shape: &shape, depth: depth + 1) }
    }
  }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// Creates a float32 tensor on the CPU from an array literal: `let x: Tensor = [[1, 2], [3, 4]]`.
  public init(arrayLiteral elements: TensorLiteral...) {
    self = checked {
      var scalars: [Float] = []
      var shape = [elements.count]
      for element in elements { try element.collect(into: &scalars, shape: &shape, depth: 1) }
      return Tensor(scalars, shape: shape)
    }
  }
}
