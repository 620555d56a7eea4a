// Written by Scripts/generate-operations from Kernels/Operations/Binary.cl.

/// A function of two numbers.
public enum BinaryOp: UInt8, Sendable, Hashable, CaseIterable {
  /// a + b.
  case add
  /// a − b.
  case subtract
  /// a·b.
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

/// A comparison of two numbers; the result is bool. Comparisons with NaN are false, except for `notEqual`, which
/// is true.
public enum ComparisonOp: UInt8, Sendable, Hashable, CaseIterable {
  case equal
  case notEqual
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual
}

extension BinaryOp {
  /// The name, as a literal: `"\(op)"` would query the metadata of the runtime each time.
  package var name: String {
    switch self {
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .divide: "divide"
    case .power: "power"
    case .maximum: "maximum"
    case .minimum: "minimum"
    case .remainder: "remainder"
    case .logicalAnd: "logicalAnd"
    case .logicalOr: "logicalOr"
    }
  }

  /// Whether the operation accepts elements of this type.
  package func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .logicalAnd, .logicalOr: dtype == .bool
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .remainder: dtype.isFloatingPoint || dtype == .int32
    default: dtype.isFloatingPoint
    }
  }

  /// Whether an element costs more than a few instructions.
  package var isHeavy: Bool {
    switch self {
    case .power, .remainder: true
    default: false
    }
  }
}

extension ComparisonOp {
  /// The name, as a literal: `"\(op)"` would query the metadata of the runtime each time.
  package var name: String {
    switch self {
    case .equal: "equal"
    case .notEqual: "notEqual"
    case .less: "less"
    case .lessOrEqual: "lessOrEqual"
    case .greater: "greater"
    case .greaterOrEqual: "greaterOrEqual"
    }
  }
}
