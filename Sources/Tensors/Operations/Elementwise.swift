import BackendCore

// Functions of one number. They are methods only, so that they do not overload the C library's exp, log, and pow.

extension Tensor {
  /// Returns eˣ.
  public func exp() -> Tensor { mapped(.init(.exp), "exp") }
  /// Returns eˣ − 1, accurate near 0.
  public func expMinusOne() -> Tensor { mapped(.init(.expMinusOne), "expMinusOne") }
  /// Returns ln x.
  public func log() -> Tensor { mapped(.init(.log), "log") }
  /// Returns 2ˣ.
  public func exp2() -> Tensor { mapped(.init(.exp2), "exp2") }
  /// Returns log₂ x; exact for powers of two.
  public func log2() -> Tensor { mapped(.init(.log2), "log2") }
  /// Returns log₁₀ x.
  public func log10() -> Tensor { mapped(.init(.log10), "log10") }
  /// Returns ln(1 + x), accurate near 0.
  public func logOnePlus() -> Tensor { mapped(.init(.logOnePlus), "logOnePlus") }
  /// Returns √x.
  public func squareRoot() -> Tensor { mapped(.init(.squareRoot), "squareRoot") }
  /// Returns 1/√x.
  public func reciprocalSquareRoot() -> Tensor { mapped(.init(.reciprocalSquareRoot), "reciprocalSquareRoot") }
  /// Returns x². Also for integers.
  public func squared() -> Tensor { mapped(.init(.square), "squared") }
  /// Returns 1/x.
  public func reciprocal() -> Tensor { mapped(.init(.reciprocal), "reciprocal") }
  /// Returns |x|. Also for integers. The gradient at 0 and at NaN is 0 (PyTorch).
  public func magnitude() -> Tensor { mapped(.init(.magnitude), "magnitude") }
  /// Returns the sign of x: −1, 0, or 1. Also for integers. The gradient is 0.
  public func sign() -> Tensor { mapped(.init(.sign), "sign") }
  /// Returns sin x, with x in radians.
  public func sin() -> Tensor { mapped(.init(.sin), "sin") }
  /// Returns cos x, with x in radians.
  public func cos() -> Tensor { mapped(.init(.cos), "cos") }
  /// Returns tan x, with x in radians.
  public func tan() -> Tensor { mapped(.init(.tan), "tan") }
  /// Returns arcsin x in radians, from −π/2 to π/2; NaN for |x| > 1.
  public func asin() -> Tensor { mapped(.init(.asin), "asin") }
  /// Returns arccos x in radians, from 0 to π; NaN for |x| > 1.
  public func acos() -> Tensor { mapped(.init(.acos), "acos") }
  /// Returns arctan x in radians, from −π/2 to π/2.
  public func atan() -> Tensor { mapped(.init(.atan), "atan") }
  /// Returns sinh x = (eˣ − e⁻ˣ)/2.
  public func sinh() -> Tensor { mapped(.init(.sinh), "sinh") }
  /// Returns cosh x = (eˣ + e⁻ˣ)/2.
  public func cosh() -> Tensor { mapped(.init(.cosh), "cosh") }
  /// Returns tanh x.
  public func tanh() -> Tensor { mapped(.init(.tanh), "tanh") }
  /// Returns the inverse of sinh, ln(x + √(x² + 1)).
  public func asinh() -> Tensor { mapped(.init(.asinh), "asinh") }
  /// Returns the inverse of cosh, ln(x + √(x² − 1)); NaN for x < 1.
  public func acosh() -> Tensor { mapped(.init(.acosh), "acosh") }
  /// Returns the inverse of tanh, ln((1 + x)/(1 − x))/2; NaN for |x| > 1.
  public func atanh() -> Tensor { mapped(.init(.atanh), "atanh") }
  /// Returns the error function, 2/√π ∫₀ˣ exp(−t²) dt.
  public func erf() -> Tensor { mapped(.init(.erf), "erf") }
  /// Returns 1 − erf(x), accurate for large x.
  public func erfc() -> Tensor { mapped(.init(.erfc), "erfc") }
  /// Returns the inverse of the error function (PyTorch's `erfinv`); NaN for |x| > 1.
  public func erfInverse() -> Tensor { mapped(.init(.erfInverse), "erfInverse") }
  /// Returns ln |Γ(x)|, the logarithm of the gamma function (PyTorch's `lgamma`); infinite at 0 and at negative integers.
  public func logGamma() -> Tensor { mapped(.init(.logGamma), "logGamma") }
  /// Returns ψ(x) = Γ′(x)/Γ(x), the derivative of `logGamma`; ∓∞ at ±0 and NaN at negative integers (PyTorch).
  public func digamma() -> Tensor { mapped(.init(.digamma), "digamma") }
  /// Returns ψ′(x), the derivative of `digamma`; infinite at 0 and at negative integers. `polygamma` has more derivatives.
  public func trigamma() -> Tensor { mapped(.init(.trigamma), "trigamma") }
  /// Returns ln(x/(1 − x)), the inverse of `sigmoid`.
  public func logit() -> Tensor { dtype.isHalf ? inFloat32 { $0.logit() } : log() - (-self).logOnePlus() }
  /// Returns the largest integer not greater than x. The gradient is 0.
  public func floor() -> Tensor { mapped(.init(.floor), "floor") }
  /// Returns the smallest integer not less than x. The gradient is 0.
  public func ceil() -> Tensor { mapped(.init(.ceil), "ceil") }
  /// Returns the integer part: floor(x) for x ≥ 0, ceil(x) for x < 0. The gradient is 0.
  public func trunc() -> Tensor { mapped(.init(.trunc), "trunc") }
  /// Returns the nearest integer, with ties to even. The gradient is 0.
  public func rounded() -> Tensor { mapped(.init(.round), "rounded") }
  /// Returns whether each element is NaN.
  public func isNaN() -> Tensor { mapped(.init(.isNaN), "isNaN") }
  /// Returns whether each element is infinite.
  public func isInfinite() -> Tensor {
    checked {
      try Checks.floatingPoint("isInfinite", self)
      return detached().magnitude() .== Double.infinity
    }
  }
  /// Returns whether each element is finite: neither infinite nor NaN.
  public func isFinite() -> Tensor { mapped(.init(.isFinite), "isFinite") }

