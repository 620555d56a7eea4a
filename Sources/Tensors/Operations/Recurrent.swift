import BackendCore

/// The states that a recurrent layer returns.
package enum RecurrenceResult: Sendable, Hashable {
  /// The last h, `[batch, units]`.
  case last
  /// Every h, `[steps, batch, units]`.
  case sequence
  /// Every h and, if the cell has a cell state, the last c as an additional step: `[steps + 1, batch, units]`.
  case states
}

/// The parts of recurrent cells that differ from the formulas of `RecurrentCell`.
package struct RecurrentVariation {
  /// The function in place of tanh.
  package var activation: (Tensor) -> Tensor
  /// The function in place of the sigmoid.
  package var gateActivation: (Tensor) -> Tensor
  /// The factors of h in the product h·U, `[batch, units]`; nil for 1.
  package var stateFactors: Tensor?

  package init(
    activation: @escaping (Tensor) -> Tensor = { $0.tanh() },
    gateActivation: @escaping (Tensor) -> Tensor = { $0.sigmoid() }, stateFactors: Tensor? = nil
  ) {
    self.activation = activation
    self.gateActivation = gateActivation
    self.stateFactors = stateFactors
  }
}

/// A sequence of recurrent cells: everything that it needs in addition to the sums of its inputs.
package struct Recurrence {
  package var cell: RecurrentCell
  /// U, `[units, gates]`.
  package var weight: Tensor
  /// d, `[gates]`, only for `gru`.
  package var recurrentBias: Tensor?
  /// The state before the sequence, `[batch, units]`; nil for zeros.
  package var initialHidden, initialCell: Tensor?
  /// Bool `[steps, batch]`; false where the state does not change.
  package var mask: Tensor?
  /// Whether the steps run from the last to the first.
  package var isReversed: Bool
  package var result: RecurrenceResult
  /// The variation of the cells, which are then computed step by step; nil for none.
  package var variation: RecurrentVariation?

  package init(
    _ cell: RecurrentCell, weight: Tensor, recurrentBias: Tensor? = nil, initialHidden: Tensor? = nil,
    initialCell: Tensor? = nil, mask: Tensor? = nil, isReversed: Bool = false, giving result: RecurrenceResult
  ) {
    self.cell = cell
    self.weight = weight
    self.recurrentBias = recurrentBias
    self.initialHidden = initialHidden
    self.initialCell = initialCell
    self.mask = mask
    self.isReversed = isReversed
    self.result = result
  }

  /// Runs the cells over the sums x·W + b of all steps, `[steps, batch, gates]`. See `RecurrentCell` for the formulas.
  ///
  /// The whole sequence is one record: its gradient is one call, and the gradient of U is one product. In nested
  /// scopes, and if the cells are varied, the steps are recorded individually and have derivatives of every order.
  package func callAsFunction(_ sums: consuming Tensor) -> Tensor {
    var sums = sums
    let shape: RecurrenceShape
    do { shape = try Checks.recurrence(self, sums) } catch { return .standIn(for: error) }
    if variation != nil { return sums.dtype.isHalf ? sums.inFloat32 { inFloat32($0) } : composed(sums, shape) }
    let tape = Tape.recording(all: tensors(sums).lazy.map(\.node))
    if let tape, tape.isNested { return composed(sums, shape) }
    let operand = Operand(sums)
    let device = tensors(sums).contains { $0.device.isShapeOnly } ? .shapes : sums.device
    let states = SavedStates(shape, &sums, hasFinalCell: givesFinalCell, on: device)
    var y = states.result(result, shape)
    do {
      if shape.stateCount > 0 {
        let operands = try states.operands(self)
        let backend = device.callTarget(isWidened: sums.dtype.isWidened)
        try backend.recurrence(shape, operands)
        if givesFinalCell, let cells = operands.cells {
          let last = cells.advanced(by: shape.place(shape.steps - 1) * shape.stateCount)
          let end = operands.hidden.advanced(by: shape.steps * shape.stateCount)
          try backend.copy(last, count: shape.stateCount, into: end)
        }
      }
    } catch {
      y = Tensor(failure: error, y.extents, y.dtype, on: device)
    }
    if let tape { y.node = tape.append(.recurrence(RecurrenceRecord(self, operand, states, shape))) }
    return y
  }

  /// Runs the steps in float32, so that states are not rounded from one to the next.
  private func inFloat32(_ sums: Tensor) -> Tensor {
    var wide = self
    wide.weight = weight.cast(to: .float32)
    wide.recurrentBias = recurrentBias?.cast(to: .float32)
    (wide.initialHidden, wide.initialCell) = (initialHidden?.cast(to: .float32), initialCell?.cast(to: .float32))
    wide.variation?.stateFactors = variation?.stateFactors?.cast(to: .float32)
    return wide(sums)
  }

  /// True if the result has an additional step for the last c.
  fileprivate var givesFinalCell: Bool { result == .states && cell.hasCellState }

  private func tensors(_ sums: Tensor) -> [Tensor] {
    [sums, weight] + [recurrentBias, initialHidden, initialCell, mask].compactMap { $0 }
  }
}

