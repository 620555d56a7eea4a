// Written by Scripts/generate-operations from Kernels/Operations/Binary.cl.

/// A function of two numbers.
public enum BinaryOp: UInt8, Sendable, Hashable, CaseIterable {
  /// a + b.
  case add
  /// a − b.
  case subtract
  /// a·b.
  case multiply
  /// Floating point: IEEE division. Integers: truncated toward zero; division by zero gives 0.
  case divide
  /// aᵇ, like C's `pow`; floating point only.
  case power
  /// NaN if either is NaN.
  case maximum
  /// NaN if either is NaN.
  case minimum
  /// a − b·floor(a/b), with the sign of b, as in Python and PyTorch; 0 for integer division by zero.
  case remainder
  /// floor(a/b), computed from the exact remainder, as in Python; 0 for integer division by zero.
  case floorDivide
  /// √(a² + b²), without overflow; floating point only.
  case hypot
  /// The angle of the point (b, a), from −π to π; floating point only.
  case atan2
  /// ln(eᵃ + eᵇ), without overflow; floating point only.
  case logAddExp
  /// |a| with the sign of b, including that of zeros; floating point only.
  case copySign
  /// Integers only.
  case bitwiseAnd
  /// Integers only.
  case bitwiseOr
  /// Integers only.
  case bitwiseXor
  /// a·2ᵇ without the bits that do not fit; integers only.
  case shiftLeft
  /// floor(a/2ᵇ); integers only.
  case shiftRight
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
    case .floorDivide: "floorDivide"
    case .hypot: "hypot"
    case .atan2: "atan2"
    case .logAddExp: "logAddExp"
    case .copySign: "copySign"
    case .bitwiseAnd: "bitwiseAnd"
    case .bitwiseOr: "bitwiseOr"
    case .bitwiseXor: "bitwiseXor"
    case .shiftLeft: "shiftLeft"
    case .shiftRight: "shiftRight"
    case .logicalAnd: "logicalAnd"
    case .logicalOr: "logicalOr"
    }
  }

  /// Whether the operation accepts elements of this type.
  package func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .logicalAnd, .logicalOr: dtype == .bool
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight: dtype.hasIntegerArithmetic
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .remainder, .floorDivide:
      dtype.hasFloatingPointArithmetic || dtype.hasIntegerArithmetic
    default: dtype.hasFloatingPointArithmetic
    }
  }

  /// Whether an element costs more than a few instructions.
  package var isHeavy: Bool {
    switch self {
    case .power, .remainder, .floorDivide, .hypot, .atan2, .logAddExp: true
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
