#if OpenCL
import BackendCore

@testable import BackendOpenCL

extension KernelTour {
  /// Cells with all optional operands, and with none.
  func recurrent() throws {
    let (batch, units) = (3, 5)
    let count = batch * units
    for cell in RecurrentCell.allCases {
      for isFull in [false, true] {
        let sums = cell.gateCount * count
        var step = RecurrentStep(
          gates: try operand(sums), recurrent: cell.separatesRecurrentSums ? try operand(sums) : nil,
          recurrentBias: cell.separatesRecurrentSums ? try operand(cell.gateCount * units) : nil,
          mask: isFull ? try operand(batch, .bool) : nil, previousHidden: isFull ? try operand(count) : nil,
          previousCell: isFull && cell.hasCellState ? try operand(count) : nil, hidden: try backend.empty(count),
          cell: cell.hasCellState ? try backend.empty(count) : nil)
        try backend.recurrentCell(cell, step, batch: batch, units: units)
        // The simulator treats some results of an earlier kernel as uninitialized, so states are uploaded again.
        step.hidden = try operand(count)
        if cell.hasCellState { step.cell = try operand(count) }
        let gradients = RecurrentStepGradients(
          output: isFull ? try operand(count) : nil, hidden: try operand(count),
          cell: cell.hasCellState ? try operand(count) : nil, gates: try backend.empty(sums),
          recurrent: cell.separatesRecurrentSums ? try backend.empty(sums) : nil)
        try backend.recurrentCellGradient(cell, step, gradients, batch: batch, units: units)
      }
    }
  }
}
#endif
