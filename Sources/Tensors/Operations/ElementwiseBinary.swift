import BackendCore

// Functions of two numbers, with broadcasting: axes are aligned at the end, and an extent of 1 repeats (NumPy).

extension Tensor {
  /// The larger of each pair; NaN if either is. Where both are equal each gets half of the gradient (PyTorch).
  public func maximum(_ other: Tensor) -> Tensor { Tensor.combined(.maximum, self, other, "maximum") }
  /// The larger of each element and a number. The gradient is 1 where the element is kept, ties included.
  public func maximum(_ other: some TensorOperand) -> Tensor {
    Tensor.combined(.maximum, self, other.operandValue, scalarFirst: false, "maximum")
  }
  /// The smaller of each pair; NaN if either is. Where both are equal each gets half of the gradient (PyTorch).
  public func minimum(_ other: Tensor) -> Tensor { Tensor.combined(.minimum, self, other, "minimum") }
  /// The smaller of each element and a number. The gradient is 1 where the element is kept, ties included.
  public func minimum(_ other: some TensorOperand) -> Tensor {
    Tensor.combined(.minimum, self, other.operandValue, scalarFirst: false, "minimum")
  }
  /// xᵃ element by element. The gradient with respect to the exponent is 0 where the base is 0 (PyTorch).
  public func power(_ exponent: Tensor) -> Tensor {
    Checks.floatingPoint("power", self)
    return Tensor.combined(.power, self, exponent, "power")
  }
  /// x − b·⌊x/b⌋: the sign of the divisor, as in Python and PyTorch.
  public func remainder(_ divisor: Tensor) -> Tensor { Tensor.combined(.remainder, self, divisor, "remainder") }
  /// x − b·⌊x/b⌋: the sign of the divisor, as in Python and PyTorch.
  public func remainder(_ divisor: some TensorOperand) -> Tensor {
    Tensor.combined(.remainder, self, divisor.operandValue, scalarFirst: false, "remainder")
  }

  /// y = op(a, b).
  static func combined(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
    let device = Checks.sameDevice(name, a, b)
    Checks.sameDType(name, a, b)
    if op == .logicalAnd || op == .logicalOr {
      Checks.dtype(name, a, is: .bool)
    } else {
      Checks.number(name, a)
    }
    var y =
      a.extents == b.extents
      ? combinedAlike(op, a, b, on: device)
      : combinedBroadcasting(op, a, b, to: Checks.broadcastUnequal(name, a.extents, b.extents), on: device)
    if let tape = Tape.recording(a.node, b.node) { y.node = tape.append(.binary(BinaryRecord(op, a, b, on: tape))) }
    return y
  }

  /// Operands of one shape: the layouts need not know it.
  @inline(__always)
  private static func combinedAlike(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, on device: Device) -> Tensor {
    let layout = Layout(flat: a.extents.count)
    return launch(a, b, a.extents, a.storage.dtype, on: device) { backend, a, b, y in
      try backend.binary(op, a, layout, b, layout, into: y)
    }
  }

  @inline(never)
  private static func combinedBroadcasting(
    _ op: BinaryOp, _ a: Tensor, _ b: Tensor, to extents: Shape, on device: Device
  ) -> Tensor {
    let aLayout = Layout(broadcasting: a.extents, to: extents)
    let bLayout = Layout(broadcasting: b.extents, to: extents)
    return launch(a, b, extents, a.storage.dtype, on: device) { backend, a, b, y in
      try backend.binary(op, a, aLayout, b, bLayout, into: y)
    }
  }

