/// Default implementations of recurrent cells and of sequences of them: one matrix product and one cell per step.
extension Backend {
  public func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws {
    try require(.recurrence, for: operands.gates.dtype)
    let product = MatmulShape(m: shape.batch, n: shape.gates, k: shape.units)
    for index in 0..<shape.steps {
      let step = operands.step(index, shape)
      if let recurrent = step.recurrent {
        if let hidden = step.previousHidden {
          try matmul(hidden, operands.weight, product, alpha: 1, beta: 0, into: recurrent)
        } else {
          try fill(recurrent, count: shape.sumCount, with: 0)
        }
      } else if let hidden = step.previousHidden {
        try matmul(hidden, operands.weight, product, alpha: 1, beta: 1, into: step.gates)
      }
      try recurrentCell(shape.cell, step, batch: shape.batch, units: shape.units)
    }
  }

  public func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws {
    try require(.recurrenceGradient, for: operands.gates.dtype)
    let product = MatmulShape(m: shape.batch, n: shape.units, k: shape.gates, transposesB: true)
    for index in (0..<shape.steps).reversed() {
      let step = gradients.step(index, shape)
      try recurrentCellGradient(
        shape.cell, operands.step(index, shape), step, batch: shape.batch, units: shape.units)
      if index > 0 || gradients.reachesInitialState {
        try matmul(
          step.recurrent ?? step.gates, operands.weight, product, alpha: 1, beta: 1, into: gradients.hidden)
      }
    }
  }

  public func recurrentCell(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int
  ) throws {
    try require(.recurrentCell, for: step.gates.dtype)
    let table = CellTable(self, batch: batch, units: units)
    switch cell {
    case .simple: try unary(UnaryOp(.tanh), step.gates, count: table.count, into: step.hidden)
    case .lstm: try lstmCell(table, step)
    case .gru: try gruCell(table, step)
    }
    guard let mask = step.mask else { return }
    try table.replace(step.hidden, by: step.previousHidden, whereNot: mask)
    if let state = step.cell { try table.replace(state, by: step.previousCell, whereNot: mask) }
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try require(.recurrentCellGradient, for: step.gates.dtype)
    let table = CellTable(self, batch: batch, units: units)
    // The complete gradient of h. Where the mask is false, it passes unchanged to the previous h.
    let dh = try table.copy(gradients.hidden)
    if let output = gradients.output { try table.binary(.add, dh, output, into: dh) }
    let dc = try gradients.cell.map { try table.copy($0) }
    switch cell {
    case .simple:
      try unaryGradient(UnaryOp(.tanh), dh, saved: step.hidden, count: table.count, into: gradients.gates)
      try fill(gradients.hidden, count: table.count, with: 0)
    case .lstm: try lstmCellGradient(table, step, gradients, dh)
    case .gru: try gruCellGradient(table, step, gradients, dh)
    }
    guard let mask = step.mask else { return }
    for part in 0..<cell.gateCount {
      try table.clear(gradients.gates, part, of: cell.gateCount, whereNot: mask)
      if let recurrent = gradients.recurrent {
        try table.clear(recurrent, part, of: cell.gateCount, whereNot: mask)
      }
    }
    try table.replace(gradients.hidden, by: dh, whereNot: mask)
    if let state = gradients.cell { try table.replace(state, by: dc, whereNot: mask) }
  }
}

// MARK: - LSTM

extension Backend {
  private func lstmCell(_ table: CellTable, _ step: RecurrentStep<BufferSlice>) throws {
    guard let cell = step.cell else { return }
    let functions: [UnaryOp.Kind] = [.sigmoid, .sigmoid, .tanh, .sigmoid]
    let gates = try functions.enumerated().map { part, function in
      let gate = try table.part(step.gates, part, of: 4)
      try unary(UnaryOp(function), gate, count: table.count, into: gate)
      try table.store(gate, into: step.gates, part, of: 4)
      return gate
    }
    let new = try table.product(gates[0], gates[2])
    if let previous = step.previousCell {
      try table.binary(.add, new, table.product(gates[1], previous), into: new)
    }
    try copy(new, count: table.count, into: cell)
    try unary(UnaryOp(.tanh), new, count: table.count, into: new)
    try table.binary(.multiply, gates[3], new, into: step.hidden)
  }