/// The tensors that a sequence writes and its gradient reads.
private struct SavedStates {
  let gates, hidden: Tensor
  let recurrent, cells: Tensor?

  /// Takes over the memory of the sums if nothing else references it.
  init(_ shape: RecurrenceShape, _ sums: inout Tensor, hasFinalCell: Bool, on device: Device) {
    let dtype = sums.dtype
    func room(_ steps: Int, _ width: Int) -> Tensor {
      Tensor.uninitialized([steps, shape.batch, width], dtype, on: device)
    }
    gates = sums.isStorageUniquelyReferenced() ? sums.detached() : sums.copied()
    hidden = room(shape.steps + (hasFinalCell ? 1 : 0), shape.units)
    recurrent = shape.cell.separatesRecurrentSums ? room(shape.steps, shape.gates) : nil
    cells = shape.cell.hasCellState ? room(shape.steps, shape.units) : nil
  }

  func operands(_ recurrence: Recurrence) throws -> RecurrenceOperands<BufferSlice> {
    try RecurrenceOperands(
      weight: recurrence.weight.slice, recurrentBias: recurrence.recurrentBias?.slice,
      initialHidden: recurrence.initialHidden?.slice, initialCell: recurrence.initialCell?.slice,
      mask: recurrence.mask?.slice, gates: gates.slice, recurrent: recurrent?.slice, hidden: hidden.slice,
      cells: cells?.slice)
  }

  /// Returns the requested states, without copying.
  func result(_ result: RecurrenceResult, _ shape: RecurrenceShape) -> Tensor {
    guard result == .last else { return hidden }
    let place = shape.place(shape.steps - 1)
    return Tensor(
      hidden.storage, offset: hidden.offset + place * shape.stateCount, extents: [shape.batch, shape.units])
  }
}

// MARK: - Step by step

extension Recurrence {
  /// Computes the sequence from operations on single steps.
  private func composed(_ sums: Tensor, _ shape: RecurrenceShape) -> Tensor {
    let zeros = Tensor.full([shape.batch, shape.units], 0, sums.dtype, on: sums.device)
    var (hidden, cell) = (initialHidden ?? zeros, initialCell ?? zeros)
    var outputs = [Tensor](repeating: zeros, count: shape.steps)
    for index in 0..<shape.steps {
      let place = shape.place(index)
      let (newHidden, newCell) = composedStep(sums[place], hidden, cell)
      if let mask {
        let moves = mask[place].expanded(axis: -1)
        hidden = hidden.replacing(with: newHidden, where: moves)
        cell = cell.replacing(with: newCell, where: moves)
      } else {
        (hidden, cell) = (newHidden, newCell)
      }
      outputs[place] = hidden
    }
    if result == .last { return hidden }
    return Tensor.stacked(givesFinalCell ? outputs + [cell] : outputs)
  }

