/// The element type of a buffer.
///
/// Every backend supports `float32`, `int32`, and `bool`. The backends of this package also support `int64`, and, through
/// `WidenedArithmetic`, `float16` and `bfloat16`, which compute in float32, and `int8`, `uint8`, and `int16`, which compute
/// in int32. `float64` is a type of the Reference backend, the CPU, and OpenCL devices with the extension `cl_khr_fp64`. See
/// `Backend.supports(_:)` and `Backend.computes(_:)`.
///
/// Integers wrap around at the width of their type, as in NumPy and PyTorch.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case float32
  /// Indices and labels.
  case int32
  /// One byte per element, 0 or 1.
  case bool
  /// IEEE 754 binary64: 53 significant bits. Where `Backend.computes(_:)` is false, operations move and convert elements
  /// of this type, but none computes with them.
  case float64
  /// IEEE 754 binary16: 11 significant bits, and magnitudes from 2⁻²⁴ to 65504. Operations compute in float32 and round
  /// once.
  case float16
  /// The upper half of a float32: 8 significant bits and its range of exponents. Operations compute in float32 and round
  /// once.
  case bfloat16
  /// Integers from -128 to 127. Operations compute in int32 and keep the low bits.
  case int8
  /// Integers from 0 to 255: bytes, pixels. Operations compute in int32 and keep the low bits.
  case uint8
  /// Integers from -2¹⁵ to 2¹⁵ - 1: samples of sound. Operations compute in int32 and keep the low bits.
  case int16
  /// Integers from -2⁶³ to 2⁶³ - 1: the indices of other frameworks. Where `Backend.computes(_:)` is false, operations move
  /// and convert elements of this type, but none computes with them.
  case int64

  /// The size of one element in bytes.
  @inlinable public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .bool, .int8, .uint8: 1
    case .float64, .int64: 8
    case .float16, .bfloat16, .int16: 2
    }
  }

  /// True for the types that have gradients: `float32`, `float64`, `float16`, and `bfloat16`.
  @inlinable public var isFloatingPoint: Bool { hasFloatingPointArithmetic || isHalf }

  /// True for `float16` and `bfloat16`. (It is not public because PyTorch calls float16 alone `half`.)
  @inlinable package var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// True for `int8`, `uint8`, `int16`, `int32`, and `int64`.
  @inlinable public var isInteger: Bool {
    switch self {
    case .int8, .uint8, .int16, .int32, .int64: true
    case .float32, .float64, .float16, .bfloat16, .bool: false
    }
  }

  /// True for `float32` and `float64`, the floating-point types in which kernels compute.
  @inlinable public var hasFloatingPointArithmetic: Bool { self == .float32 || self == .float64 }

  /// True for `int32` and `int64`, the integers in which kernels compute.
  @inlinable public var hasIntegerArithmetic: Bool { self == .int32 || self == .int64 }

  /// The type in which operations compute with elements of this type: float32 for `float16` and `bfloat16`, int32 for
  /// `int8`, `uint8`, and `int16`, and otherwise the type itself.
  @inlinable package var arithmeticType: DType {
    switch self {
    case .float16, .bfloat16: .float32
    case .int8, .uint8, .int16: .int32
    case .float32, .int32, .bool, .float64, .int64: self
    }
  }

  /// True for `int8`, `uint8`, and `int16`.
  @inlinable package var isShortInteger: Bool { isInteger && byteCount < 4 }

  /// True for the types whose operations compute in a wider one: see `WidenedArithmetic`.
  @inlinable package var isWidened: Bool {
    switch self {
    case .float16, .bfloat16, .int8, .uint8, .int16: true
    case .float32, .int32, .bool, .float64, .int64: false
    }
  }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .int32: "int32"
    case .bool: "bool"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .int64: "int64"
    }
  }
}

extension FixedWidthInteger {
  /// Converts a scalar operand to an integer type: rounds toward zero and saturates; NaN becomes 0.
  @inlinable package init(saturating value: Double) {
    // The largest number of a long type rounds up to a Double that no longer fits.
    if value >= Double(Self.max) {
      self = .max
    } else if value <= Double(Self.min) {
      self = .min
    } else {
      self = value.isNaN ? 0 : Self(value)
    }
  }
}

extension Double {
  /// A number that rounds to the same number of every shorter floating-point format as the integer, although a Double
  /// cannot hold all its bits: the last bit that it can hold is set if one of the others is (rounding to odd; Boldo,
  /// Melquiond, 2008).
  package init(roundingToOdd integer: Int64) {
    let size = integer.magnitude
    let excess = Swift.max(64 - 53 - size.leadingZeroBitCount, 0)
    let kept = size >> excess, isExact = kept << excess == size
    self = Double(kept | (isExact ? 0 : 1)) * Double(1 << excess) * (integer < 0 ? -1 : 1)
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

  /// Whether the operation only moves or converts elements, which it does in every type that a backend supports.
  @inlinable public var movesElements: Bool {
    switch self {
    case .fill, .cast, .select, .copyStrided, .gatherRows, .gatherElements: true
    default: false
    }
  }

  /// Returns whether the operation is defined for an element type. A backend accepts the types that it also supports
  /// (`Backend.supports(_:)`), and, in operations that compute, those with which it computes (`Backend.computes(_:)`).
  /// The types that compute in a wider one are among them only if the operation moves or converts elements;
  /// `WidenedArithmetic` adds float16 and bfloat16 where float32 is accepted, and int8, uint8, and int16 where int32 is.
  @inlinable public func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .fill, .cast, .select, .copyStrided, .gatherRows, .gatherElements: movesElements
    case .sort, .argReduce, .comparison: !dtype.isWidened
    case .range, .accumulatingCopy, .scan, .scatterRows, .scatterElements: dtype != .bool && !dtype.isWidened
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
    case .maximum, .minimum: !dtype.isWidened
    case .sum, .product: dtype != .bool && !dtype.isWidened
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
  /// Returns whether an operation is defined for an element type that this backend supports, and with which it computes if
  /// the operation does.
  @inlinable public func performs(_ operation: OperationKind, _ dtype: DType) -> Bool {
    operation.accepts(dtype) && (operation.movesElements ? supports(dtype) : computes(dtype))
  }

  /// Throws unless an operation is defined for an element type that this backend supports.
  /// - Throws: `BackendError.unsupported`.
  @inlinable public func require(_ operation: OperationKind, for dtype: DType) throws {
    if !performs(operation, dtype) {
      throw BackendError.unsupported(operation: operation.rawValue, dtype: dtype, device: identifier)
    }
  }
}