  private func lstmCellGradient(
    _ table: CellTable, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    _ dh: BufferSlice
  ) throws {
    guard let cell = step.cell, let dc = gradients.cell else { return }
    let gates = try (0..<4).map { try table.part(step.gates, $0, of: 4) }
    let shown = try table.copy(cell)
    try unary(UnaryOp(.tanh), shown, count: table.count, into: shown)
    // dc += dh·o·tanh′(c).
    let through = try table.product(dh, gates[3])
    try unaryGradient(UnaryOp(.tanh), through, saved: shown, count: table.count, into: through)
    try table.binary(.add, dc, through, into: dc)

    func store(_ factor: BufferSlice, _ other: BufferSlice, _ part: Int, _ function: UnaryOp.Kind) throws {
      let gradient = try table.product(factor, other)
      try unaryGradient(UnaryOp(function), gradient, saved: gates[part], count: table.count, into: gradient)
      try table.store(gradient, into: gradients.gates, part, of: 4)
    }
    try store(dc, gates[2], 0, .sigmoid)
    if let previous = step.previousCell {
      try store(dc, previous, 1, .sigmoid)
    } else {
      try table.store(table.zeros(dc.dtype), into: gradients.gates, 1, of: 4)
    }
    try store(dc, gates[0], 2, .tanh)
    try store(dh, shown, 3, .sigmoid)
    try table.binary(.multiply, dc, gates[1], into: dc)
    try fill(gradients.hidden, count: table.count, with: 0)
  }
}

// MARK: - GRU

extension Backend {
  private func gruCell(_ table: CellTable, _ step: RecurrentStep<BufferSlice>) throws {
    guard let recurrent = step.recurrent, let bias = step.recurrentBias else { return }
    let sums = try (0..<3).map { try table.part(recurrent, $0, of: 3) }
    for part in 0..<3 { try table.addRow(bias.advanced(by: part * table.units), to: sums[part]) }
    try table.store(sums[2], into: recurrent, 2, of: 3)
    let gates = try (0..<3).map { try table.part(step.gates, $0, of: 3) }
    for part in 0..<2 {
      try table.binary(.add, gates[part], sums[part], into: gates[part])
      try unary(UnaryOp(.sigmoid), gates[part], count: table.count, into: gates[part])
    }
    try table.binary(.add, gates[2], table.product(gates[0], sums[2]), into: gates[2])
    try unary(UnaryOp(.tanh), gates[2], count: table.count, into: gates[2])
    for part in 0..<3 { try table.store(gates[part], into: step.gates, part, of: 3) }
    // h = n + z·(previous − n).
    let difference = try table.difference(step.previousHidden, gates[2])
    try table.binary(.multiply, gates[1], difference, into: difference)
    try table.binary(.add, gates[2], difference, into: step.hidden)
  }

  private func gruCellGradient(
    _ table: CellTable, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    _ dh: BufferSlice
  ) throws {
    guard let recurrent = step.recurrent, let dRecurrent = gradients.recurrent else { return }
    let gates = try (0..<3).map { try table.part(step.gates, $0, of: 3) }
    let q = try table.part(recurrent, 2, of: 3)
    // dn = dh·(1 − z)·tanh′, dz = dh·(previous − n)·σ′, dq = dn·r, dr = dn·q·σ′.
    let carried = try table.product(dh, gates[1])
    let dn = try table.difference(dh, carried)
    try unaryGradient(UnaryOp(.tanh), dn, saved: gates[2], count: table.count, into: dn)
    let dz = try table.difference(step.previousHidden, gates[2])
    try table.binary(.multiply, dh, dz, into: dz)
    try unaryGradient(UnaryOp(.sigmoid), dz, saved: gates[1], count: table.count, into: dz)
    let dr = try table.product(dn, q)
    try unaryGradient(UnaryOp(.sigmoid), dr, saved: gates[0], count: table.count, into: dr)
    let dq = try table.product(dn, gates[0])
    for (part, gradient) in [dr, dz, dn].enumerated() { try table.store(gradient, into: gradients.gates, part, of: 3) }
    for (part, gradient) in [dr, dz, dq].enumerated() { try table.store(gradient, into: dRecurrent, part, of: 3) }
    try copy(carried, count: table.count, into: gradients.hidden)
  }
}

