/// A function of one number, applied elementwise: an operation code and up to two constants.
///
/// ```swift
/// try backend.unary(.leakyReLU(slope: 0.1), x, count: 128, into: y)
/// ```
@frozen
public struct UnaryOp: Sendable, Hashable {
  /// The operation codes, for floating point only unless noted otherwise.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// −x; also int32.
    case negate
    /// |x|; also int32.
    case magnitude
    /// −1, 0 or 1 (NaN stays NaN); also int32.
    case sign
    /// x·x; also int32.
    case square
    /// √x.
    case squareRoot
    /// 1/√x.
    case reciprocalSquareRoot
    /// 1/x.
    case reciprocal
    /// eˣ.
    case exp
    /// eˣ − 1, accurate near 0.
    case expMinusOne
    /// ln x.
    case log
    /// ln(1 + x), accurate near 0.
    case logOnePlus
    /// sin x, x in radians.
    case sin
    /// cos x, x in radians.
    case cos
    case tanh
    /// 1/(1 + e⁻ˣ).
    case sigmoid
    /// The error function.
    case erf
    /// The largest integer not above x.
    case floor
    /// The smallest integer not below x.
    case ceil
    /// The nearest integer, ties to even.
    case round
    /// xᵃ.
    case power
    /// min(max(x, a), b); NaN stays NaN; also int32.
    case clamp
    /// max(x, 0); NaN stays NaN.
    case relu
    /// x for x > 0, a·x otherwise.
    case leakyReLU
    /// x for x > 0, a·(eˣ − 1) otherwise.
    case elu
    /// x·Φ(x) with the exact normal distribution function, Φ(x) = (1 + erf(x/√2))/2.
    case gelu
    /// x·sigmoid(x).
    case silu
    /// ln(1 + eˣ), without overflow.
    case softplus
    /// True for NaN; the result is bool.
    case isNaN
    /// False for infinities and NaN, else true; the result is bool.
    case isFinite
    /// The opposite truth value; bool to bool.
    case logicalNot
  }

  /// The operation.
  public let kind: Kind
  /// The first constant: an exponent, a slope, or a lower bound.
  public let a: Double
  /// The second constant: an upper bound.
  public let b: Double

  /// Creates an operation with its constants, 0 for unused ones.
  @inlinable public init(_ kind: Kind, _ a: Double = 0, _ b: Double = 0) {
    self.kind = kind
    self.a = a
    self.b = b
  }

  /// max(x, 0).
  public static let relu = UnaryOp(.relu)
  /// x for x > 0, slope·x otherwise.
  public static func leakyReLU(slope: Double) -> UnaryOp { UnaryOp(.leakyReLU, slope) }
  /// x for x > 0, alpha·(eˣ − 1) otherwise.
  public static func elu(alpha: Double) -> UnaryOp { UnaryOp(.elu, alpha) }
  /// x raised to `exponent`.
  public static func power(_ exponent: Double) -> UnaryOp { UnaryOp(.power, exponent) }
  /// min(max(x, lower), upper).
  public static func clamp(_ lower: Double, _ upper: Double) -> UnaryOp { UnaryOp(.clamp, lower, upper) }

  /// The value from which the derivative is computed; nil if the derivative is zero wherever it exists (`floor`,
  /// `sign`) or if the result is not a number.
  public enum GradientSource: Sendable { case input, output, neither }

  /// Whether `unaryGradient` takes the input or the output of the function.
  @inlinable public var gradientSource: GradientSource {
    switch kind {
    case .squareRoot, .reciprocalSquareRoot, .reciprocal, .exp, .expMinusOne, .tanh, .sigmoid, .relu: .output
    case .negate, .magnitude, .square, .log, .logOnePlus, .sin, .cos, .erf, .power, .clamp, .gelu, .silu, .softplus,
      .leakyReLU, .elu:
      .input
    case .sign, .floor, .ceil, .round, .isNaN, .isFinite, .logicalNot: .neither
    }
  }

  /// Whether the result is bool.
  @inlinable public var resultIsBool: Bool { kind == .isNaN || kind == .isFinite || kind == .logicalNot }
}

/// A function of two numbers.
public enum BinaryOp: UInt8, Sendable, Hashable, CaseIterable {
  case add
  case subtract
  case multiply
  /// Floating point: IEEE division. int32: truncated toward zero; division by zero gives 0.
  case divide
  /// aᵇ, like C's `pow`; floating point only.
  case power
  /// NaN if either is NaN.
  case maximum
  /// NaN if either is NaN.
  case minimum
  /// a − b·floor(a/b), with the sign of b, as in Python and PyTorch; 0 for int32 division by zero.
  case remainder
  /// bool only.
  case logicalAnd
  /// bool only.
  case logicalOr
}

/// A comparison of two numbers; the result is bool. Comparisons with NaN are false, except for `notEqual`, which is
/// true.
public enum ComparisonOp: UInt8, Sendable, Hashable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// A reduction of many numbers to one.
public enum ReductionOp: UInt8, Sendable, Hashable, CaseIterable {
  /// 0 for no elements; int32 wraps around.
  case sum
  /// The sum divided by the count; NaN for no elements; floating point only.
  case mean
  /// −∞ for no elements; NaN if any is NaN. On bool: any.
  case maximum
  /// +∞ for no elements; NaN if any is NaN. On bool: all.
  case minimum
  /// 1 for no elements.
  case product
}

/// The position of an extreme value. The first one wins, and the first NaN wins over every number.
public enum ArgReductionOp: UInt8, Sendable, Hashable, CaseIterable {
  case argmax, argmin
}

/// A buffer viewed as `[outer, extent, inner]` and processed along the middle axis.
@frozen
public struct AxisShape: Sendable, Hashable {
  /// The extents before, along, and after the axis.
  public var outer, extent, inner: Int

  /// The three extents.
  @inlinable public init(outer: Int, extent: Int, inner: Int) {
    self.outer = outer
    self.extent = extent
    self.inner = inner
  }

  /// The total number of elements.
  @inlinable public var count: Int { outer * extent * inner }
  /// The number of elements after a reduction of the middle axis.
  @inlinable public var reducedCount: Int { outer * inner }
}

/// The extents of a batched matrix product, C[b] = A[b]·B[b].
///
/// A is `[m, k]` (stored `[k, m]` if `transposesA`), B is `[k, n]` (stored `[n, k]` if `transposesB`), C is `[m, n]`;
/// all are dense and row-major. Batch `i` of A starts at element `i·strideA`; a stride of 0 uses one matrix for all
/// batches. C is dense, with `batch·m·n` elements.
@frozen
public struct MatmulShape: Sendable, Hashable {
  /// The number of products, the rows and columns of C, and the length of each sum.
  public var batch, m, n, k: Int
  /// Whether A is stored as `[k, m]` and B as `[n, k]`.
  public var transposesA, transposesB: Bool
  /// The distance in elements from one matrix of the batch to the next; 0 uses one matrix for all.
  public var strideA, strideB: Int

  @inlinable public init(
    batch: Int = 1, m: Int, n: Int, k: Int, transposesA: Bool = false, transposesB: Bool = false, strideA: Int = 0,
    strideB: Int = 0
  ) {
    self.batch = batch
    self.m = m
    self.n = n
    self.k = k
    self.transposesA = transposesA
    self.transposesB = transposesB
    self.strideA = strideA
    self.strideB = strideB
  }
}
