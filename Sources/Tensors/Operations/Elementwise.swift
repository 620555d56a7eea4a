import BackendCore

// Functions of one number. Methods only, so that a C library's exp, log and pow are not overloaded.

extension Tensor {
  /// eˣ.
  public func exp() -> Tensor { mapped(.init(.exp), "exp") }
  /// eˣ − 1, accurate near 0.
  public func expMinusOne() -> Tensor { mapped(.init(.expMinusOne), "expMinusOne") }
  /// ln x.
  public func log() -> Tensor { mapped(.init(.log), "log") }
  /// ln(1 + x), accurate near 0.
  public func logOnePlus() -> Tensor { mapped(.init(.logOnePlus), "logOnePlus") }
  /// √x.
  public func squareRoot() -> Tensor { mapped(.init(.squareRoot), "squareRoot") }
  /// 1/√x.
  public func reciprocalSquareRoot() -> Tensor { mapped(.init(.reciprocalSquareRoot), "reciprocalSquareRoot") }
  /// x²; also int32.
  public func squared() -> Tensor { mapped(.init(.square), "squared") }
  /// 1/x.
  public func reciprocal() -> Tensor { mapped(.init(.reciprocal), "reciprocal") }
  /// |x|; also int32. The gradient at 0 and at NaN is 0 (PyTorch).
  public func magnitude() -> Tensor { mapped(.init(.magnitude), "magnitude") }
  /// −1, 0 or 1; also int32. The gradient is 0.
  public func sign() -> Tensor { mapped(.init(.sign), "sign") }
  /// sin x, x in radians.
  public func sin() -> Tensor { mapped(.init(.sin), "sin") }
  /// cos x, x in radians.
  public func cos() -> Tensor { mapped(.init(.cos), "cos") }
  /// tanh x.
  public func tanh() -> Tensor { mapped(.init(.tanh), "tanh") }
  /// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
  public func erf() -> Tensor { mapped(.init(.erf), "erf") }
  /// The largest integer not above x. The gradient is 0.
  public func floor() -> Tensor { mapped(.init(.floor), "floor") }
  /// The smallest integer not below x. The gradient is 0.
  public func ceil() -> Tensor { mapped(.init(.ceil), "ceil") }
  /// The nearest integer, ties to even. The gradient is 0.
  public func rounded() -> Tensor { mapped(.init(.round), "rounded") }
  /// True for NaN.
  public func isNaN() -> Tensor { mapped(.init(.isNaN), "isNaN") }
  /// True for anything but infinities and NaN.
  public func isFinite() -> Tensor { mapped(.init(.isFinite), "isFinite") }

  /// 1/(1 + e⁻ˣ).
  public func sigmoid() -> Tensor { mapped(.init(.sigmoid), "sigmoid") }
  /// max(x, 0); the gradient is 0 at 0, and 1 at NaN (PyTorch).
  public func relu() -> Tensor { mapped(.relu, "relu") }
  /// x for x > 0, slope·x otherwise.
  public func leakyReLU(_ slope: Double = 0.01) -> Tensor { mapped(.leakyReLU(slope: slope), "leakyReLU") }
  /// x for x > 0, alpha·(eˣ − 1) otherwise.
  public func elu(_ alpha: Double = 1) -> Tensor { mapped(.elu(alpha: alpha), "elu") }
  /// x·Φ(x), with Φ the exact normal distribution function (PyTorch's default, not the tanh form).
  public func gelu() -> Tensor { mapped(.init(.gelu), "gelu") }
  /// x·sigmoid(x), also called swish.
  public func silu() -> Tensor { mapped(.init(.silu), "silu") }
  /// ln(1 + eˣ), without overflow.
  public func softplus() -> Tensor { mapped(.init(.softplus), "softplus") }
  /// x·tanh(ln(1 + eˣ)).
  public func mish() -> Tensor { mapped(.init(.mish), "mish") }

  /// xᵃ for a fixed exponent; NaN for negative x and a broken exponent.
  public func power(_ exponent: Double) -> Tensor {
    exponent == 2 ? squared() : mapped(.power(exponent), "power")
  }

  /// min(max(x, lower), upper); also int32. The gradient is 1 on the closed range, bounds included (where `torch.clamp` of
  /// PyTorch 2.15 has 0), and 0 outside and at NaN (PyTorch).
  public func clamped(to range: ClosedRange<Double>) -> Tensor {
    checked {
      try Checks.scalar("clamped", self, range.lowerBound)
      try Checks.scalar("clamped", self, range.upperBound)
      return mapped(.clamp(range.lowerBound, range.upperBound), "clamped")
    }
  }

  /// Any function of one number, with its gradient.
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
  /// x or y, as `op.gradientSource` says, or x where `isSaturating`; y with the node of this record.
  let saved: Operand
  /// True for a function in a nested scope whose output no longer tells how steep it is: 1 − y cancels where y is near 1.
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