  private func composedStep(_ sums: Tensor, _ hidden: Tensor, _ cell: Tensor) -> (hidden: Tensor, cell: Tensor) {
    let variation = variation ?? RecurrentVariation()
    let (activation, gate) = (variation.activation, variation.gateActivation)
    let product = (variation.stateFactors.map { hidden * $0 } ?? hidden).matmul(weight)
    switch self.cell {
    case .simple: return (activation(sums + product), cell)
    case .lstm:
      let gates = (sums + product).split(parts: 4, axis: 1)
      let new = gate(gates[1]) * cell + gate(gates[0]) * activation(gates[2])
      return (gate(gates[3]) * activation(new), new)
    case .gru:
      let gates = sums.split(parts: 3, axis: 1)
      let recurrent = (recurrentBias.map { product + $0 } ?? product).split(parts: 3, axis: 1)
      let update = gate(gates[1] + recurrent[1])
      let new = activation(gates[2] + gate(gates[0] + recurrent[0]) * recurrent[2])
      return (new + update * (hidden - new), cell)
    }
  }
}

// MARK: - Checks

extension Checks {
  fileprivate static func recurrence(_ recurrence: Recurrence, _ sums: Tensor) throws -> RecurrenceShape {
    let name: StaticString = "recurrence"
    let (cell, weight) = (recurrence.cell, recurrence.weight)
    try floatingPoint(name, sums)
    if sums.rank != 3 || sums.extents[0] < 1 || weight.rank != 2
      || weight.extents[1] != weight.extents[0] * cell.gateCount || sums.extents[2] != weight.extents[1]
    {
      try fail(
        name, "shapes \(sums.extents) and \(weight.extents) do not fit for \(cell)",
        hint: "sums [steps, batch, gates] with at least one step, and a weight [units, gates]")
    }
    let (batch, units) = (sums.extents[1], weight.extents[0])
    func check(_ tensor: Tensor?, _ extents: Shape, _ what: String) throws {
      guard let tensor else { return }
      try sameDType(name, sums, tensor)
      _ = try sameDevice(name, sums, tensor)
      if tensor.extents != extents {
        try fail(name, "\(what) of shape \(tensor.extents) where \(extents) is needed")
      }
    }
    try check(weight, weight.extents, "a weight")
    try check(recurrence.recurrentBias, [weight.extents[1]], "a recurrent bias")
    try check(recurrence.initialHidden, [batch, units], "a state")
    try check(recurrence.initialCell, [batch, units], "a cell state")
    if (recurrence.recurrentBias != nil) != cell.separatesRecurrentSums {
      try fail(name, "a recurrent bias is there for gru, and for gru alone; sums of shape \(sums.extents)")
    }
    if let mask = recurrence.mask {
      try dtype(name, mask, is: .bool)
      _ = try sameDevice(name, sums, mask)
      if mask.extents != [sums.extents[0], batch] {
        try fail(
          name, "a mask of shape \(mask.extents) for sums of shape \(sums.extents)", hint: "it is [steps, batch]")
      }
    }
    return RecurrenceShape(
      cell, steps: sums.extents[0], batch: batch, units: units, isReversed: recurrence.isReversed)
  }
}

// MARK: - Gradient

/// A sequence of recurrent cells. Recorded only in outermost scopes; nested scopes compose it.
struct RecurrenceRecord: GradientRule {
  private let recurrence: Recurrence
  private let sums: Operand
  private let states: SavedStates
  private let shape: RecurrenceShape

