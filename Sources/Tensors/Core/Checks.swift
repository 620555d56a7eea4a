import BackendCore

/// All checks of shapes, element types, devices, and indices. A failed check is a programmer error; its message
/// contains the operation, both sides, the layer, the reason, and a hint.
enum Checks {
  @inline(never)
  static func fail(_ operation: StaticString, _ problem: String, hint: String? = nil) throws -> Never {
    try ProgrammerError.refuse("Tensor \(operation): \(problem)", hint: hint)
  }

  /// Runs checks outside of operations that have a stand-in for their result. A mistake ends the program.
  @inline(__always)
  static func insist(_ body: () throws -> Void) {
    do { try body() } catch { ProgrammerError.end("\((error as? ProgrammerError)?.message ?? "\(error)")") }
  }

  // MARK: Devices and element types

  /// Returns the device of both operands. If one of them has only a shape, the result also has only a shape.
  @inline(__always)
  static func sameDevice(_ operation: StaticString, _ a: Tensor, _ b: Tensor) throws -> Device {
    let device = a.storage.device
    if device == b.storage.device { return device }
    return try mixedDevices(operation, a, b)
  }

  /// Returns the device of three operands.
  static func sameDevice(_ operation: StaticString, _ a: Tensor, _ b: Tensor, _ c: Tensor) throws -> Device {
    let (first, second) = (try sameDevice(operation, a, b), try sameDevice(operation, a, c))
    return first.isShapeOnly ? first : second
  }

  @inline(never)
  static func mixedDevices(_ operation: StaticString, _ a: Tensor, _ b: Tensor) throws -> Device {
    if a.device.isShapeOnly || b.device.isShapeOnly { return .shapes }
    try fail(
      operation, "operands of shapes \(a.extents) and \(b.extents) are on \(a.device) and \(b.device)",
      hint: "move one with .moved(to:)")
  }

  @inline(__always)
  static func sameDType(_ operation: StaticString, _ a: Tensor, _ b: Tensor) throws {
    if a.storage.dtype != b.storage.dtype { try mixedDTypes(operation, a, b) }
  }

  @inline(never)
  static func mixedDTypes(_ operation: StaticString, _ a: Tensor, _ b: Tensor) throws -> Never {
    try fail(
      operation, "operands of shapes \(a.extents) and \(b.extents) have element types \(a.dtype) and \(b.dtype)",
      hint: "convert one with .cast(to:)")
  }

  @inline(__always)
  static func floatingPoint(_ operation: StaticString, _ x: Tensor) throws {
    if !x.storage.dtype.isFloatingPoint { try notFloatingPoint(operation, x) }
  }

  /// Requires floating-point numbers of more than 16 bits.
  static func kernelArithmetic(_ operation: StaticString, _ x: Tensor) throws {
    if x.storage.dtype.isHalf {
      try fail(
        operation, "needs elements of type float32, not \(x.dtype) (shape \(x.extents))",
        hint: "convert with .cast(to: .float32)")
    }
    try floatingPoint(operation, x)
  }

  @inline(never)
  static func notFloatingPoint(_ operation: StaticString, _ x: Tensor) throws -> Never {
    try fail(
      operation, "needs floating-point elements, not \(x.dtype) (shape \(x.extents))",
      hint: "convert with .cast(to: .float32)")
  }

  /// Requires any element type except bool.
  @inline(__always)
  static func number(_ operation: StaticString, _ x: Tensor) throws {
    if x.storage.dtype == .bool { try notNumber(operation, x) }
  }

  @inline(never)
  static func notNumber(_ operation: StaticString, _ x: Tensor) throws -> Never {
    try fail(
      operation, "needs numbers, not bool (shape \(x.extents))", hint: "convert with .cast(to: .float32) or .int32")
  }

  /// Requires an element type that a function of two numbers accepts.
  @inline(__always)
  static func operand(_ operation: StaticString, _ x: Tensor, of op: BinaryOp) throws {
    if !op.accepts(x.storage.dtype) { try unusualOperand(operation, x, of: op) }
  }

  @inline(never)
  static func unusualOperand(_ operation: StaticString, _ x: Tensor, of op: BinaryOp) throws {
    if op.accepts(.bool) { try dtype(operation, x, is: .bool) }
    if !op.accepts(.float32) { try integer(operation, x) }
    if op.accepts(.int32) { try number(operation, x) } else { try floatingPoint(operation, x) }
  }

  static func integer(_ operation: StaticString, _ x: Tensor) throws {
    if !x.dtype.isInteger {
      try fail(
        operation, "needs integers, not \(x.dtype) (shape \(x.extents))", hint: "convert with .cast(to: .int32)")
    }
  }

