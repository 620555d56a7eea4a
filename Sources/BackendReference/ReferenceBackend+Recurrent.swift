import HostSystem
import BackendCore

/// Recurrent cells, one unit at a time. Sequences use the defaults of the protocol.
extension ReferenceBackend {
  public func recurrentCell(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int
  ) throws {
    try require(.recurrentCell, for: step.gates.dtype)
    let elements = step.map { Elements($0) }
    forEachUnit(cell, batch, units) { row, unit, state, gate in
      var (hidden, new) = (0.0, 0.0)
      switch cell {
      case .simple: hidden = tanh(elements.gates[gate(0)])
      case .lstm: (hidden, new) = lstm(elements, state, gate)
      case .gru: hidden = gru(elements, unit, units, state, gate)
      }
      let goesOn = elements.mask.map { $0[row] != 0 } ?? true
      elements.hidden[state] = goesOn ? hidden : elements.previousHidden?[state] ?? 0
      elements.cell?[state] = goesOn ? new : elements.previousCell?[state] ?? 0
    }
  }

  private func lstm(
    _ step: RecurrentStep<Elements>, _ state: Int, _ gate: (Int) -> Int
  ) -> (hidden: Double, cell: Double) {
    let sums = (0..<4).map { step.gates[gate($0)] }
    let (i, f, g, o) = (sigmoid(sums[0]), sigmoid(sums[1]), tanh(sums[2]), sigmoid(sums[3]))
    for (part, value) in [i, f, g, o].enumerated() { step.gates[gate(part)] = value }
    let cell = f * (step.previousCell?[state] ?? 0) + i * g
    return (o * tanh(cell), cell)
  }

  private func gru(
    _ step: RecurrentStep<Elements>, _ unit: Int, _ units: Int, _ state: Int, _ gate: (Int) -> Int
  ) -> Double {
    guard let recurrent = step.recurrent, let bias = step.recurrentBias else { return .nan }
    let sums = (0..<3).map { recurrent[gate($0)] + bias[$0 * units + unit] }
    let r = sigmoid(step.gates[gate(0)] + sums[0])
    let z = sigmoid(step.gates[gate(1)] + sums[1])
    let n = tanh(step.gates[gate(2)] + r * sums[2])
    for (part, value) in [r, z, n].enumerated() { step.gates[gate(part)] = value }
    recurrent[gate(2)] = sums[2]
    return n + z * ((step.previousHidden?[state] ?? 0) - n)
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try require(.recurrentCellGradient, for: step.gates.dtype)
    let (elements, gradients) = (step.map { Elements($0) }, gradients.map { Elements($0) })
    forEachUnit(cell, batch, units) { row, unit, state, gate in
      let dh = gradients.hidden[state] + (gradients.output?[state] ?? 0)
      if let mask = elements.mask, mask[row] == 0 {
        gradients.hidden[state] = dh
        for part in 0..<cell.gateCount {
          gradients.gates[gate(part)] = 0
          gradients.recurrent?[gate(part)] = 0
        }
        return
      }
      switch cell {
      case .simple:
        let h = elements.hidden[state]
        gradients.gates[gate(0)] = dh * (1 - h * h)
        gradients.hidden[state] = 0
      case .lstm: lstmGradient(elements, gradients, dh, state, gate)
      case .gru: gruGradient(elements, gradients, dh, state, gate)
      }
    }
  }

  private func lstmGradient(
    _ step: RecurrentStep<Elements>, _ gradients: RecurrentStepGradients<Elements>, _ dh: Double, _ state: Int,
    _ gate: (Int) -> Int
  ) {
    guard let cell = step.cell, let dCell = gradients.cell else { return }
    let (i, f, g, o) = (step.gates[gate(0)], step.gates[gate(1)], step.gates[gate(2)], step.gates[gate(3)])
    let shown = tanh(cell[state])
    let dc = dCell[state] + dh * o * (1 - shown * shown)
    gradients.gates[gate(0)] = dc * g * i * (1 - i)
    gradients.gates[gate(1)] = dc * (step.previousCell?[state] ?? 0) * f * (1 - f)
    gradients.gates[gate(2)] = dc * i * (1 - g * g)
    gradients.gates[gate(3)] = dh * shown * o * (1 - o)
    dCell[state] = dc * f
    gradients.hidden[state] = 0
  }

  private func gruGradient(
    _ step: RecurrentStep<Elements>, _ gradients: RecurrentStepGradients<Elements>, _ dh: Double, _ state: Int,
    _ gate: (Int) -> Int
  ) {
    guard let recurrent = step.recurrent, let dRecurrent = gradients.recurrent else { return }
    let (r, z, n) = (step.gates[gate(0)], step.gates[gate(1)], step.gates[gate(2)])
    let q = recurrent[gate(2)]
    let dn = dh * (1 - z) * (1 - n * n)
    let dz = dh * ((step.previousHidden?[state] ?? 0) - n) * z * (1 - z)
    let dr = dn * q * r * (1 - r)
    for (part, value) in [dr, dz, dn].enumerated() { gradients.gates[gate(part)] = value }
    for (part, value) in [dr, dz, dn * r].enumerated() { dRecurrent[gate(part)] = value }
    gradients.hidden[state] = dh * z
  }

  /// Calls `body` with the position of each unit of each row in a state, and a function for its positions in the sums.
  private func forEachUnit(
    _ cell: RecurrentCell, _ batch: Int, _ units: Int,
    _ body: (_ row: Int, _ unit: Int, _ state: Int, _ gate: (Int) -> Int) -> Void
  ) {
    for row in 0..<batch {
      for unit in 0..<units {
        body(row, unit, row * units + unit) { (row * cell.gateCount + $0) * units + unit }
      }
    }
  }
}
