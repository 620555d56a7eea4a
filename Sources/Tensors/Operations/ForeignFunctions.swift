// Functions and conversions that are spelled differently in NumPy and PyTorch. They do not compile; the error messages
// show the correct forms.

extension Tensor {
  @available(*, unavailable, message: "write b.replacing(with: a, where: mask), which is a where the mask is true")
  public static func `where`(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write x.replacing(with: 0, where: .!mask), which is x where the mask is true")
  public static func `where`(_ mask: Tensor, _ a: Tensor, _ b: Double) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write a.matmul(b)")
  public static func matmul(_ a: Tensor, _ b: Tensor) -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "logSoftmax(axis:)")
  public func log_softmax(axis: Int = -1) -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "logSoftmax(axis:)")
  public func log_softmax(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write moved(to: .cpu)")
  public func cpu() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write moved(to: try .gpu())")
  public func cuda() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write moved(to: try .named(\"gpu\"))")
  public func to(_ device: String) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write cast(to: .int32)")
  public func int() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write cast(to: .int32)")
  public func long() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the type has a label: cast(to: .int32)")
  public func cast(_ dtype: DType) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write count for all elements, shape for the extents")
  public var size: Int { fatalError("unavailable") }
  @available(*, unavailable, message: "write shape[0] for the first extent, count for all elements")
  public var length: Int { fatalError("unavailable") }
}

infix operator ** : BitwiseShiftPrecedence

@available(*, unavailable, message: "write x.power(2), or x.squared()")
public func ** (x: Tensor, exponent: Double) -> Tensor { fatalError("unavailable") }

@available(*, unavailable, message: "write x.maximum(0); the largest element is x.max()")
public func max(_ x: Tensor, _ y: Double) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.maximum(y); the largest element is x.max()")
public func max(_ x: Tensor, _ y: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.minimum(1); the smallest element is x.min()")
public func min(_ x: Tensor, _ y: Double) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.minimum(y); the smallest element is x.min()")
public func min(_ x: Tensor, _ y: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.magnitude()")
public func abs(_ x: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.exp()")
public func exp(_ x: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.log()")
public func log(_ x: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.tanh()")
public func tanh(_ x: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.squareRoot()")
public func sqrt(_ x: Tensor) -> Tensor { fatalError("unavailable") }
@available(*, unavailable, message: "write x.power(2), or x.squared()")
public func pow(_ x: Tensor, _ exponent: Double) -> Tensor { fatalError("unavailable") }