  static func dtype(_ operation: StaticString, _ x: Tensor, is dtype: DType) throws {
    if x.dtype != dtype {
      try fail(
        operation, "needs elements of type \(dtype), not \(x.dtype) (shape \(x.extents))",
        hint: "convert with .cast(to: .\(dtype))")
    }
  }

  /// Checks a host number used with a tensor. It takes the tensor's element type, and an integer type must be able to
  /// represent it.
  @inline(__always)
  static func scalar(_ operation: StaticString, _ x: Tensor, _ value: Double) throws {
    if x.storage.dtype != .float32 { try unusualScalar(operation, x, value) }
  }

  @inline(never)
  static func unusualScalar(_ operation: StaticString, _ x: Tensor, _ value: Double) throws {
    if x.dtype == .bool { try notNumber(operation, x) }
    if x.dtype.isInteger && !x.dtype.holds(value) {
      try fail(
        operation, "\(value) next to a tensor of type \(x.dtype) and shape \(x.extents) would lose its value",
        hint: "convert the tensor with .cast(to: .float32)")
    }
  }

  /// Requires a constant of a function to be a finite number above 0.
  static func positive(_ operation: StaticString, _ name: String, _ value: Double) throws {
    if !(value > 0 && value.isFinite) { try fail(operation, "\(name) is a number above 0, not \(value)") }
  }

  /// Requires a constant of a function to be a finite number that is not negative.
  static func notNegative(_ operation: StaticString, _ name: String, _ value: Double) throws {
    if !(value >= 0 && value.isFinite) { try fail(operation, "\(name) is a number from 0 on, not \(value)") }
  }

  static func supported(_ operation: StaticString, _ dtype: DType, on device: Device) throws {
    if !device.backend.supports(dtype) {
      try fail(operation, "\(device) has no elements of type \(dtype)")
    }
  }

  // MARK: Shapes

  /// Returns the shape of two operands after broadcasting.
  @inline(__always)
  static func broadcast(_ operation: StaticString, _ a: Shape, _ b: Shape) throws -> Shape {
    if a == b { return a }
    return try broadcastUnequal(operation, a, b)
  }

  @inline(never)
  static func broadcastUnequal(_ operation: StaticString, _ a: Shape, _ b: Shape) throws -> Shape {
    var result = a.rank >= b.rank ? a : b
    for back in 0..<Swift.min(a.rank, b.rank) {
      let (m, n) = (a[a.rank - 1 - back], b[b.rank - 1 - back])
      if m != n && m != 1 && n != 1 {
        try fail(
          operation, "shapes \(a) and \(b) do not fit: \(m) and \(n) stand against each other on axis -\(back + 1)",
          hint: "axes are aligned at the end, and only an extent of 1 repeats; see reshaped(_:) and expanded(axis:)")
      }
      result[result.rank - 1 - back] = m == 1 ? n : m
    }
    return try countable(operation, result)
  }

  /// Returns the axis counted from the front.
  @inline(__always)
  static func axis(_ operation: StaticString, _ axis: Int, _ extents: Shape) throws -> Int {
    let position = axis < 0 ? axis + extents.rank : axis
    if position < 0 || position >= extents.rank { try badAxis(operation, axis, extents) }
    return position
  }

  @inline(never)
  static func badAxis(_ operation: StaticString, _ axis: Int, _ extents: Shape) throws -> Never {
    try fail(
      operation, "shape \(extents) has no axis \(axis)", hint: "axes are 0..<\(extents.rank), or negative from the end")
  }

  static func axes(_ operation: StaticString, _ axes: [Int], _ extents: Shape) throws -> AxisMask {
    var mask = AxisMask()
    for axis in axes {
      let position = try Checks.axis(operation, axis, extents)
      if mask.contains(position) { try fail(operation, "axis \(axis) is named twice in \(axes) for shape \(extents)") }
      mask.insert(position)
    }
    return mask
  }

  static func extents(_ operation: StaticString, _ shape: [Int]) throws -> Shape {
    if shape.count > Shape.maximumRank {
      try fail(operation, "shape \(shape) has \(shape.count) axes; at most \(Shape.maximumRank) are possible")
    }
    for extent in shape where extent < 0 { try fail(operation, "shape \(shape) has a negative extent") }
    return try countable(operation, Shape(shape))
  }