  /// Returns 1/(1 + e⁻ˣ).
  public func sigmoid() -> Tensor { mapped(.init(.sigmoid), "sigmoid") }
  /// Returns max(x, 0). The gradient is 0 at 0 and 1 at NaN (PyTorch).
  public func relu() -> Tensor { mapped(.relu, "relu") }
  /// Returns min(max(x, 0), 6). The gradient is 0 at 0 and at 6, and 1 at NaN (PyTorch).
  public func relu6() -> Tensor { mapped(.init(.relu6), "relu6") }
  /// Returns x for x > 0, slope·x otherwise.
  public func leakyReLU(_ slope: Double = 0.01) -> Tensor { mapped(.leakyReLU(slope: slope), "leakyReLU") }
  /// Returns x for x > 0, alpha·(eˣ − 1) otherwise.
  public func elu(_ alpha: Double = 1) -> Tensor { mapped(.elu(alpha: alpha), "elu") }
  /// Returns 1.0507·x for x > 0, 1.0507·1.6733·(eˣ − 1) otherwise: the self-normalizing ELU. The constants are those of
  /// the paper in full precision, as in PyTorch and Keras.
  public func selu() -> Tensor { mapped(.init(.selu), "selu") }
  /// Returns x·Φ(x), where Φ is the exact normal distribution function (PyTorch's default). `geluTanh` is the
  /// approximation.
  public func gelu() -> Tensor { mapped(.init(.gelu), "gelu") }
  /// Returns x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, the approximation of `gelu` that GPT-2 uses (PyTorch's
  /// `gelu(approximate="tanh")`). It is accurate for negative x, where 1 + tanh would cancel.
  public func geluTanh() -> Tensor { mapped(.init(.geluTanh), "geluTanh") }
  /// Returns x·sigmoid(x), also called swish.
  public func silu() -> Tensor { mapped(.init(.silu), "silu") }
  /// Returns min(max(x/6 + 1/2, 0), 1). The gradient is 0 at ±3 and at NaN (PyTorch).
  public func hardSigmoid() -> Tensor { mapped(.init(.hardSigmoid), "hardSigmoid") }
  /// Returns x·hardSigmoid(x), the activation of MobileNetV3 (Keras' `hard_silu`). The gradient is 0 at −3 and 1 at 3
  /// (PyTorch); the value at −∞ is NaN (PyTorch).
  public func hardSwish() -> Tensor { mapped(.init(.hardSwish), "hardSwish") }
  /// Returns x/(1 + |x|). The value at ±∞ is NaN (PyTorch), and the gradient is 0.
  public func softsign() -> Tensor { mapped(.init(.softsign), "softsign") }
  /// Returns ln(1 + eˣ), without overflow.
  public func softplus() -> Tensor { mapped(.init(.softplus), "softplus") }
  /// Returns ln sigmoid(x) = −ln(1 + e⁻ˣ), without overflow.
  public func logSigmoid() -> Tensor { mapped(.init(.logSigmoid), "logSigmoid") }
  /// Returns x·tanh(ln(1 + eˣ)).
  public func mish() -> Tensor { mapped(.init(.mish), "mish") }

