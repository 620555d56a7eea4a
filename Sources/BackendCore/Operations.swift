/// A function of one number, applied elementwise: an operation code and up to two constants.
///
/// ```swift
/// try backend.unary(.leakyReLU(slope: 0.1), x, count: 128, into: y)
/// ```
@frozen
public struct UnaryOp: Sendable, Hashable {
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

  /// Returns max(x, 0).
  public static let relu = UnaryOp(.relu)
  /// Returns x for x > 0, slope·x otherwise.
  public static func leakyReLU(slope: Double) -> UnaryOp { UnaryOp(.leakyReLU, slope) }
  /// Returns x for x > 0, alpha·(eˣ − 1) otherwise.
  public static func elu(alpha: Double) -> UnaryOp { UnaryOp(.elu, alpha) }
  /// Returns x raised to `exponent`.
  public static func power(_ exponent: Double) -> UnaryOp { UnaryOp(.power, exponent) }
  /// Returns min(max(x, lower), upper).
  public static func clamp(_ lower: Double, _ upper: Double) -> UnaryOp { UnaryOp(.clamp, lower, upper) }

  /// The value from which the derivative is computed; `neither` if the derivative is zero wherever it exists (`floor`,
  /// `sign`) or if the result is not a number.
  public enum GradientSource: Sendable { case input, output, neither }
}

/// A reduction of many numbers to one.
public enum ReductionOp: UInt8, Sendable, Hashable, CaseIterable {
  /// 0 for no elements; integers wrap around.
  case sum
  /// The sum divided by the count; NaN for no elements; floating point only.
  case mean
  /// −∞ (the smallest integer) for no elements; NaN if any is NaN. On bool: any.
  case maximum
  /// +∞ (the largest integer) for no elements; NaN if any is NaN. On bool: all.
  case minimum
  /// 1 for no elements.
  case product
}

/// The way in which a scatter combines an element with its updates, one after another.
public enum ScatterOp: UInt8, Sendable, Hashable, CaseIterable {
  /// The element plus its updates; integers wrap around.
  case sum
  /// The element times its updates; integers wrap around.
  case product
  /// NaN if any is NaN.
  case maximum
  /// NaN if any is NaN.
  case minimum
  /// The last update.
  case replacement
}

/// A cumulative reduction: the result so far at each element.
public enum ScanOp: UInt8, Sendable, Hashable, CaseIterable {
  /// Integers wrap around.
  case sum
  /// Integers wrap around.
  case product
  /// NaN from the first NaN on.
  case maximum
  /// NaN from the first NaN on.
  case minimum
}

/// The position of a maximum or minimum. The first one wins, and the first NaN wins over every number.
public enum ArgReductionOp: UInt8, Sendable, Hashable, CaseIterable {
  case argmax, argmin
}

/// A buffer viewed as `[outer, extent, inner]` and processed along the middle axis.
@frozen
public struct AxisShape: Sendable, Hashable {
  /// The extents before, along, and after the axis.
  public var outer, extent, inner: Int

  /// Creates a shape from its three extents.
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

/// The normalization that `Backend.normalize` applies to each row of a matrix.
public struct NormalizationShape: Sendable, Hashable {
  /// The number of rows.
  public var rows: Int
  /// The number of elements per row.
  public var columns: Int
  /// Whether the mean is subtracted first, as in layer normalization; false for the root mean square.
  public var isCentered: Bool
  /// The constant added to the variance.
  public var epsilon: Double

  /// Creates a normalization of rows.
  public init(rows: Int, columns: Int, isCentered: Bool, epsilon: Double) {
    self.rows = rows
    self.columns = columns
    self.isCentered = isCentered
    self.epsilon = epsilon
  }
}

extension ScanOp {
  /// The function that adds an element to the result so far.
  package var combination: BinaryOp {
    switch self {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }
}

extension ScatterOp {
  /// The function of an element and an update; nil if the update replaces the element.
  package var combination: BinaryOp? {
    switch self {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .replacement: nil
    }
  }
}
