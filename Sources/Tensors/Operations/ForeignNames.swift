// NumPy, PyTorch, and Keras names of operations that have other names here. They do not compile; the error messages
// give the correct names.

extension Tensor {
  @available(*, unavailable, renamed: "squareRoot()")
  public func sqrt() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "reciprocalSquareRoot()")
  public func rsqrt() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "magnitude()")
  public func abs() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squared()")
  public func square() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "power(_:)")
  public func pow(_ exponent: Double) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "logOnePlus()")
  public func log1p() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "expMinusOne()")
  public func expm1() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "asin()")
  public func arcsin() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "acos()")
  public func arccos() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "atan()")
  public func arctan() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "asinh()")
  public func arcsinh() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "acosh()")
  public func arccosh() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "atanh()")
  public func arctanh() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "erfInverse()")
  public func erfinv() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "trunc()")
  public func truncate() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "trunc()")
  public func fix() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isInfinite()")
  public func isinf() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isFinite()")
  public func isfinite() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isNaN()")
  public func isnan() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "rounded()")
  public func round() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "reshaped(_:)")
  public func reshape(_ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "reshaped(_:)")
  public func view(_ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "flattened()")
  public func flatten() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "transposed()")
  public func transpose() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "permuted(_:)")
  public func permute(_ axes: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squeezed(axis:)")
  public func squeeze(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "expanded(axis:)")
  public func unsqueeze(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "sorted()")
  public func sort() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "cumulativeSum(axis:)")
  public func cumsum(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "product()")
  public func prod() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "standardDeviation()")
  public func std() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "detached()")
  public func detach() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "matmul(_:)")
  public func dot(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "matmul(_:)")
  public func mm(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "moved(to:)")
  public func to(_ device: Device) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "cast(to:)")
  public func astype(_ dtype: DType) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "cast(to:)")
  public func to(_ dtype: DType) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write clamped(to: lower...upper)")
  public func clip(_ lower: Double, _ upper: Double) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write clamped(to: lower...upper)")
  public func clamp(_ lower: Double, _ upper: Double) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: sum(axis:)")
  public func sum(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: mean(axis:)")
  public func mean(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: max(axis:)")
  public func max(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: min(axis:)")
  public func min(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: argmax(axis:)")
  public func argmax(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the label is axis: softmax(axis:)")
  public func softmax(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write cast(to: .float32)")
  public func float() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write try scalars(), or scalars(as: Int.self) for another type")
  public func numpy() -> [Float] { fatalError("unavailable") }
  @available(*, unavailable, message: "write try scalars(), or scalars(as: Int.self) for another type")
  public func tolist() -> [Float] { fatalError("unavailable") }
  @available(*, unavailable, message: "write shape")
  public func size(_ none: Void = ()) -> [Int] { fatalError("unavailable") }
  @available(*, unavailable, message: "write shape[0]")
  public func size(_ axis: Int) -> Int { fatalError("unavailable") }
  @available(*, unavailable, message: "write count")
  public func numel() -> Int { fatalError("unavailable") }
  @available(*, unavailable, message: "a tensor is a value: let b = a is a copy")
  public func clone() -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message: "gradients come from a function: let (loss, gradients) = valueAndGradient(at: model) { model in … }"
  )
  public func backward() { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, message: "write transposed()")
  public var T: Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write rank")
  public var ndim: Int { fatalError("unavailable") }
  @available(
    *, unavailable,
    message: "gradients come from a function: let (loss, gradients) = valueAndGradient(at: model) { model in … }"
  )
  public var grad: Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "concatenated(_:axis:)")
  public static func cat(_ tensors: [Tensor], axis: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "concatenated(_:axis:)")
  public static func concat(_ tensors: [Tensor], axis: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "stacked(_:axis:)")
  public static func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "identity(_:)")
  public static func eye(_ size: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .range(0..<count), or .range(0..<count, dtype: .float32)")
  public static func arange(_ count: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .linearSpace(lower...upper, count: count)")
  public static func linspace(_ lower: Double, _ upper: Double, _ count: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "random numbers come from a stream: .normal(shape, using: RandomStream(seed: 1))")
  public static func randn(_ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .uniform(shape, using: RandomStream(seed: 1))"
  )
  public static func rand(_ shape: [Int]) -> Tensor { fatalError("unavailable") }

  @available(
    *, unavailable,
    message: "whole numbers are labels or indices, Tensor(integers:), or numbers, Tensor(values.map(Float.init))"
  )
  @_disfavoredOverload
  public init<I: BinaryInteger>(_ scalars: [I], shape: [Int]? = nil, on device: Device = .cpu) {
    fatalError("unavailable")
  }
  @available(
    *, unavailable, message: "these are no whole numbers: Tensor(values), or Tensor(integers: values.map { Int($0) })"
  )
  @_disfavoredOverload
  public init<F: BinaryFloatingPoint>(integers: [F], shape: [Int]? = nil, on device: Device = .cpu) {
    fatalError("unavailable")
  }
}