  /// Returns xᵃ for a fixed exponent; NaN for a negative x and a non-integer exponent.
  public func power(_ exponent: Double) -> Tensor {
    exponent == 2 ? squared() : mapped(.power(exponent), "power")
  }

  /// Returns min(max(x, lower), upper). Also for integers. The gradient is 1 on the closed range, bounds included (where
  /// PyTorch 2.15's `torch.clamp` has 0), and 0 outside the range and at NaN (PyTorch).
  public func clamped(to range: ClosedRange<Double>) -> Tensor {
    checked {
      try Checks.scalar("clamped", self, range.lowerBound)
      try Checks.scalar("clamped", self, range.upperBound)
      return mapped(.clamp(range.lowerBound, range.upperBound), "clamped")
    }
  }

  /// Applies any function of one number, with its gradient.
  package func applying(_ op: UnaryOp) -> Tensor { mapped(op, "applying") }

  func mapped(_ op: UnaryOp, _ name: StaticString) -> Tensor {
    checked {
      switch op.kind {
      case .logicalNot: try Checks.dtype(name, self, is: .bool)
      case let kind where kind.accepts(.int32): try Checks.number(name, self)
      default: try Checks.floatingPoint(name, self)
      }
      let count = extents.count
      var y = Tensor.launch(self, extents, op.resultIsBool ? .bool : storage.dtype, on: storage.device) {
        backend, x, y in try backend.unary(op, x, count: count, into: y)
      }
      if let tape = Tape.recording(node), storage.dtype.isFloatingPoint, op.gradientSource != .neither {
        y.node =
          op.kind == .negate
          ? tape.append(.scaling(ScalingRecord(x: Operand(self), factor: -1)))
          : tape.append(.unary(UnaryRecord(op, x: self, y: y, on: tape)))
      }
      return y
    }
  }
}

/// y = op(x): dx = dy·op′, from x or from y.
struct UnaryRecord: GradientRule {
  let op: UnaryOp
  let x: TapeNode
  /// The value named by `op.gradientSource`, x or y; x if `isSaturating`. y has the node of this record.
  let saved: Operand
  /// True in a nested scope for a function that saturates. Its derivative cannot be computed accurately from the
  /// output: 1 − y cancels if y is near 1.
  let isSaturating: Bool

  init(_ op: UnaryOp, x: Tensor, y: Tensor, on tape: Tape) {
    self.op = op
    self.x = x.node
    isSaturating = tape.isNested && (op.kind == .sigmoid || op.kind == .tanh || op.kind == .expMinusOne)
    if op.gradientSource == .output && !isSaturating {
      var output = Operand(y, keeping: true)
      output.node = tape.nextNode
      saved = output
    } else {
      saved = Operand(x, keeping: true)
    }
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    var operand = saved
    operand.node = x
    operand.storage = nil
    if pass.isRecorded || isSaturating {
      pass.accumulate(
        isSaturating ? dy * saturatingDerivative(saved.tensor) : product(dy, saved.tensor), to: operand)
      return
    }
    let (op, count, saved) = (op, dy.count, saved.tensor)
    if dy.isStorageUniquelyReferenced() && !dy.isPoisoned && !saved.isPoisoned {
      dy.overwrite { backend, dy in
        try backend.unaryGradient(op, dy, saved: saved.operand, count: count, into: dy)
      }
      pass.accumulate(dy, to: operand)
    } else {
      let dx = Tensor.launch(dy, saved, dy.extents, dy.dtype, on: dy.device) { backend, dy, saved, dx in
        try backend.unaryGradient(op, dy, saved: saved, count: count, into: dx)
      }
      pass.accumulate(dx, to: operand)
    }
  }