// MARK: - Help

/// Matrices `[batch, units]`, and their positions in wider matrices `[batch, parts·units]`.
private struct CellTable {
  let backend: any Backend
  let batch, units: Int

  init(_ backend: any Backend, batch: Int, units: Int) {
    self.backend = backend
    self.batch = batch
    self.units = units
  }

  var count: Int { batch * units }
  private var shape: Shape { [batch, units] }
  private var dense: Layout { Layout(dense: shape) }
  private func strides(_ parts: Int) -> Strides { Strides([parts * units, 1]) }

  private func temporary(_ dtype: DType) throws -> BufferSlice { try backend.temporary(count, dtype) }

  func zeros(_ dtype: DType) throws -> BufferSlice {
    let y = try temporary(dtype)
    try backend.fill(y, count: count, with: 0)
    return y
  }

  func copy(_ x: BufferSlice) throws -> BufferSlice {
    let y = try temporary(x.dtype)
    try backend.copy(x, count: count, into: y)
    return y
  }

  /// Returns a copy of one part of a wide matrix.
  func part(_ x: BufferSlice, _ part: Int, of parts: Int) throws -> BufferSlice {
    let y = try temporary(x.dtype)
    try backend.copyStrided(
      x.advanced(by: part * units), strides(parts), shape: shape, into: y, Strides(dense: shape), accumulating: false)
    return y
  }

  func store(_ x: BufferSlice, into y: BufferSlice, _ part: Int, of parts: Int) throws {
    try backend.copyStrided(
      x, Strides(dense: shape), shape: shape, into: y.advanced(by: part * units), strides(parts), accumulating: false)
  }

  func binary(_ op: BinaryOp, _ a: BufferSlice, _ b: BufferSlice, into y: BufferSlice) throws {
    try backend.binary(op, a, dense, b, dense, into: y)
  }

  func product(_ a: BufferSlice, _ b: BufferSlice) throws -> BufferSlice {
    let y = try temporary(a.dtype)
    try binary(.multiply, a, b, into: y)
    return y
  }

  /// Returns a − b, where nil means zero.
  func difference(_ a: BufferSlice?, _ b: BufferSlice) throws -> BufferSlice {
    let y = try temporary(b.dtype)
    if let a {
      try binary(.subtract, a, b, into: y)
    } else {
      try backend.unary(UnaryOp(.negate), b, count: count, into: y)
    }
    return y
  }

  func addRow(_ row: BufferSlice, to y: BufferSlice) throws {
    try backend.binary(.add, y, dense, row, Layout(broadcasting: [units], to: shape), into: y)
  }

  /// y = mask ? y : other, where nil means zero. The mask has one element per row.
  func replace(_ y: BufferSlice, by other: BufferSlice?, whereNot mask: BufferSlice) throws {
    let rows = Layout(shape: shape, strides: Strides([1, 0]))
    try backend.select(mask, rows, y, dense, other ?? zeros(y.dtype), dense, into: y)
  }

  /// Sets a part of a wide matrix to 0 where the mask is false.
  func clear(_ y: BufferSlice, _ part: Int, of parts: Int, whereNot mask: BufferSlice) throws {
    let values = try self.part(y, part, of: parts)
    try replace(values, by: nil, whereNot: mask)
    try store(values, into: y, part, of: parts)
  }
}
