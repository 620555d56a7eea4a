import HostSystem

/// The value of an operation at x. Its constants are passed separately, rounded to the element type. A bool result is 0
/// or 1.
package func value(of kind: UnaryOp.Kind, _ a: Double, _ b: Double, at x: Double) -> Double {
  switch kind {
  case .negate: -x
  case .magnitude: abs(x)
  case .sign: x > 0 ? 1 : x < 0 ? -1 : x
  case .square: x * x
  case .squareRoot: x.squareRoot()
  case .reciprocalSquareRoot: 1 / x.squareRoot()
  case .reciprocal: 1 / x
  case .exp: exp(x)
  case .expMinusOne: expm1(x)
  case .log: log(x)
  case .logOnePlus: log1p(x)
  case .sin: sin(x)
  case .cos: cos(x)
  case .tan: tan(x)
  case .asin: asin(x)
  case .acos: acos(x)
  case .atan: atan(x)
  case .sinh: sinh(x)
  case .cosh: cosh(x)
  case .asinh: asinh(x)
  case .acosh: acosh(x)
  case .atanh: atanh(x)
  case .exp2: exp2(x)
  case .log2: log2(x)
  case .log10: log10(x)
  case .tanh: tanh(x)
  case .sigmoid: sigmoid(x)
  case .hardSigmoid: hardSigmoid(x)
  case .hardSwish: x * hardSigmoid(x)
  case .softsign: x / (1 + abs(x))
  case .erf: erf(x)
  case .erfc: erfc(x)
  case .erfInverse: erfInverse(x)
  case .logGamma: logGamma(x)
  case .digamma: digamma(x)
  case .trigamma: trigamma(x)
  case .floor: floor(x)
  case .ceil: ceil(x)
  case .trunc: trunc(x)
  case .round: x.rounded(.toNearestOrEven)
  case .power: pow(x, a)
  case .clamp: x < a ? a : x > b ? b : x
  case .relu: x < 0 ? 0 : x
  case .relu6: x < 0 ? 0 : x > 6 ? 6 : x
  case .leakyReLU: x > 0 ? x : a * x
  case .elu: x > 0 ? x : a * expm1(x)
  case .selu: seluScale * (x > 0 ? x : seluAlpha * expm1(x))
  case .gelu: x * normalDistribution(x)
  case .geluTanh: x * sigmoid(2 * geluTanhArgument(x))
  case .silu: x * sigmoid(x)
  case .softplus: softplus(x)
  case .logSigmoid: -softplus(-x)
  case .mish: x * tanh(softplus(x))
  case .isNaN: x.isNaN ? 1 : 0
  case .isFinite: x.isFinite ? 1 : 0
  case .logicalNot: x == 0 ? 1 : 0
  }
}

/// The gradient of an operation's operand, from the gradient of the result, dy, and the value specified by
/// `UnaryOp.gradientSource`. For piecewise functions, the gradient of a constant piece is 0 for every dy, even NaN (as
/// in PyTorch).
package func passBack(_ dy: Double, through kind: UnaryOp.Kind, _ a: Double, _ b: Double, saved s: Double) -> Double {
  switch kind {
  case .clamp: s >= a && s <= b ? dy : 0
  case .relu: s <= 0 ? 0 : dy
  case .relu6: s <= 0 || s >= 6 ? 0 : dy
  case .hardSigmoid: s > -3 && s < 3 ? dy / 6 : 0
  case .hardSwish: s <= -3 ? 0 : s >= 3 ? dy : dy * ((2 * s + 3) / 6)
  case .sign, .floor, .ceil, .trunc, .round, .isNaN, .isFinite, .logicalNot: 0
  default: dy * derivative(of: kind, a, b, saved: s)
  }
}