  /// Returns dy·op′ as a differentiable expression of tensor operations. Where a piece of the function is constant, the
  /// result is 0 for every dy.
  private func product(_ dy: Tensor, _ s: Tensor) -> Tensor {
    switch op.kind {
    case .clamp: dy.replacing(with: 0, where: .!((s .>= op.a) .& (s .<= op.b)))
    case .relu: dy.replacing(with: 0, where: s .<= 0)
    case .relu6: dy.replacing(with: 0, where: (s .<= 0) .| (s .>= 6))
    case .hardSigmoid: (dy / 6).replacing(with: 0, where: .!((s .> -3) .& (s .< 3)))
    case .hardSwish:
      (dy * ((2 * s.clamped(to: -3...3) + 3) / 6)).replacing(with: dy, where: s .>= 3).replacing(
        with: 0, where: s .<= -3)
    // Factor by factor: the square of 1/x overflows long before x is 0, and the gradient must not become NaN where dy
    // is 0.
    case .reciprocal: -(dy * s * s)
    case .reciprocalSquareRoot: -0.5 * dy * s * s * s
    default: dy * derivative(s)
    }
  }

  /// Returns op′ as a differentiable expression of tensor operations on `s`, which is the input or the output.
  private func derivative(_ s: Tensor) -> Tensor {
    switch op.kind {
    case .magnitude: (s .> 0).cast(to: s.dtype) - (s .< 0).cast(to: s.dtype)
    case .square: 2 * s
    case .squareRoot: 0.5 / s
    case .exp: s
    case .expMinusOne: s + 1
    case .log: s.reciprocal()
    case .logOnePlus: (s + 1).reciprocal()
    case .sin: s.cos()
    case .cos: -s.sin()
    case .tan: 1 + s * s
    case .asin: ((1 - s) * (1 + s)).reciprocalSquareRoot()
    case .acos: -((1 - s) * (1 + s)).reciprocalSquareRoot()
    case .atan: (1 + s * s).reciprocal()
    case .sinh: s.cosh()
    case .cosh: s.sinh()
    // From 1e9 on, √(s² + 1) is |s|, and the square would soon be infinite.
    case .asinh:
      (1 + s * s).reciprocalSquareRoot().replacing(
        with: s.magnitude().maximum(1).reciprocal(), where: s.magnitude() .> 1e9)
    case .acosh: (s - 1).reciprocalSquareRoot() * (s + 1).reciprocalSquareRoot()
    case .atanh: ((1 - s) * (1 + s)).reciprocal()
    case .exp2: s * 0.6931471805599453  // ln 2
    case .log2: s.reciprocal() * 1.4426950408889634  // 1/ln 2
    case .log10: s.reciprocal() * 0.4342944819032518  // 1/ln 10
    case .tanh: (1 - s) * (1 + s)
    case .sigmoid: s * (1 - s)
    case .erf: (-(s * s)).exp() * 1.1283791670955126  // 2/√π
    case .erfc: (-(s * s)).exp() * -1.1283791670955126
    case .erfInverse: (s * s).exp() * 0.886226925452758  // √π/2
    case .logGamma: s.digamma()
    case .digamma: s.trigamma()
    case .trigamma: s.polygamma(2)
    case .power: op.a == 0 ? .zeros(like: s) : op.a * s.power(op.a - 1)
    case .leakyReLU: Tensor.full(like: s, op.a).replacing(with: 1, where: s .> 0)
    // The exponential must be finite where it is replaced, or its gradient there would be 0·∞.
    case .elu: (op.a * s.minimum(0).exp()).replacing(with: 1, where: s .> 0)
    case .selu: (1.7580993408473766 * s.minimum(0).exp()).replacing(with: 1.0507009873554805, where: s .> 0)
    case .gelu: geluDerivative(s)
    case .geluTanh: geluTanhDerivative(s)
    case .silu: siluDerivative(s)
    case .softsign: (1 + s.magnitude()).reciprocal().squared()
    case .softplus: logistic(s)
    case .logSigmoid: logistic(-s)
    case .mish: mishDerivative(s)
    // Handled by `product`.
    case .reciprocal, .reciprocalSquareRoot, .clamp, .relu, .relu6, .hardSigmoid, .hardSwish: .zeros(like: s)
    case .negate: .full(like: s, -1)
    case .sign, .floor, .ceil, .trunc, .round, .isNaN, .isFinite, .logicalNot: .zeros(like: s)
    }
  }