  /// y = op(x, scalar), or op(scalar, x).
  static func combined(
    _ op: BinaryOp, _ x: Tensor, _ scalar: Double, scalarFirst: Bool, _ name: StaticString
  ) -> Tensor {
    Checks.scalar(name, x, scalar)
    let tape = Tape.recording(x.node)
    if tape != nil, let y = recordable(op, x, scalar, scalarFirst: scalarFirst, name) { return y }
    let count = x.extents.count
    var y = launch(x, x.extents, x.storage.dtype, on: x.storage.device) { backend, x, y in
      try backend.binaryScalar(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
    }
    guard let tape else { return y }
    switch op {
    case .multiply: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: scalar)))
    case .divide: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: 1 / scalar)))
    case .subtract where scalarFirst: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: -1)))
    default: y.node = tape.append(.identity(IdentityRecord(x: Operand(x))))
    }
    return y
  }

  /// The forms of op(x, scalar) whose gradient is that of another operation; nil for the linear ones.
  private static func recordable(
    _ op: BinaryOp, _ x: Tensor, _ scalar: Double, scalarFirst: Bool, _ name: StaticString
  ) -> Tensor? {
    switch op {
    case .add, .subtract, .multiply: nil
    case .divide: scalarFirst ? combined(op, x.constant(scalar), x, name) : nil
    // A bound that is no number makes every element NaN, which a clamp would not.
    case .maximum where scalar.isNaN, .minimum where scalar.isNaN: combined(op, x, x.constant(scalar), name)
    case .maximum: x.mapped(.clamp(scalar, .infinity), name)
    case .minimum: x.mapped(.clamp(-.infinity, scalar), name)
    case .remainder: scalarFirst ? combined(op, x.constant(scalar), x, name) : nil
    case .power: scalarFirst ? combined(op, x.constant(scalar), x, name) : x.mapped(.power(scalar), name)
    case .logicalAnd, .logicalOr: nil
    }
  }

  /// a = op(a, b), in the memory of a when nobody else holds it and nothing is recorded.
  static func combine(_ op: BinaryOp, _ a: inout Tensor, _ b: Tensor, _ name: StaticString) {
    let device = a.storage.device
    let isInPlace =
      device == b.storage.device && a.storage.dtype == b.storage.dtype
      && a.storage.dtype != .bool && !b.isPoisoned
      && Checks.broadcast(name, a.extents, b.extents) == a.extents && Tape.recording(a.node, b.node) == nil
      && isKnownUniquelyReferenced(&a.storage)
    guard isInPlace else {
      a = combined(op, a, b, name)
      return
    }
    let isAlike = a.extents == b.extents
    let aLayout = isAlike ? Layout(flat: a.extents.count) : Layout(dense: a.extents)
    let bLayout = isAlike ? aLayout : Layout(broadcasting: b.extents, to: a.extents)
    a.overwrite { backend, a in try backend.binary(op, a, aLayout, b.operand, bLayout, into: a) }
    a.node = .constant  // it may have stood on a tape that is paused
  }

  /// a = op(a, scalar), in place under the same conditions.
  static func combine(_ op: BinaryOp, _ a: inout Tensor, _ scalar: Double, _ name: StaticString) {
    Checks.scalar(name, a, scalar)
    guard Tape.recording(a.node) == nil, isKnownUniquelyReferenced(&a.storage) else {
      a = combined(op, a, scalar, scalarFirst: false, name)
      return
    }
    let count = a.extents.count
    a.overwrite { backend, a in
      try backend.binaryScalar(op, a, scalar, scalarFirst: false, count: count, into: a)
    }
    a.node = .constant
  }
}

/// y = op(a, b).
struct BinaryRecord: GradientRule {
  let op: BinaryOp
  let a, b: Operand

  init(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, on tape: Tape) {
    self.op = op
    // What is kept is what the gradients of the operands on the tape need.
    let needsA: Bool
    let needsB: Bool
    switch op {
    case .add, .subtract, .logicalAnd, .logicalOr: (needsA, needsB) = (false, false)
    case .multiply: (needsA, needsB) = (tape.owns(b.node), tape.owns(a.node))
    case .divide: (needsA, needsB) = (tape.owns(b.node), true)
    case .remainder: (needsA, needsB) = (tape.owns(b.node), tape.owns(b.node))
    case .power, .maximum, .minimum: (needsA, needsB) = (true, true)
    }
    self.a = Operand(a, keeping: needsA)
    self.b = Operand(b, keeping: needsB)
  }

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) {
    switch op {
    case .add:
      walk.add(dy, to: a)
      walk.add(dy, to: b)
    case .subtract:
      walk.add(dy, to: a)
      walk.add(-dy, to: b)
    case .multiply:
      // The last use of dy may take its memory.
      if walk.wants(a) {
        if walk.wants(b) { walk.add(dy * a.tensor, to: b) }
        dy *= b.tensor
        walk.add(dy, to: a)
      } else if walk.wants(b) {
        dy *= a.tensor
        walk.add(dy, to: b)
      }
    case .divide:
      dy /= b.tensor
      walk.add(dy, to: a)
      if walk.wants(b) { walk.add(-(dy * a.tensor / b.tensor), to: b) }
    case .power:
      walk.add(dy * powerBaseDerivative(), to: a)
      walk.add(dy * powerExponentDerivative(), to: b)
    case .maximum, .minimum:
      walk.add(dy * share(of: a, against: b), to: a)
      walk.add(dy * share(of: b, against: a), to: b)
    case .remainder:
      walk.add(dy, to: a)
      walk.add(-(dy * (a.tensor / b.tensor).floor()), to: b)
    case .logicalAnd, .logicalOr: break
    }
  }

  /// b·a^(b − 1), and 0 where b = 0.
  private func powerBaseDerivative() -> Tensor {
    let (a, b) = (a.tensor, b.tensor)
    return (b * a.power(b - 1)).replacing(with: 0, where: b .== 0)
  }

  /// aᵇ·ln a, and 0 where a = 0 and b ≥ 0.
  private func powerExponentDerivative() -> Tensor {
    let (a, b) = (a.tensor, b.tensor)
    let logarithm = a.replacing(with: 1, where: a .== 0).log()
    let value = a.power(b) * logarithm
    let isSteep = (a .== 0) .& (b .< 0)
    return value.replacing(with: -.infinity, where: isSteep)
  }

  /// 1 where x wins, ½ where both are equal, NaN never wins.
  private func share(of x: Operand, against other: Operand) -> Tensor {
    let (x, other) = (x.tensor.detached(), other.tensor.detached())
    let wins = op == .maximum ? x .> other : x .< other
    return wins.cast(to: x.dtype) + 0.5 * (x .== other).cast(to: x.dtype)
  }
}
