// Written by Scripts/generate-operations from Kernels/Operations/Unary.cl.

extension UnaryOp {
  /// The operation codes, for floating point only unless noted otherwise.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// −x; also integers.
    case negate
    /// |x|; also integers.
    case magnitude
    /// −1, 0 or 1 (NaN stays NaN); also integers.
    case sign
    /// x·x; also integers.
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
    /// tan x, x in radians.
    case tan
    /// arcsin x, from −π/2 to π/2.
    case asin
    /// arccos x, from 0 to π.
    case acos
    /// arctan x, from −π/2 to π/2.
    case atan
    /// sinh x.
    case sinh
    /// cosh x.
    case cosh
    /// The inverse of sinh.
    case asinh
    /// The inverse of cosh, from 0 on; NaN below 1.
    case acosh
    /// The inverse of tanh; NaN outside of −1…1.
    case atanh
    /// 2ˣ.
    case exp2
    /// log₂ x.
    case log2
    /// log₁₀ x.
    case log10
    /// The error function.
    case erf
    /// 1 − erf(x), accurate for large x.
    case erfc
    /// The inverse of the error function; NaN outside of −1…1.
    case erfInverse
    /// ln |Γ(x)|; infinite at 0 and at negative integers.
    case logGamma
    /// Γ′(x)/Γ(x); NaN at negative integers.
    case digamma
    /// The derivative of digamma; infinite at 0 and at negative integers.
    case trigamma
    /// The largest integer not above x.
    case floor
    /// The smallest integer not below x.
    case ceil
    /// The nearest integer, ties to even.
    case round
    /// The integer part: the nearest integer that is not farther from 0.
    case trunc
    /// xᵃ.
    case power
    /// a if x < a, b if x > b, else x; NaN stays NaN; also integers.
    case clamp
    /// max(x, 0); NaN stays NaN.
    case relu
    /// min(max(x, 0), 6); NaN stays NaN.
    case relu6
    /// x for x > 0, a·x otherwise.
    case leakyReLU
    /// x for x > 0, a·(eˣ − 1) otherwise.
    case elu
    /// 1.0507·x for x > 0, 1.0507·1.6733·(eˣ − 1) otherwise (Klambauer et al., Self-Normalizing Neural Networks, 2017).
    case selu
    /// x·Φ(x) with the exact normal distribution function, Φ(x) = (1 + erf(x/√2))/2.
    case gelu
    /// x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, an approximation of GELU.
    case geluTanh
    /// x·sigmoid(x).
    case silu
    /// 1/(1 + e⁻ˣ).
    case sigmoid
    /// min(max(x/6 + 1/2, 0), 1); NaN stays NaN.
    case hardSigmoid
    /// x·hardSigmoid(x).
    case hardSwish
    /// x/(1 + |x|).
    case softsign
    /// tanh x.
    case tanh
    /// ln(1 + eˣ), without overflow.
    case softplus
    /// −ln(1 + e⁻ˣ), without overflow.
    case logSigmoid
    /// x·tanh(ln(1 + eˣ)) (Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019).
    case mish
    /// True for NaN; the result is bool.
    case isNaN
    /// False for infinities and NaN, else true; the result is bool.
    case isFinite
    /// The opposite truth value; bool to bool.
    case logicalNot
  }

  /// Whether `unaryGradient` takes the input or the output of the function.
  @inlinable public var gradientSource: GradientSource {
    switch kind {
    case .negate, .magnitude, .square, .log, .logOnePlus, .sin, .cos, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh,
      .atanh, .log2, .log10, .erf, .erfc, .logGamma, .digamma, .trigamma, .power, .clamp, .leakyReLU, .elu, .selu,
      .gelu, .geluTanh, .silu, .hardSigmoid, .hardSwish, .softsign, .softplus, .logSigmoid, .mish:
      .input
    case .squareRoot, .reciprocalSquareRoot, .reciprocal, .exp, .expMinusOne, .tan, .exp2, .erfInverse, .relu, .relu6,
      .sigmoid, .tanh:
      .output
    case .sign, .floor, .ceil, .round, .trunc, .isNaN, .isFinite, .logicalNot: .neither
    }
  }

  /// Whether the result is bool.
  @inlinable public var resultIsBool: Bool {
    switch kind {
    case .isNaN, .isFinite, .logicalNot: true
    default: false
    }
  }
}

extension UnaryOp.Kind {
  /// The name, as a literal: `"\(kind)"` would query the metadata of the runtime each time.
  package var name: String {
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
    case .tan: "tan"
    case .asin: "asin"
    case .acos: "acos"
    case .atan: "atan"
    case .sinh: "sinh"
    case .cosh: "cosh"
    case .asinh: "asinh"
    case .acosh: "acosh"
    case .atanh: "atanh"
    case .exp2: "exp2"
    case .log2: "log2"
    case .log10: "log10"
    case .erf: "erf"
    case .erfc: "erfc"
    case .erfInverse: "erfInverse"
    case .logGamma: "logGamma"
    case .digamma: "digamma"
    case .trigamma: "trigamma"
    case .floor: "floor"
    case .ceil: "ceil"
    case .round: "round"
    case .trunc: "trunc"
    case .power: "power"
    case .clamp: "clamp"
    case .relu: "relu"
    case .relu6: "relu6"
    case .leakyReLU: "leakyReLU"
    case .elu: "elu"
    case .selu: "selu"
    case .gelu: "gelu"
    case .geluTanh: "geluTanh"
    case .silu: "silu"
    case .sigmoid: "sigmoid"
    case .hardSigmoid: "hardSigmoid"
    case .hardSwish: "hardSwish"
    case .softsign: "softsign"
    case .tanh: "tanh"
    case .softplus: "softplus"
    case .logSigmoid: "logSigmoid"
    case .mish: "mish"
    case .isNaN: "isNaN"
    case .isFinite: "isFinite"
    case .logicalNot: "logicalNot"
    }
  }

  /// Whether the operation accepts elements of this type.
  package func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .logicalNot: dtype == .bool
    case .negate, .magnitude, .sign, .square, .clamp: dtype.hasFloatingPointArithmetic || dtype.hasIntegerArithmetic
    default: dtype.hasFloatingPointArithmetic
    }
  }

  /// Whether an element costs more than a few instructions.
  package var isHeavy: Bool {
    switch self {
    case .exp, .expMinusOne, .log, .logOnePlus, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh,
      .atanh, .exp2, .log2, .log10, .erf, .erfc, .erfInverse, .logGamma, .digamma, .trigamma, .power, .elu, .selu,
      .gelu, .geluTanh, .silu, .sigmoid, .tanh, .softplus, .logSigmoid, .mish:
      true
    default: false
    }
  }

  /// Whether the kernels of layers can apply the function to their result.
  package var isActivation: Bool {
    switch self {
    case .relu, .relu6, .leakyReLU, .elu, .selu, .gelu, .geluTanh, .silu, .sigmoid, .hardSigmoid, .hardSwish, .softsign,
      .tanh, .softplus, .logSigmoid, .mish:
      true
    default: false
    }
  }
}
