import BackendCore
import CPUKernels

extension UnaryOp.Kind {
  /// The kernel's code; nil for tests, whose result is bool.
  var code: nn_unary? {
    switch self {
    case .negate: NN_NEGATE
    case .magnitude: NN_MAGNITUDE
    case .sign: NN_SIGN
    case .square: NN_SQUARE
    case .squareRoot: NN_SQUARE_ROOT
    case .reciprocalSquareRoot: NN_RECIPROCAL_SQUARE_ROOT
    case .reciprocal: NN_RECIPROCAL
    case .exp: NN_EXP
    case .expMinusOne: NN_EXP_MINUS_ONE
    case .log: NN_LOG
    case .logOnePlus: NN_LOG_ONE_PLUS
    case .sin: NN_SIN
    case .cos: NN_COS
    case .tanh: NN_TANH
    case .sigmoid: NN_SIGMOID
    case .erf: NN_ERF
    case .floor: NN_FLOOR
    case .ceil: NN_CEIL
    case .round: NN_ROUND
    case .power: NN_POWER
    case .clamp: NN_CLAMP
    case .relu: NN_RELU
    case .leakyReLU: NN_LEAKY_RELU
    case .elu: NN_ELU
    case .gelu: NN_GELU
    case .silu: NN_SILU
    case .softplus: NN_SOFTPLUS
    case .isNaN, .isFinite, .logicalNot: nil
    }
  }

  /// Whether the operation supports int32.
  var existsForIntegers: Bool {
    switch self {
    case .negate, .magnitude, .sign, .square, .clamp: true
    default: false
    }
  }

  /// The number of elements worth another thread.
  var grain: Int {
    switch self {
    case .negate, .magnitude, .sign, .square, .squareRoot, .reciprocalSquareRoot, .reciprocal, .floor, .ceil, .round,
      .clamp, .relu, .leakyReLU, .isNaN, .isFinite, .logicalNot:
      Grain.simple
    case .exp, .expMinusOne, .log, .logOnePlus, .sin, .cos, .tanh, .sigmoid, .erf, .power, .elu, .gelu, .silu,
      .softplus:
      Grain.heavy
    }
  }
}

extension BinaryOp {
  var code: nn_binary {
    switch self {
    case .add: NN_ADD
    case .subtract: NN_SUBTRACT
    case .multiply: NN_MULTIPLY
    case .divide: NN_DIVIDE
    case .power: NN_BINARY_POWER
    case .maximum: NN_MAXIMUM
    case .minimum: NN_MINIMUM
    case .remainder: NN_REMAINDER
    case .logicalAnd: NN_AND
    case .logicalOr: NN_OR
    }
  }

  var isLogical: Bool { self == .logicalAnd || self == .logicalOr }

  var grain: Int { self == .power || self == .remainder ? Grain.heavy : Grain.simple }
}

extension ComparisonOp {
  var code: nn_comparison {
    switch self {
    case .equal: NN_EQUAL
    case .notEqual: NN_NOT_EQUAL
    case .less: NN_LESS
    case .lessOrEqual: NN_LESS_OR_EQUAL
    case .greater: NN_GREATER
    case .greaterOrEqual: NN_GREATER_OR_EQUAL
    }
  }
}

extension ReductionOp {
  /// The kernel's code; a mean is a sum divided at the end.
  var code: nn_reduction {
    switch self {
    case .sum, .mean: NN_SUM
    case .maximum: NN_LARGEST
    case .minimum: NN_SMALLEST
    case .product: NN_PRODUCT
    }
  }
}