/// The derivative of an operation, from its input or output, as specified by `UnaryOp.gradientSource`.
private func derivative(of kind: UnaryOp.Kind, _ a: Double, _ b: Double, saved s: Double) -> Double {
  switch kind {
  case .negate: -1
  case .magnitude: s > 0 ? 1 : s < 0 ? -1 : 0
  case .square: 2 * s
  case .squareRoot: 0.5 / s
  case .reciprocalSquareRoot: -0.5 * s * s * s
  case .reciprocal: -s * s
  case .exp: s
  case .expMinusOne: s + 1
  case .log: 1 / s
  case .logOnePlus: 1 / (1 + s)
  case .sin: cos(s)
  case .cos: -sin(s)
  case .tan: 1 + s * s
  case .asin: 1 / ((1 - s) * (1 + s)).squareRoot()
  case .acos: -1 / ((1 - s) * (1 + s)).squareRoot()
  case .atan: 1 / (1 + s * s)
  case .sinh: cosh(s)
  case .cosh: sinh(s)
  case .asinh: 1 / hypot(s, 1)
  case .acosh: 1 / ((s - 1).squareRoot() * (s + 1).squareRoot())
  case .atanh: 1 / ((1 - s) * (1 + s))
  case .exp2: s * log(2)
  case .log2: 1 / (s * log(2))
  case .log10: 1 / (s * log(10))
  case .tanh: 1 - s * s
  case .sigmoid: s * (1 - s)
  case .erf: 2 / Double.pi.squareRoot() * exp(-s * s)
  case .erfc: -2 / Double.pi.squareRoot() * exp(-s * s)
  case .erfInverse: Double.pi.squareRoot() / 2 * exp(s * s)
  case .logGamma: digamma(s)
  case .digamma: trigamma(s)
  case .trigamma: tetragamma(s)
  case .power: a == 0 ? 0 : a * pow(s, a - 1)
  case .leakyReLU: s > 0 ? 1 : a
  case .elu: s > 0 ? 1 : a * exp(s)
  case .selu: seluScale * (s > 0 ? 1 : seluAlpha * exp(s))
  case .gelu: normalDistribution(s) + s * normalDensity(s)
  case .geluTanh: geluTanhDerivative(s)
  case .silu: sigmoid(s) * (1 + s * (1 - sigmoid(s)))
  case .softsign: 1 / ((1 + abs(s)) * (1 + abs(s)))
  case .softplus: sigmoid(s)
  case .logSigmoid: sigmoid(-s)
  case .mish: tanh(softplus(s)) + s * sigmoid(s) * (1 - tanh(softplus(s)) * tanh(softplus(s)))
  case .clamp, .relu, .relu6, .hardSigmoid, .hardSwish: 0
  case .sign, .floor, .ceil, .trunc, .round, .isNaN, .isFinite, .logicalNot: 0
  }
}

/// The value of an operation on integers; nil for operations that support only floating point. Results of int64 wrap
/// around here; those of int32 may exceed their type, and wrap around when they are stored.
package func integerValue(of kind: UnaryOp.Kind, _ a: Int64, _ b: Int64, at x: Int64) -> Int64? {
  switch kind {
  case .negate: 0 &- x
  case .magnitude: x < 0 ? 0 &- x : x
  case .sign: x.signum()
  case .square: x &* x
  case .clamp: x < a ? a : x > b ? b : x
  default: nil
  }
}

/// The inverse of erf, by Halley's method on erf, or on erfc where erf is near 1.
private func erfInverse(_ x: Double) -> Double {
  let size = abs(x)
  guard size < 1 else { return size == 1 ? x * .infinity : .nan }
  // Winitzki, A handy approximation for the error function and its inverse, 2008.
  let (w, a) = (log1p(-size * size), 0.147)
  let half = 2 / (Double.pi * a) + w / 2
  var y = ((half * half - w / a).squareRoot() - half).squareRoot()
  for _ in 0..<4 {
    let error = size > 0.5 ? (1 - size) - erfc(y) : erf(y) - size
    let step = error / (2 / Double.pi.squareRoot() * exp(-y * y))
    y -= step / (1 + y * step)
  }
  return x < 0 ? -y : y
}

/// 1/(1 + e⁻ˣ). If e⁻ˣ overflows, the quotient is correctly 0.
package func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// min(max(x/6 + 1/2, 0), 1).
private func hardSigmoid(_ x: Double) -> Double { x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6 }

/// The constants of SELU.
private let (seluScale, seluAlpha) = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)

/// √(2/π)·(x + 0.044715·x³), the argument of tanh in the approximation of GELU.
private func geluTanhArgument(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }

/// From |x| = 40 on, x·σ(2u)·σ(−2u)·2u′ is 0, where it might be computed as 0·∞.
private func geluTanhDerivative(_ x: Double) -> Double {
  let bounded = x.isFinite ? max(-40, min(40, x)) : x
  let z = 2 * geluTanhArgument(bounded)
  let slope = 2 * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * bounded * bounded)
  return sigmoid(z) * (1 + bounded * sigmoid(-z) * slope)
}

/// ln(1 + eˣ) without overflow.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// Φ(x) = (1 + erf(x/√2))/2, from the complementary error function, which is accurate far below 0.
private func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

/// φ(x) = e^(−x²/2)/√(2π).
private func normalDensity(_ x: Double) -> Double { exp(-0.5 * x * x) / (2 * Double.pi).squareRoot() }
