import BackendCore

// Functions of two numbers, with broadcasting: axes are aligned at the end, and an extent of 1 repeats (NumPy).

extension Tensor {
  /// Returns the larger of each pair of elements; NaN if either is NaN. If both are equal, each gets half of the
  /// gradient; if one is NaN, both get all of it (PyTorch).
  public func maximum(_ other: Tensor) -> Tensor { Tensor.combined(.maximum, self, other, "maximum") }
  /// Returns the larger of each element and a number. The gradient is 1 where the element is kept, including ties
  /// (where PyTorch has 1/2) and NaN.
  public func maximum(_ other: some TensorOperand) -> Tensor {
    Tensor.combined(.maximum, self, other.operandValue, scalarFirst: false, "maximum")
  }
  /// Returns the smaller of each pair of elements; NaN if either is NaN. If both are equal, each gets half of the
  /// gradient; if one is NaN, both get all of it (PyTorch).
  public func minimum(_ other: Tensor) -> Tensor { Tensor.combined(.minimum, self, other, "minimum") }
  /// Returns the smaller of each element and a number. The gradient is 1 where the element is kept, including ties
  /// (where PyTorch has 1/2) and NaN.
  public func minimum(_ other: some TensorOperand) -> Tensor {
    Tensor.combined(.minimum, self, other.operandValue, scalarFirst: false, "minimum")
  }
  /// Returns xᵃ elementwise. The gradient with respect to the exponent is 0 where the base is 0 (PyTorch).
  public func power(_ exponent: Tensor) -> Tensor { Tensor.combined(.power, self, exponent, "power") }
  /// Returns x − b·⌊x/b⌋, which has the sign of the divisor b, as in Python and PyTorch. The remainder of integers
  /// by 0 is 0 (NumPy).
  public func remainder(_ divisor: Tensor) -> Tensor { Tensor.combined(.remainder, self, divisor, "remainder") }
  /// Returns x − b·⌊x/b⌋, which has the sign of the divisor b, as in Python and PyTorch. The remainder of integers
  /// by 0 is 0 (NumPy).
  public func remainder(_ divisor: some TensorOperand) -> Tensor {
    Tensor.combined(.remainder, self, divisor.operandValue, scalarFirst: false, "remainder")
  }
  /// Returns ⌊x/b⌋, computed from the exact remainder, as Python's `//` and PyTorch's `floor_divide`; 0 for integer
  /// division by zero. The gradient is 0.
  public func floorDivided(by divisor: Tensor) -> Tensor {
    Tensor.combined(.floorDivide, self, divisor, "floorDivided")
  }
  /// Returns ⌊x/b⌋, computed from the exact remainder, as Python's `//` and PyTorch's `floor_divide`; 0 for integer
  /// division by zero. The gradient is 0.
  public func floorDivided(by divisor: some TensorOperand) -> Tensor {
    Tensor.combined(.floorDivide, self, divisor.operandValue, scalarFirst: false, "floorDivided")
  }
  /// Returns √(x² + y²), without overflow. The gradient at (0, 0) is 0 (where PyTorch has NaN).
  public func hypot(_ other: Tensor) -> Tensor { Tensor.combined(.hypot, self, other, "hypot") }
  /// Returns the angle of the point (x, y) in radians, from −π to π; this tensor is y. The gradient at (0, 0) is 0.
  public func atan2(_ x: Tensor) -> Tensor { Tensor.combined(.atan2, self, x, "atan2") }
  /// Returns ln(eᵃ + eᵇ), without overflow. Equal infinities share the gradient evenly.
  public func logAddExp(_ other: Tensor) -> Tensor { Tensor.combined(.logAddExp, self, other, "logAddExp") }
  /// Returns |x| with the sign of another number, including that of zeros (C's and PyTorch's `copysign`). The gradient
  /// is −1 where the sign changes, 1 elsewhere, and 0 where x is 0 (PyTorch).
  public func withSign(of other: Tensor) -> Tensor { Tensor.combined(.copySign, self, other, "withSign") }
  /// Returns |x| with the sign of a number, including that of zeros (C's and PyTorch's `copysign`). The gradient is −1
  /// where the sign changes, 1 elsewhere, and 0 where x is 0 (PyTorch).
  public func withSign(of other: some TensorOperand) -> Tensor {
    Tensor.combined(.copySign, self, other.operandValue, scalarFirst: false, "withSign")
  }
  /// Returns x·ln y, and 0 where x is 0, unless y is NaN (SciPy's and PyTorch's `xlogy`). The gradient with respect to
  /// x is 0 where x is 0 and y is at most 0 or infinite.
  public func xlogy(_ y: Tensor) -> Tensor {
    checked {
      try Checks.floatingPoint("xlogy", self)
      let isZero = detached() .== 0
      let y = y.broadcast(to: try Checks.broadcast("xlogy", extents, y.extents))
      return self * y.replacing(with: 1, where: isZero .& ((y .<= 0) .| (y .== Double.infinity))).log()
    }
  }

