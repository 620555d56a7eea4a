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
  /// |x|; also int32. The gradient at 0 is 0.
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
  /// max(x, 0); the gradient at 0 is 0.
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

  /// xᵃ for a fixed exponent; NaN for negative x and a broken exponent.
  public func power(_ exponent: Double) -> Tensor {
    exponent == 2 ? squared() : mapped(.power(exponent), "power")
  }

  /// min(max(x, lower), upper); also int32. The gradient is 1 on the closed range, bounds included (where
  /// PyTorch has 0), and 0 outside.
  public func clamped(to range: ClosedRange<Double>) -> Tensor {
    Checks.scalar("clamped", self, range.lowerBound)
    Checks.scalar("clamped", self, range.upperBound)
    return mapped(.clamp(range.lowerBound, range.upperBound), "clamped")
  }

  /// Any function of one number, with its gradient.
  package func applying(_ op: UnaryOp) -> Tensor { mapped(op, "applying") }

  func mapped(_ op: UnaryOp, _ name: StaticString) -> Tensor {
    switch op.kind {
    case .logicalNot: Checks.dtype(name, self, is: .bool)
    case .negate, .magnitude, .sign, .square, .clamp: Checks.number(name, self)
    default: Checks.floatingPoint(name, self)
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

/// y = op(x): dx = dy·op′, from x or from y.
struct UnaryRecord: GradientRule {
  let op: UnaryOp
  let x: TapeNode
  /// x or y, as `op.gradientSource` says; y with the node of this record.
  let saved: Operand

  init(_ op: UnaryOp, x: Tensor, y: Tensor, on tape: Tape) {
    self.op = op
    self.x = x.node
    if op.gradientSource == .output {
      var output = Operand(y, keeping: true)
      output.node = tape.nextNode
      saved = output
    } else {
      saved = Operand(x, keeping: true)
    }
  }

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) {
    var operand = saved
    operand.node = x
    operand.storage = nil
    if walk.isRecorded {
      let factor = derivative(saved.tensor)
      walk.add(dy * factor, to: operand)
      return
    }
    let (op, count, saved) = (op, dy.count, saved.tensor)
    if dy.isStorageUniquelyReferenced() && !dy.isPoisoned && !saved.isPoisoned {
      dy.overwrite { backend, dy in
        try backend.unaryGradient(op, dy, saved: saved.operand, count: count, into: dy)
      }
      walk.add(dy, to: operand)
    } else {
      let dx = Tensor.launch(dy, saved, dy.extents, dy.dtype, on: dy.device) { backend, dy, saved, dx in
        try backend.unaryGradient(op, dy, saved: saved, count: count, into: dx)
      }
      walk.add(dx, to: operand)
    }
  }

  /// op′ in tensor operations, with derivatives of its own: of the input `s`, or of the output `s`.
  private func derivative(_ s: Tensor) -> Tensor {
    switch op.kind {
    case .magnitude: s.sign()
    case .square: 2 * s
    case .squareRoot: 0.5 / s
    case .reciprocalSquareRoot: -0.5 * s * s * s
    case .reciprocal: -(s * s)
    case .exp: s
    case .expMinusOne: s + 1
    case .log: s.reciprocal()
    case .logOnePlus: (s + 1).reciprocal()
    case .sin: s.cos()
    case .cos: -s.sin()
    case .tanh: 1 - s * s
    case .sigmoid: s * (1 - s)
    case .erf: (-(s * s)).exp() * 1.1283791670955126  // 2/√π
    case .power: op.a == 0 ? .zeros(like: s) : op.a * s.power(op.a - 1)
    case .clamp: ((s .>= op.a) .& (s .<= op.b)).cast(to: s.dtype)
    case .relu: (s .> 0).cast(to: s.dtype)
    case .leakyReLU: Tensor.full(like: s, op.a).replacing(with: 1, where: s .> 0)
    case .elu: (op.a * s.exp()).replacing(with: 1, where: s .> 0)
    case .gelu: geluDerivative(s)
    case .silu: siluDerivative(s)
    case .softplus: s.sigmoid()
    case .negate, .sign, .floor, .ceil, .round, .isNaN, .isFinite, .logicalNot: .zeros(like: s)
    }
  }

  /// Φ(x) + x·φ(x).
  private func geluDerivative(_ x: Tensor) -> Tensor {
    let distribution = 0.5 * (1 + (x * 0.7071067811865476).erf())  // 1/√2
    let density = (-0.5 * x * x).exp() * 0.3989422804014327  // 1/√2π
    return distribution + x * density
  }

  /// σ·(1 + x·(1 − σ)).
  private func siluDerivative(_ x: Tensor) -> Tensor {
    let s = x.sigmoid()
    return s * (1 + x * (1 - s))
  }
}

/// y = factor·x.
struct ScalingRecord: GradientRule {
  let x: Operand
  let factor: Double

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) {
    dy *= factor
    walk.add(dy, to: x)
  }
}
