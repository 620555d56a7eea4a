import BackendCore

/// The element type of a tensor: `.float32`, `.float16`, `.bfloat16`, `.float64`, `.int8`, `.uint8`, `.int16`, `.int32`,
/// `.int64`, or `.bool`. Integers wrap around; sums and products of those with 8 or 16 bits are `.int64`, as in PyTorch.
/// `.float64` is a type of the CPU and of OpenCL devices with the extension `cl_khr_fp64`; it is slower than `.float32`.
public typealias DType = BackendCore.DType

/// A Swift type that elements can be read as: `Float`, `Double`, `Float16`, `Bool`, or an integer type of the standard
/// library.
public protocol TensorNumber: Sendable {
  /// Converts a number to this type: integers round toward zero and saturate (NaN gives 0), and `Bool` is `≠ 0`.
  init(converting number: Double)
  /// Converts an element of type int64, not all of which `Double` represents, with one rounding. By default, it is
  /// converted through `Double`.
  init(convertingInteger integer: Int64)
}

extension TensorNumber {
  public init(convertingInteger integer: Int64) { self.init(converting: Double(integer)) }
}

/// A Swift type whose arrays can be converted to tensors: `Float`, `Double`, `Float16`, `Int8`, `UInt8`, `Int16`, `Int32`,
/// `Int64`, or `Bool`. For other integers, use `Tensor(integers:)`. Swift has no type for bfloat16: use
/// `Tensor(_:dtype:)` with `Float`.
public protocol TensorScalar: TensorNumber {
  /// The element type of a tensor created from an array of this type.
  static var dtype: DType { get }
  /// The number as `Double`; `true` is 1.
  var convertedNumber: Double { get }
  /// Returns the number as another type. By default, it is converted through `Double`.
  func converted<Number: TensorNumber>(to type: Number.Type) -> Number
}

extension TensorScalar {
  public func converted<Number: TensorNumber>(to type: Number.Type) -> Number { Number(converting: convertedNumber) }
}

extension Float: TensorScalar {
  public static var dtype: DType { .float32 }
  public init(converting number: Double) { self = Float(number) }
  public init(convertingInteger integer: Int64) { self = Float(integer) }
  public var convertedNumber: Double { Double(self) }
}

/// Uploaded as float32, with rounding, unless the tensor is created with the type float64; downloaded from float64 exactly.
extension Double: TensorScalar {
  public static var dtype: DType { .float32 }
  public init(converting number: Double) { self = number }
  public var convertedNumber: Double { self }
}

/// Uploaded as float16.
extension Float16: TensorScalar {
  public static var dtype: DType { .float16 }
  public init(converting number: Double) { self.init(bitPattern: HalfFormat.float16.bits(of: number)) }
  public var convertedNumber: Double { Double(HalfFormat.float16.number(bitPattern)) }
}

/// The bits of a bfloat16, for which Swift has no type.
package struct BFloat16Bits: TensorScalar, BitwiseCopyable {
  private let bits: UInt16

  package init(bitPattern bits: UInt16) { self.bits = bits }

  package static var dtype: DType { .bfloat16 }
  package init(converting number: Double) { bits = HalfFormat.bfloat16.bits(of: number) }
  package init(convertingInteger integer: Int64) { self.init(converting: Double(roundingToOdd: integer)) }
  package var convertedNumber: Double { Double(HalfFormat.bfloat16.number(bits)) }
}

extension TensorScalar where Self: FixedWidthInteger {
  public var convertedNumber: Double { Double(self) }
}

extension Int8: TensorScalar { public static var dtype: DType { .int8 } }
extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension Int16: TensorScalar { public static var dtype: DType { .int16 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }

/// Uploaded as int64. `Int` is not a `TensorScalar`: use `Tensor(integers:)`, whose elements are int32.
extension Int64: TensorScalar {
  public static var dtype: DType { .int64 }
  public func converted<Number: TensorNumber>(to type: Number.Type) -> Number { Number(convertingInteger: self) }
}

extension TensorNumber where Self: FixedWidthInteger {
  public init(converting number: Double) { self.init(saturating: number) }
  public init(convertingInteger integer: Int64) { self.init(clamping: integer) }
}

extension Int: TensorNumber {}
extension UInt: TensorNumber {}
extension UInt16: TensorNumber {}
extension UInt32: TensorNumber {}
extension UInt64: TensorNumber {}

extension Bool: TensorScalar {
  public static var dtype: DType { .bool }
  public init(converting number: Double) { self = number != 0 }
  public var convertedNumber: Double { self ? 1 : 0 }
}

/// A host number in an expression with a tensor: `2 * x`, `x / count`. It takes the tensor's element type. Integers beyond
/// 2⁵³ are rounded to `Double`; put those next to an int64 tensor into a tensor: `Tensor([n] as [Int64])`.
public protocol TensorOperand: Sendable {
  /// The number as `Double`.
  var operandValue: Double { get }
}

extension Float: TensorOperand { public var operandValue: Double { Double(self) } }
extension Double: TensorOperand { public var operandValue: Double { self } }

extension TensorOperand where Self: BinaryInteger { public var operandValue: Double { Double(self) } }
extension Int: TensorOperand {}
extension Int32: TensorOperand {}
extension Int64: TensorOperand {}
extension UInt8: TensorOperand {}