  /// Returns the shape, after checking that an `Int` can represent its number of elements and its strides.
  @discardableResult
  static func countable(_ operation: StaticString, _ shape: Shape) throws -> Shape {
    var count = 1
    for axis in shape.axes {
      let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(shape[axis], 1))
      if overflow { try fail(operation, "shape \(shape) has more elements than can be counted") }
      count = product
    }
    return shape
  }

  /// Returns an extent that is repeated `count` times.
  static func repeated(_ operation: StaticString, _ extent: Int, _ count: Int, _ extents: Shape) throws -> Int {
    let (product, overflow) = extent.multipliedReportingOverflow(by: count)
    if overflow { try fail(operation, "\(count) times shape \(extents) has more elements than can be counted") }
    return product
  }

  /// Returns the sum of element counts; nil if it exceeds the range of `Int`.
  static func sum(_ counts: some Sequence<Int>) -> Int? {
    var sum = 0
    for count in counts {
      let (next, overflow) = sum.addingReportingOverflow(count)
      if overflow { return nil }
      sum = next
    }
    return sum
  }

  /// Returns a number of elements along an axis, after checking that it is not negative.
  static func count(_ operation: StaticString, _ count: Int) throws -> Int {
    if count < 0 { try fail(operation, "an extent of \(count)") }
    return count
  }

  static func elementCount(_ operation: StaticString, _ found: Int, _ extents: Shape) throws {
    if found != extents.count {
      try fail(operation, "\(found) elements do not fill shape \(extents), which has \(extents.count)")
    }
  }

  /// Returns the shape with -1 replaced by the inferred extent.
  static func reshape(_ source: Shape, _ shape: [Int]) throws -> Shape {
    let operation: StaticString = "reshaped"
    guard let open = shape.firstIndex(of: -1) else {
      let result = try extents(operation, shape)
      if result.count != source.count {
        try fail(operation, "shape \(source) has \(source.count) elements, \(result) has \(result.count)")
      }
      return result
    }
    var filled = shape
    filled[open] = 1
    let known = try extents(operation, filled).count
    if known == 0 || source.count % known != 0 {
      try fail(operation, "the \(source.count) elements of shape \(source) cannot be arranged as \(shape)")
    }
    filled[open] = source.count / known
    return Shape(filled)
  }

  static func broadcast(_ source: Shape, to target: Shape) throws {
    if !source.repeats(to: target) {
      try fail("broadcast", "shape \(source) does not repeat to \(target)", hint: "only extents of 1 repeat")
    }
  }

  static func view(slab: Tensor, offset: Int, extents: Shape) throws {
    if slab.rank != 1 || offset < 0 || offset + extents.count > slab.count {
      try fail("view", "shape \(extents) at offset \(offset) leaves the slab of shape \(slab.extents)")
    }
  }

  static func scalarResult(_ operation: StaticString, _ x: Tensor) throws {
    if x.count != 1 {
      try fail(operation, "needs one element, not shape \(x.extents)", hint: "reduce with .sum() or .mean()")
    }
  }

  /// Checks the value of a function whose gradient is requested.
  static func differentiated(_ value: Tensor) throws {
    try scalarResult("valueAndGradient: the value", value)
    try floatingPoint("valueAndGradient: the value", value)
  }
}

extension Tensor {
  /// Whether the device computes with floating-point numbers of this type: it may only store float64.
  package var hasFloatingPointArithmetic: Bool {
    dtype.hasFloatingPointArithmetic && device.backend.computes(dtype)
  }
}

extension DType {
  /// Whether an integer type represents a number.
  func holds(_ number: Double) -> Bool {
    switch self {
    case .int8: Int8(exactly: number) != nil
    case .uint8: UInt8(exactly: number) != nil
    case .int16: Int16(exactly: number) != nil
    case .int64: Int64(exactly: number) != nil
    default: Int32(exactly: number) != nil
    }
  }
}

/// A set of axes.
struct AxisMask: Sendable, Equatable {
  private var bits: UInt8 = 0

  init() {}
  init(axis: Int) { bits = 1 << UInt8(axis) }
  init(all rank: Int) { bits = UInt8(truncatingIfNeeded: (1 << rank) - 1) }

  var isEmpty: Bool { bits == 0 }
  func contains(_ axis: Int) -> Bool { bits & (1 << UInt8(axis)) != 0 }
  mutating func insert(_ axis: Int) { bits |= 1 << UInt8(axis) }
}

extension Shape {
  /// Returns whether broadcasting converts a tensor of this shape to the shape `target`.
  func repeats(to target: Shape) -> Bool {
    if self == target { return true }
    if rank > target.rank { return false }
    return axes.allSatisfy { axis in self[axis] == 1 || self[axis] == target[axis + target.rank - rank] }
  }
}
