/// The element type of a buffer.
///
/// Every backend supports `float32`, `int32`, and `bool`. The backends of this package also support `float16` and
/// `bfloat16`, in which they compute through `HalfArithmetic`. Only the Reference backend supports `float64`, which it uses to check gradients. See
/// `Backend.supports(_:)`.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case float32
  /// Indices and labels.
  case int32
  /// One byte per element, 0 or 1.
  case bool
  case float64
  /// IEEE 754 binary16: 11 significant bits, and magnitudes from 2⁻²⁴ to 65504. Operations compute in float32 and round
  /// once.
  case float16
  /// The upper half of a float32: 8 significant bits and its range of exponents. Operations compute in float32 and round
  /// once.
  case bfloat16

  /// The size of one element in bytes.
  @inlinable public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .bool: 1
    case .float64: 8
    case .float16, .bfloat16: 2
    }
  }

  /// True for the types that have gradients: `float32`, `float64`, `float16`, and `bfloat16`.
  @inlinable public var isFloatingPoint: Bool { hasFloatingPointArithmetic || isHalf }

  /// True for `float16` and `bfloat16`. (It is not public because PyTorch calls float16 alone `half`.)
  @inlinable package var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// True for `float32` and `float64`, the types in which kernels compute.
  @inlinable public var hasFloatingPointArithmetic: Bool { self == .float32 || self == .float64 }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .int32: "int32"
    case .bool: "bool"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    }
  }
}

extension Int32 {
  /// Converts a scalar operand to int32: rounds toward zero and saturates; NaN becomes 0.
  package init(saturating value: Double) {
    self = value.isNaN ? 0 : Int32(Swift.min(Swift.max(value, Double(Int32.min)), Double(Int32.max)))
  }
}

/// The operations of `Backend` whose functions all accept the same element types, named after its methods. (Those of
/// `UnaryOp` and `BinaryOp` are in the tables of `Kernels/Operations/`, next to the functions.)
public enum OperationKind: String, Sendable, CaseIterable {
  case fill, cast, select, range, copyStrided, sort, scan, argReduce
  case comparison
  case accumulatingCopy = "accumulating copyStrided"
  case gatherRows, scatterRows, gatherElements, scatterElements
  case unaryGradient, matmul, linear, linearGradient, dropout
  case convolution, convolutionOutputGradient, convolutionInputGradient, convolutionWeightGradient, pool, poolGradient
  case recurrence, recurrenceGradient, recurrentCell, recurrentCellGradient
  case softmax, softmaxGradient, softmaxCrossEntropy, normalize, normalizeGradient
  case optimizerStep, norm, clipFactor

  /// Returns whether the operation is defined for an element type. A backend accepts the types that it also supports
  /// (`Backend.supports(_:)`). float16 and bfloat16 are only those of operations that move or convert elements;
  /// `HalfArithmetic` adds all that accept float32.
  @inlinable public func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .fill, .cast, .select, .copyStrided, .gatherRows, .gatherElements: true
    case .sort, .argReduce, .comparison: !dtype.isHalf
    case .range, .accumulatingCopy, .scan, .scatterRows, .scatterElements: dtype != .bool && !dtype.isHalf
    case .unaryGradient, .matmul, .linear, .linearGradient, .dropout, .convolution, .convolutionOutputGradient,
      .convolutionInputGradient, .convolutionWeightGradient, .pool, .poolGradient, .recurrence, .recurrenceGradient,
      .recurrentCell, .recurrentCellGradient, .softmax, .softmaxGradient, .softmaxCrossEntropy, .normalize,
      .normalizeGradient, .optimizerStep, .norm, .clipFactor:
      dtype.hasFloatingPointArithmetic
    }
  }
}

extension ReductionOp {
  /// Returns whether the reduction is defined for an element type.
  @inlinable public func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .maximum, .minimum: !dtype.isHalf
    case .sum, .product: dtype != .bool && !dtype.isHalf
    case .mean: dtype.hasFloatingPointArithmetic
    }
  }
}

extension RandomDistribution {
  /// Returns whether numbers of the distribution can have an element type.
  @inlinable public func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .bits: dtype == .int32
    case .uniform, .normal: dtype.hasFloatingPointArithmetic
    case .bernoulli: dtype.hasFloatingPointArithmetic || dtype == .bool
    }
  }
}

extension Backend {
  /// Throws unless an operation is defined for an element type that this backend supports.
  /// - Throws: `BackendError.unsupported`.
  @inlinable public func require(_ operation: OperationKind, for dtype: DType) throws {
    if !operation.accepts(dtype) || !supports(dtype) {
      throw BackendError.unsupported(operation: operation.rawValue, dtype: dtype, device: identifier)
    }
  }
}
