#if OpenCL
internal import BackendCore

// The parts of kernel names for operations, as literals, because `"\(op)"` would query the runtime's metadata for every
// launch.

extension UnaryOp.Kind {
  var kernelName: String {
    switch self {
    case .negate: "negate"
    case .magnitude: "magnitude"
    case .sign: "sign"
    case .square: "square"
    case .squareRoot: "squareRoot"
    case .reciprocalSquareRoot: "reciprocalSquareRoot"
    case .reciprocal: "reciprocal"
    case .exp: "exp"
    case .expMinusOne: "expMinusOne"
    case .log: "log"
    case .logOnePlus: "logOnePlus"
    case .sin: "sin"
    case .cos: "cos"
    case .tanh: "tanh"
    case .sigmoid: "sigmoid"
    case .erf: "erf"
    case .floor: "floor"
    case .ceil: "ceil"
    case .round: "round"
    case .power: "power"
    case .clamp: "clamp"
    case .relu: "relu"
    case .leakyReLU: "leakyReLU"
    case .elu: "elu"
    case .gelu: "gelu"
    case .silu: "silu"
    case .softplus: "softplus"
    case .isNaN: "isNaN"
    case .isFinite: "isFinite"
    case .logicalNot: "logicalNot"
    }
  }

  /// Whether there is a kernel for this element type.
  func isDefined(for dtype: DType) -> Bool {
    switch self {
    case .logicalNot: dtype == .bool
    case .negate, .magnitude, .sign, .square, .clamp: dtype == .float32 || dtype == .int32
    default: dtype == .float32
    }
  }

  /// The kernel of the derivative; step functions share one.
  var gradientName: String {
    switch self {
    case .sign, .floor, .ceil, .round, .isNaN, .isFinite, .logicalNot: "zero"
    default: kernelName
    }
  }

  /// The number of an activation that the kernels of layers can apply (`nn_activate` in `Common.cl`); nil for the
  /// others.
  var activation: Int32? {
    switch self {
    case .relu: 1
    case .leakyReLU: 2
    case .elu: 3
    case .gelu: 4
    case .silu: 5
    case .sigmoid: 6
    case .tanh: 7
    case .softplus: 8
    default: nil
    }
  }

  /// True for activations that are more complex than a comparison.
  var isLongActivation: Bool { activation != nil && self != .relu && self != .leakyReLU }
}

extension BinaryOp {
  var kernelName: String {
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

  func isDefined(for dtype: DType) -> Bool {
    switch self {
    case .logicalAnd, .logicalOr: dtype == .bool
    case .power: dtype == .float32
    default: dtype == .float32 || dtype == .int32
    }
  }
}

extension ComparisonOp {
  var kernelName: String {
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
#endif