  /// y = op(a, b).
  static func combined(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
    checked {
      let device = try Checks.sameDevice(name, a, b)
      try Checks.sameDType(name, a, b)
      try Checks.operand(name, a, of: op)
      var y =
        a.extents == b.extents
        ? combinedAlike(op, a, b, on: device)
        : combinedBroadcasting(op, a, b, to: try Checks.broadcastUnequal(name, a.extents, b.extents), on: device)
      if op != .floorDivide, let tape = Tape.recording(a.node, b.node) {
        y.node = tape.append(.binary(BinaryRecord(op, a, b, on: tape)))
      }
      return y
    }
  }

  /// Combines operands of the same shape. The layouts can ignore the shape.
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
    checked {
      try Checks.operand(name, x, of: op)
      try Checks.scalar(name, x, scalar)
      let tape = op == .floorDivide ? nil : Tape.recording(x.node)
      if tape != nil, let y = recordable(op, x, scalar, scalarFirst: scalarFirst, name) { return y }
      let count = x.extents.count
      var y = launch(x, x.extents, x.storage.dtype, on: x.storage.device) { backend, x, y in
        try backend.binaryScalar(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
      }
      guard let tape else { return y }
      switch op {
      case .multiply: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: scalar)))
      case .divide: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: scalar, isDivision: true)))
      case .subtract where scalarFirst: y.node = tape.append(.scaling(ScalingRecord(x: Operand(x), factor: -1)))
      default: y.node = tape.append(.identity(IdentityRecord(x: Operand(x))))
      }
      return y
    }
  }

  /// Returns op(x, scalar) if it takes its gradient from another operation; nil for linear operations.
  private static func recordable(
    _ op: BinaryOp, _ x: Tensor, _ scalar: Double, scalarFirst: Bool, _ name: StaticString
  ) -> Tensor? {
    switch op {
    case .add, .subtract, .multiply: nil
    case .divide: scalarFirst ? combined(op, x.constant(scalar), x, name) : nil
    case .maximum, .minimum:
      withCustomGradient(of: x) {
        combined(op, $0, scalar, scalarFirst: scalarFirst, name)
      } backward: { dy, x, _ in
        dy.replacing(with: 0, where: op == .maximum ? x .< scalar : x .> scalar)
      }
    case .remainder: scalarFirst ? combined(op, x.constant(scalar), x, name) : nil
    case .power: scalarFirst ? combined(op, x.constant(scalar), x, name) : x.mapped(.power(scalar), name)
    case .hypot, .atan2, .logAddExp, .copySign:
      scalarFirst ? combined(op, x.constant(scalar), x, name) : combined(op, x, x.constant(scalar), name)
    case .floorDivide, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight, .logicalAnd, .logicalOr: nil
    }
  }

  /// a = op(a, b), in place if nothing else references the memory of a and nothing is recorded.
  static func combine(_ op: BinaryOp, _ a: inout Tensor, _ b: Tensor, _ name: StaticString) {
    let device = a.storage.device
    let isInPlace =
      device == b.storage.device && a.storage.dtype == b.storage.dtype
      && a.storage.dtype != .bool && !b.isPoisoned
      && b.extents.repeats(to: a.extents) && Tape.recording(a.node, b.node) == nil
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
    do { try Checks.scalar(name, a, scalar) } catch {
      a = .standIn(for: error)
      return
    }
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
    // Only values required by the gradients of operands on the tape are kept.
    let needsA: Bool
    let needsB: Bool
    switch op {
    case .add, .subtract: (needsA, needsB) = (false, false)
    case .multiply: (needsA, needsB) = (tape.owns(b.node), tape.owns(a.node))
    case .divide: (needsA, needsB) = (tape.owns(b.node), true)
    case .remainder: (needsA, needsB) = (tape.owns(b.node), tape.owns(b.node))
    case .power, .maximum, .minimum, .hypot, .atan2, .logAddExp, .copySign: (needsA, needsB) = (true, true)
    // Of integers or bools, or constant between jumps: without a gradient.
    case .floorDivide, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight, .logicalAnd, .logicalOr:
      (needsA, needsB) = (false, false)
    }
    self.a = Operand(a, keeping: needsA)
    self.b = Operand(b, keeping: needsB)
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    switch op {
    case .add:
      pass.accumulate(dy, to: a)
      pass.accumulate(dy, to: b)
    case .subtract:
      pass.accumulate(dy, to: a)
      pass.accumulate(-dy, to: b)
    case .multiply:
      // The last use of dy may reuse its memory.
      if pass.needsGradient(a) {
        if pass.needsGradient(b) { pass.accumulate(dy * a.tensor, to: b) }
        dy *= b.tensor
        pass.accumulate(dy, to: a)
      } else if pass.needsGradient(b) {
        dy *= a.tensor
        pass.accumulate(dy, to: b)
      }
    case .divide:
      // The quotient first, because 1/b may be infinite where a/b is 0.
      if pass.needsGradient(b) { pass.accumulate(-(dy * (a.tensor / b.tensor) / b.tensor), to: b) }
      dy /= b.tensor
      pass.accumulate(dy, to: a)
    case .power:
      pass.accumulate(dy * powerBaseDerivative(), to: a)
      pass.accumulate(dy * powerExponentDerivative(dy.extents), to: b)
    case .maximum, .minimum:
      let halved = (dy * 0.5).replacing(with: dy, where: a.tensor .!= b.tensor)
      pass.accumulate(share(of: a, against: b, in: halved), to: a)
      pass.accumulate(share(of: b, against: a, in: halved), to: b)
    case .remainder:
      pass.accumulate(dy, to: a)
      pass.accumulate(-(dy * (a.tensor / b.tensor).floor()), to: b)
    case .hypot:
      let size = positiveSize()
      pass.accumulate(dy * (a.tensor / size), to: a)
      pass.accumulate(dy * (b.tensor / size), to: b)
    case .atan2:
      // Factor by factor: the square of the size might overflow.
      let size = positiveSize()
      pass.accumulate(dy * (b.tensor / size / size), to: a)
      pass.accumulate(-(dy * (a.tensor / size / size)), to: b)
    case .logAddExp:
      let (a, b) = (self.a.tensor, self.b.tensor)
      let distance = (a - b).replacing(with: 0, where: (a .== b) .& a.isInfinite())
      pass.accumulate(dy * distance.sigmoid(), to: self.a)
      pass.accumulate(dy * (-distance).sigmoid(), to: self.b)
    case .copySign:
      let (a, b) = (self.a.tensor.detached(), self.b.tensor.detached())
      pass.accumulate(dy * (a.sign() * Tensor.ones(like: b).withSign(of: b)), to: self.a)
    case .floorDivide, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight, .logicalAnd, .logicalOr: break
    }
  }

  /// √(a² + b²), or 1 where that is 0.
  private func positiveSize() -> Tensor {
    let size = a.tensor.hypot(b.tensor)
    return size.replacing(with: 1, where: size .== 0)
  }

  /// b·a^(b − 1), and 0 where b = 0.
  private func powerBaseDerivative() -> Tensor {
    let (a, b) = (a.tensor, b.tensor)
    // 0⁻¹ must not occur where b = 0, because its gradient would be 0·∞.
    return b * a.replacing(with: 1, where: b .== 0).power(b - 1)
  }

  /// aᵇ·ln a, and 0 where a = 0 and b ≥ 0. The gradient is computed from aᵇ⁻¹, because aᵇ may be infinite where aᵇ⁻¹ is
  /// not.
  private func powerExponentDerivative(_ extents: Shape) -> Tensor {
    return withCustomGradient(of: [a.tensor.broadcast(to: extents), b.tensor.broadcast(to: extents)]) { operands in
      let (a, b) = (operands[0], operands[1])
      let value = a.power(b) * a.replacing(with: 1, where: a .== 0).log()
      return value.replacing(with: -.infinity, where: (a .== 0) .& (b .< 0))
    } backward: { dy, operands, _ in
      let (a, b) = (operands[0], operands[1])
      let isZero = a .== 0  // where the value is constant
      let base = a.replacing(with: 1, where: isZero)
      let logarithm = base.log()
      let ofBase = base.power(b - 1) * (1 + b * logarithm)
      return [(dy * ofBase).replacing(with: 0, where: isZero), dy * (base.power(b) * logarithm.squared())]
    }
  }

  /// Returns all of dy where x is kept or either operand is NaN, half of it where both are equal, and 0 elsewhere.
  private func share(of x: Operand, against other: Operand, in halved: Tensor) -> Tensor {
    let (x, other) = (x.tensor.detached(), other.tensor.detached())
    return halved.replacing(with: 0, where: op == .maximum ? x .< other : x .> other)
  }
}