  /// dy·op′ in tensor operations, with derivatives of its own. Where a piece of a function is constant it is 0 whatever dy is.
  private func product(_ dy: Tensor, _ s: Tensor) -> Tensor {
    switch op.kind {
    case .clamp: dy.replacing(with: 0, where: .!((s .>= op.a) .& (s .<= op.b)))
    case .relu: dy.replacing(with: 0, where: s .<= 0)
    // Factor by factor: a square of 1/x is infinite long before x is 0, and no gradient may become NaN where dy is 0.
    case .reciprocal: -(dy * s * s)
    case .reciprocalSquareRoot: -0.5 * dy * s * s * s
    default: dy * derivative(s)
    }
  }

  /// op′ in tensor operations, with derivatives of its own: of the input `s`, or of the output `s`.
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
    case .tanh: (1 - s) * (1 + s)
    case .sigmoid: s * (1 - s)
    case .erf: (-(s * s)).exp() * 1.1283791670955126  // 2/√π
    case .power: op.a == 0 ? .zeros(like: s) : op.a * s.power(op.a - 1)
    case .leakyReLU: Tensor.full(like: s, op.a).replacing(with: 1, where: s .> 0)
    // Where it is replaced the exponential must be finite, or its own gradient there would be 0·∞.
    case .elu: (op.a * s.minimum(0).exp()).replacing(with: 1, where: s .> 0)
    case .gelu: geluDerivative(s)
    case .silu: siluDerivative(s)
    case .softplus: logistic(s)
    case .mish: mishDerivative(s)
    // `product` has the rules of these.
    case .reciprocal, .reciprocalSquareRoot: .zeros(like: s)
    case .negate: .full(like: s, -1)
    case .clamp, .relu, .sign, .floor, .ceil, .round, .isNaN, .isFinite, .logicalNot: .zeros(like: s)
    }
  }

  /// The same of the input, for functions that level off: without a difference that cancels.
  private func saturatingDerivative(_ x: Tensor) -> Tensor {
    switch op.kind {
    case .sigmoid: x.sigmoid() * (-x).sigmoid()
    case .tanh: 4 * (2 * x).sigmoid() * (-2 * x).sigmoid()
    default: x.exp()  // of eˣ − 1
    }
  }

  /// σ(x) as 1 − σ(−x) for x ≥ 0: its derivatives are computed from the small σ(−|x|) and keep their digits on either side.
  private func logistic(_ x: Tensor) -> Tensor {
    let isNegative = (x.detached() .< 0).cast(to: x.dtype)
    let sign = 2 * isNegative - 1  // of −x
    return (1 - isNegative) + sign * (sign * x).sigmoid()
  }

  /// Φ(x) + x·φ(x).
  private func geluDerivative(_ x: Tensor) -> Tensor {
    let x = within(40, x)  // φ is 0 there, also in double
    // 1 + erf cancels far below 0, where x·Φ(x) is known without it.
    let low = x.minimum(-1)
    let distribution = (0.5 * (1 + (x * 0.7071067811865476).erf())).replacing(  // 1/√2
      with: low.gelu() / low, where: x .< -1)
    let density = (-0.5 * x * x).exp() * 0.3989422804014327  // 1/√2π
    return distribution + x * density
  }

  /// σ(x)·(1 + x·σ(−x)).
  private func siluDerivative(_ x: Tensor) -> Tensor {
    let x = within(800, x)  // σ(−800) is 0, also in double
    return logistic(x) * (1 + x * (-x).sigmoid())
  }

  /// t + x·σ(x)·(1 − t²) with t = tanh(p) of p = softplus(x), and 1 − t² as 4·σ(2p)·σ(−2p), which does not cancel.
  private func mishDerivative(_ x: Tensor) -> Tensor {
    let x = within(800, x)
    let p = x.softplus()
    return p.tanh() + x * logistic(x) * (4 * (2 * p).sigmoid() * (-2 * p).sigmoid())
  }

  /// x moved into ±bound, for functions that are constant outside: their derivatives there are 0, where the product of a huge
  /// x with a gradient would be infinite and meet a factor of 0. NaN and ±∞ stay, with their gradients.
  private func within(_ bound: Double, _ x: Tensor) -> Tensor {
    x.maximum(-bound).minimum(bound).replacing(with: x, where: .!x.isFinite())
  }
}

/// y = factor·x, or x/factor where `isDivision`.
struct ScalingRecord: GradientRule {
  let x: Operand
  let factor: Double
  /// Dividing again is right where 1/factor is infinite or loses digits.
  var isDivision = false

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if isDivision { dy /= factor } else { dy *= factor }
    pass.accumulate(dy, to: x)
  }
}
