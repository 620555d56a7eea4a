#if OpenCL
public import BackendCore

/// Recurrent cells and their gradients, one launch each. Sequences use the protocol's defaults: with the product, two
/// launches per step and direction (three if a product is computed in two parts).
extension OpenCLBackend {
  public func recurrentCell(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int
  ) throws {
    try require(.recurrentCell, for: step.gates.dtype)
    if step.gates.dtype == .float64 { return try composed.recurrentCell(cell, step, batch: batch, units: units) }
    let count = batch * units
    let program = ProgramName(family: .recurrent, isWide: isWide(cell.gateCount * count))
    try launch(KernelName(program: program, stem: cell.kernelName), .elements(count)) { arguments in
      arguments.step(step, cell, batch: batch, units: units, hasOutput: false)
    }
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try require(.recurrentCellGradient, for: step.gates.dtype)
    if step.gates.dtype == .float64 {
      return try composed.recurrentCellGradient(cell, step, gradients, batch: batch, units: units)
    }
    let count = batch * units
    let program = ProgramName(family: .recurrent, isWide: isWide(cell.gateCount * count))
    try launch(KernelName(program: program, stem: cell.gradientName), .elements(count)) { arguments in
      arguments.step(step, cell, batch: batch, units: units, hasOutput: gradients.output != nil)
      arguments.slice(gradients.output ?? gradients.hidden, gradients.output == nil ? 0 : count)
      arguments.slice(gradients.hidden, 2 * count)
      arguments.slice(gradients.cell ?? gradients.hidden, gradients.cell == nil ? 0 : 2 * count)
      arguments.slice(gradients.gates, cell.gateCount * count)
      arguments.slice(gradients.recurrent ?? gradients.gates, gradients.recurrent == nil ? 0 : cell.gateCount * count)
    }
  }
}

extension KernelArguments {
  /// `STEP` of `Recurrent.cl`. For missing operands, another one is passed but not accessed.
  fileprivate mutating func step(
    _ step: RecurrentStep<BufferSlice>, _ cell: RecurrentCell, batch: Int, units: Int, hasOutput: Bool
  ) {
    let count = batch * units
    slice(step.gates, 2 * cell.gateCount * count)
    slice(step.recurrent ?? step.gates, step.recurrent == nil ? 0 : cell.gateCount * count)
    slice(step.recurrentBias ?? step.gates, step.recurrentBias == nil ? 0 : cell.gateCount * units)
    slice(step.mask ?? step.gates, step.mask == nil ? 0 : batch)
    slice(step.previousHidden ?? step.hidden, step.previousHidden == nil ? 0 : count)
    slice(step.previousCell ?? step.hidden, step.previousCell == nil ? 0 : count)
    slice(step.hidden, count)
    slice(step.cell ?? step.hidden, step.cell == nil ? 0 : count)
    self.count(count)
    self.count(units)
    let given = [step.previousHidden != nil, step.mask != nil, hasOutput, step.previousCell != nil]
    value(given.enumerated().reduce(Int32(0)) { $0 | ($1.element ? 1 << Int32($1.offset) : 0) })
  }
}

extension RecurrentCell {
  fileprivate var kernelName: String {
    switch self {
    case .simple: "simpleCell"
    case .lstm: "lstmCell"
    case .gru: "gruCell"
    }
  }

  fileprivate var gradientName: String {
    switch self {
    case .simple: "simpleCellGradient"
    case .lstm: "lstmCellGradient"
    case .gru: "gruCellGradient"
    }
  }
}
#endif
