import BackendCore
import Tensors

extension GradientCase {
  /// A sequence of cells with everything that has a gradient: sums, weight, initial state, recurrent bias.
  private static func recurrence(
    _ cell: RecurrentCell, steps: Int, batch: Int, units: Int, mask: [Bool]? = nil, hasState: Bool = false,
    isReversed: Bool = false, _ result: RecurrenceResult
  ) -> GradientCase {
    let gates = cell.gateCount * units
    let name =
      "recurrence \(cell) \(steps) x \(batch) x \(units) \(result)\(isReversed ? " reversed" : "")"
      + (mask == nil ? "" : " masked") + (hasState ? " with a state" : "")
    let state = [batch, units]
    return GradientCase(
      name, .signed([steps, batch, gates]), .signed([units, gates]), .signed([gates]), .signed(state), .signed(state)
    ) { x in
      let marks = mask.map { Tensor($0.map { $0 ? 1 : 0 } as [Float], shape: [steps, batch], on: x[0].device) }
      let recurrence = Recurrence(
        cell, weight: x[1], recurrentBias: cell.separatesRecurrentSums ? x[2] : nil,
        initialHidden: hasState ? x[3] : nil, initialCell: hasState && cell.hasCellState ? x[4] : nil,
        mask: marks.map { $0 .> 0 }, isReversed: isReversed, giving: result)
      return recurrence(x[0] * 1.5)
    }
  }

  static let recurrent: [GradientCase] =
    RecurrentCell.allCases.flatMap { cell in
      [
        recurrence(cell, steps: 3, batch: 2, units: 3, .last),
        recurrence(cell, steps: 4, batch: 1, units: 2, hasState: true, .states),
        recurrence(cell, steps: 1, batch: 2, units: 1, hasState: true, isReversed: true, .sequence),
        recurrence(
          cell, steps: 3, batch: 3, units: 2, mask: [true, true, false, true, false, false, true, false, true],
          hasState: true, .states),
        recurrence(
          cell, steps: 3, batch: 2, units: 2, mask: [true, true, true, true, true, false], isReversed: true, .last),
      ]
    } + [
      GradientCase("embedded with padding", .signed([4, 3])) { x in
        // Without the padding rows, whose gradient is omitted.
        let tokens = Tensor(integers: [1, 0, 3, 1, 0, 2], on: x[0].device).reshaped([2, 3])
        let rows = x[0].squared().embedded(tokens, padding: 0)
        return rows.replacing(with: 0, where: (tokens .== 0).expanded(axis: -1)) * rows
      }
    ]
}
