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
  @available(*, unavailable, renamed: "logGamma()")
  public func lgamma() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "logGamma()")
  public func gammaln() -> Tensor { fatalError("unavailable") }
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
  @available(*, unavailable, renamed: "cumulativeProduct(axis:)")
  public func cumprod(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "cumulativeMax(axis:)")
  public func cummax(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "cumulativeMin(axis:)")
  public func cummin(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "floorDivided(by:)")
  public func floorDivide(_ divisor: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "atan2(_:)")
  public func arctan2(_ x: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "logAddExp(_:)")
  public func logaddexp(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "withSign(of:)")
  public func copysign(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write a .!= b")
  public func logicalXor(_ other: Tensor) -> Tensor { fatalError("unavailable") }
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
  @available(*, unavailable, renamed: "integers(_:in:using:)")
  public static func randint(_ lower: Int, _ upper: Int, _ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "permutation(_:using:)")
  public static func randperm(_ count: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write categorical(logits: probabilities.log(), count: count, using: random)")
  public static func multinomial(_ probabilities: Tensor, _ count: Int) -> Tensor { fatalError("unavailable") }

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

// NumPy, PyTorch, and Keras notations for creating tensors. They do not compile; the error messages show the correct
// forms.

extension Tensor {
  @available(*, unavailable, message: "a shape is an array: .zeros([2, 3])")
  public static func zeros(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: .ones([2, 3])")
  public static func ones(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the shape has no label: .zeros([2, 3])")
  public static func zeros(shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the shape has no label: .ones([2, 3])")
  public static func ones(shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the value has no label: .full([2, 3], 1.5)")
  public static func full(_ shape: [Int], value: Double) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .normal([2, 3], using: RandomStream(seed: 1))"
  )
  public static func randn(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .uniform([2, 3], using: RandomStream(seed: 1))"
  )
  public static func rand(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .uniform([2, 3], using: RandomStream(seed: 1))"
  )
  public static func random(_ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .range(0..<count), or .range(0..<count, dtype: .float32)")
  public static func arange(_ lower: Int, _ upper: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a tensor has values: .zeros([2, 3]), .ones([2, 3]), .full([2, 3], 1.5)")
  public init(shape: [Int]) { fatalError("unavailable") }
}

extension Float {
  @available(*, unavailable, message: "read the number, which may throw: Float(try x.item())")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}

extension Double {
  @available(*, unavailable, message: "read the number, which may throw: try x.item()")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}

extension Int {
  @available(*, unavailable, message: "read the number, which may throw: Int(try x.item())")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}

// NumPy and PyTorch notations for shapes, and their names of shape operations. They do not compile; the error messages
// show the correct forms.

extension Tensor {
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func reshape(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func reshaped(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func view(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write the order of all axes: permuted([1, 0, 2]), or transposed() for the last two"
  )
  public func transpose(_ axis: Int, _ other: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the order of the axes is an array: permuted([1, 0, 2])")
  public func permute(_ axes: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "name the axis: squeezed(axis: 0); all axes of extent 1 at once: reshaped(_:)")
  public func squeeze() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squeezed(axis:)")
  public func squeeze(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squeezed(axis:)")
  public func squeeze(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "expanded(axis:)")
  public func unsqueeze(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message: "operations broadcast by themselves: x + y; a new axis is expanded(axis: 0)"
  )
  public func expand(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write Tensor.concatenated([x, x], axis: 0)")
  public func `repeat`(_ counts: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "gathered(_:axis:)")
  public func gather(_ indices: Tensor, axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write gathered(indices, axis: 1)")
  public func gather(_ indices: Tensor, _ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write gathered(indices, axis: 1)")
  public func gather(_ axis: Int, _ indices: Tensor) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "write .concatenated(tensors, axis: 1)")
  public static func cat(_ tensors: [Tensor], dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "concatenated(_:axis:)")
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .stacked(tensors, axis: 1)")
  public static func stack(_ tensors: [Tensor], dim: Int) -> Tensor { fatalError("unavailable") }
}

// NumPy and PyTorch notations for axes. They do not compile; the error messages show the correct forms.

extension Tensor {
  @available(*, unavailable, message: "the axis has a label: sum(axis: 1), or sum(axes: [0, 1])")
  public func sum(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: mean(axis: 1), or mean(axes: [0, 1])")
  public func mean(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: max(axis: 1); of two tensors: maximum(_:)")
  public func max(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: min(axis: 1); of two tensors: minimum(_:)")
  public func min(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: argmax(axis: 1)")
  public func argmax(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: argmin(axis: 1)")
  public func argmin(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: softmax(axis: 1)")
  public func softmax(_ axis: Int) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "the axis that stays is keepingRank: sum(axis: 1, keepingRank: true)")
  public func sum(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: mean(axis: 1, keepingRank: true)")
  public func mean(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: max(axis: 1, keepingRank: true)")
  public func max(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: min(axis: 1, keepingRank: true)")
  public func min(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write sum(axis: 1, keepingRank: true)")
  public func sum(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write mean(axis: 1, keepingRank: true)")
  public func mean(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write max(axis: 1, keepingRank: true)")
  public func max(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write min(axis: 1, keepingRank: true)")
  public func min(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "write variance(), or variance(correction: 1), which PyTorch means")
  public func `var`() -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write variance(axis: 0), or variance(axis: 0, correction: 1), which PyTorch means"
  )
  public func `var`(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "standardDeviation(axis:)")
  public func std(axis: Int) -> Tensor { fatalError("unavailable") }
}

// NumPy and PyTorch names of norms, rearrangements, counts, and comparisons. They do not compile; the error messages
// give the correct names.

extension Tensor {
  @available(*, unavailable, renamed: "distances(to:p:)")
  public func cdist(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "cosineSimilarity(_:axis:epsilon:)")
  public func cosine_similarity(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "unitNormalized(_:axis:epsilon:)")
  public func normalize() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "lowerTriangle(diagonal:)")
  public func tril(_ diagonal: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "upperTriangle(diagonal:)")
  public func triu(_ diagonal: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write diagonalMatrix() for a matrix from a vector, diagonal() for a vector from a matrix"
  )
  public func diag() -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "diagonalMatrix(offset:)")
  public func diag_embed(_ offset: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "kronecker(_:)")
  public func kron(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write rolled(by: 1, axis: 0)")
  public func roll(_ shift: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write rolled(by: 1, axis: 0)")
  public func roll(_ shift: Int, _ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "movedAxis(from:to:)")
  public func moveaxis(_ source: Int, _ destination: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "movedAxis(from:to:)")
  public func movedim(_ source: Int, _ destination: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "transposed(_:_:)")
  public func swapaxes(_ axis: Int, _ other: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "unbound(axis:)")
  public func unbind() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: unbound(axis: 1)")
  public func unbind(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "flipped(axis:)")
  public func flip(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "rotated90(times:axes:)")
  public func rot90() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "difference(times:axis:)")
  public func diff() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: median(axis: 1)")
  public func median(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write quantile(0.9), of which the argument is a fraction from 0 to 1")
  public func percentile(_ percent: Double) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "searchSorted(_:side:)")
  public func searchsorted(_ values: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write bounds.searchSorted(x)")
  public func bucketize(_ bounds: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write bounds.searchSorted(x, side: .right)")
  public func digitize(_ bounds: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isIn(_:)")
  public func isin(_ elements: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "binCount(minimumLength:weights:)")
  public func bincount() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "histogram(bins:range:)")
  public func histc() -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "countNonZero()")
  public func count_nonzero() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "nonZero()")
  public func nonzero() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "nonZero()")
  public func argwhere() -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "selected(where:)")
  public func masked_select(_ mask: Tensor) -> Tensor { fatalError("unavailable") }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  @available(*, unavailable, renamed: "nanToNumber()")
  public func nan_to_num() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "signBit()")
  public func signbit() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isClose(_:)")
  public func isclose(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "allClose(_:)")
  public func allclose(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "isEqual(to:)")
  public func equal(_ other: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meshGrid(_:indexing:)")
  public static func meshgrid(_ vectors: Tensor...) -> [Tensor] { fatalError("unavailable") }
}