  fileprivate init(_ recurrence: Recurrence, _ sums: Operand, _ states: SavedStates, _ shape: RecurrenceShape) {
    self.recurrence = recurrence
    self.sums = sums
    self.states = states
    self.shape = shape
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let recurrentSums = shape.cell.separatesRecurrentSums
    let initialHidden = recurrence.initialHidden.map { Operand($0) }
    let initialCell = recurrence.initialCell.map { Operand($0) }
    // The gradients of the sums overwrite the gates, which are not needed afterward.
    var gradients = GradientTensors(
      hidden: hiddenGradient(&dy), cell: shape.cell.hasCellState ? cellGradient(dy) : nil, gates: states.gates,
      recurrent: states.recurrent)
    do {
      if shape.stateCount > 0 {
        let isWanted = [initialHidden, initialCell].contains { $0.map { pass.needsGradient($0) } ?? false }
        let operands = RecurrenceGradients(
          outputs: recurrence.result == .last ? nil : try dy.slice, hidden: try gradients.hidden.slice,
          cell: try gradients.cell?.slice, gates: try gradients.gates.slice, recurrent: try gradients.recurrent?.slice,
          reachesInitialState: isWanted)
        try dy.device.callTarget(isWidened: dy.dtype.isWidened).recurrenceGradient(
          shape, try states.operands(recurrence), operands)
      }
    } catch {
      gradients.fail(error)
    }
    let dRecurrent = recurrentSums ? gradients.recurrent ?? gradients.gates : gradients.gates
    let weight = Operand(recurrence.weight)
    if pass.needsGradient(weight) { addWeightGradient(dRecurrent, to: weight, in: &pass) }
    if let bias = recurrence.recurrentBias { pass.accumulate(dRecurrent.sum(axes: [0, 1]), to: Operand(bias)) }
    if let initialHidden { pass.accumulate(gradients.hidden, to: initialHidden) }
    if let initialCell, let cell = gradients.cell { pass.accumulate(cell, to: initialCell) }
    pass.accumulate(gradients.gates, to: sums)
  }

  private struct GradientTensors {
    var hidden: Tensor
    var cell: Tensor?
    var gates: Tensor
    var recurrent: Tensor?

    mutating func fail(_ error: any Error) {
      func failed(_ x: Tensor) -> Tensor { Tensor(failure: error, x.extents, x.dtype, on: x.device) }
      hidden = failed(hidden)
      cell = cell.map(failed)
      gates = failed(gates)
      recurrent = recurrent.map(failed)
    }
  }

  private func zeros(like dy: Tensor) -> Tensor { .full([shape.batch, shape.units], 0, dy.dtype, on: dy.device) }

  /// Returns the external gradient of the last h, in separate memory.
  private func hiddenGradient(_ dy: inout Tensor) -> Tensor {
    guard recurrence.result == .last else { return zeros(like: dy) }
    return dy.isStorageUniquelyReferenced() ? dy : dy.copied()
  }

  private func cellGradient(_ dy: Tensor) -> Tensor {
    recurrence.givesFinalCell ? dy[shape.steps].copied() : zeros(like: dy)
  }

  /// Adds Σ hᵀ·d(h·U) over all steps with a previous h: one product, and another for the state before the sequence.
  private func addWeightGradient(_ dRecurrent: Tensor, to weight: Operand, in pass: inout BackwardPass) {
    func rows(_ x: Tensor, from place: Int, _ steps: Int, _ width: Int) -> Tensor {
      Tensor(x.storage, offset: x.offset + place * shape.batch * width, extents: [steps * shape.batch, width])
    }
    let steps = shape.steps - 1
    if steps > 0 {
      pass.addProduct(
        rows(states.hidden, from: shape.isReversed ? 1 : 0, steps, shape.units),
        rows(dRecurrent, from: shape.isReversed ? 0 : 1, steps, shape.gates), to: weight)
    }
    if let initial = recurrence.initialHidden {
      pass.addProduct(initial.detached(), rows(dRecurrent, from: shape.place(0), 1, shape.gates), to: weight)
    }
  }
}