  /// Returns op′ as an expression of the input, without a difference that cancels, for functions that saturate.
  private func saturatingDerivative(_ x: Tensor) -> Tensor {
    switch op.kind {
    case .sigmoid: x.sigmoid() * (-x).sigmoid()
    case .tanh: 4 * (2 * x).sigmoid() * (-2 * x).sigmoid()
    default: x.exp()  // of eˣ − 1
    }
  }

  /// Returns σ(x), computed as 1 − σ(−x) for x ≥ 0. Its derivatives use the small σ(−|x|) and are accurate on both
  /// sides.
  private func logistic(_ x: Tensor) -> Tensor {
    let isNegative = (x.detached() .< 0).cast(to: x.dtype)
    let sign = 2 * isNegative - 1  // of −x
    return (1 - isNegative) + sign * (sign * x).sigmoid()
  }

  /// Φ(x) + x·φ(x).
  private func geluDerivative(_ x: Tensor) -> Tensor {
    let x = within(40, x)  // φ is 0 there, also in double
    // 1 + erf cancels far below 0, so Φ(x) is computed as gelu(x)/x there.
    let low = x.minimum(-1)
    let distribution = (0.5 * (1 + (x * 0.7071067811865476).erf())).replacing(  // 1/√2
      with: low.gelu() / low, where: x .< -1)
    let density = (-0.5 * x * x).exp() * 0.3989422804014327  // 1/√2π
    return distribution + x * density
  }

  /// σ(2u)·(1 + x·σ(−2u)·2u′) with u = √(2/π)·(x + 0.044715·x³).
  private func geluTanhDerivative(_ x: Tensor) -> Tensor {
    let x = within(40, x)  // σ(−2u) is 0 there, also in double
    let (linear, cubic) = (1.5957691216057308, 0.07135481627260025)  // 2·√(2/π), and 0.044715 times that
    let square = x * x
    let z = x * (linear + cubic * square)
    return logistic(z) * (1 + x * (-z).sigmoid() * (linear + 3 * cubic * square))
  }

  /// σ(x)·(1 + x·σ(−x)).
  private func siluDerivative(_ x: Tensor) -> Tensor {
    let x = within(800, x)  // σ(−800) is 0, also in double
    return logistic(x) * (1 + x * (-x).sigmoid())
  }

  /// Returns t + x·σ(x)·(1 − t²), where t = tanh(p) and p = softplus(x). Where t is near 1, it is computed from
  /// (1 − t)/2 = σ(−2p), whose derivatives keep their digits.
  private func mishDerivative(_ x: Tensor) -> Tensor {
    let x = within(800, x)
    let p = x.softplus()
    let rest = (-2 * p).sigmoid()
    let t = p.tanh().replacing(with: 1 - 2 * rest, where: x .> 0)
    return t + x * logistic(x) * (4 * rest * (1 - rest))
  }

  /// Clamps x to ±bound, for functions that are constant outside. Their derivatives there are 0, but the product of a
  /// huge x and a gradient would be infinite and be multiplied by 0. NaN and ±∞ are kept, with their gradients.
  private func within(_ bound: Double, _ x: Tensor) -> Tensor {
    x.maximum(-bound).minimum(bound).replacing(with: x, where: .!x.isFinite())
  }
}

/// y = factor·x, or x/factor if `isDivision`.
struct ScalingRecord: GradientRule {
  let x: Operand
  let factor: Double
  /// True for a division, which is repeated as one because 1/factor may be infinite or lose precision.
  var isDivision = false

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if isDivision { dy /= factor } else { dy *= factor }
    pass.accumulate(dy, to: x)
  }
}
