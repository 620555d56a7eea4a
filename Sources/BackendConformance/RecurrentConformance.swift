import BackendCore

/// Recurrent cells, sequences of them, and their gradients, with and without a mask and an initial state.
extension ConformanceRunner {
  func examineRecurrent() {
    for cell in RecurrentCell.allCases {
      let random = (0..<4).map { _ in (numbers.extent(upTo: 40), numbers.extent(upTo: 130)) }
      for (batch, units) in [(1, 1), (3, 5), (4, 33), (2, 130), (17, 16), (0, 3)] + random {
        for hasMask in [false, true] {
          for hasPrevious in [false, true] {
            let form = RecurrentForm(cell, 1, batch, units, hasMask: hasMask, hasState: hasPrevious)
            examineCell(form)
            examineCellGradient(form, hasOutput: hasMask != hasPrevious)
          }
        }
      }
      for (steps, batch, units) in [(1, 2, 3), (4, 1, 7), (5, 3, 33), (3, 35, 18), (2, 0, 3)] {
        for (index, isReversed) in [false, true, false, true].enumerated() {
          var form = RecurrentForm(cell, steps, batch, units, hasMask: index > 1, hasState: index % 3 == 0)
          form.shape.isReversed = isReversed
          examineSequence(form)
          examineSequenceGradient(form, hasOutputs: index != 1)
        }
      }
    }
  }

  private func examineCell(_ form: RecurrentForm) {
    let values = form.values(&numbers)
    examine("recurrentCell \(form.shape.cell) float32", form.description, isFused: true) { testCase in
      let step = form.step(values, in: &testCase)
      return { backend, s in
        try backend.recurrentCell(
          form.shape.cell, step.map { s[$0] }, batch: form.shape.batch, units: form.shape.units)
      }
    }
  }

  private func examineCellGradient(_ form: RecurrentForm, hasOutput: Bool) {
    let (values, upstream) = (form.valuesAfter(&numbers), form.upstreamGradients(&numbers))
    let shape = form.shape
    examine("recurrentCellGradient \(shape.cell) float32", form.description, isFused: true) { testCase in
      let step = form.finishedStep(values, in: &testCase)
      let gradients = RecurrentStepGradients(
        output: hasOutput ? testCase.input(upstream.outputs, offset: 1) : nil,
        hidden: testCase.updated(upstream.state, offset: 2, within: form.tolerance, name: "hidden"),
        cell: shape.cell.hasCellState
          ? testCase.updated(upstream.cell, offset: 1, within: form.tolerance, name: "cell") : nil,
        gates: testCase.output(shape.sumCount, offset: 3, within: form.tolerance, name: "gates"),
        recurrent: shape.cell.separatesRecurrentSums
          ? testCase.output(shape.sumCount, offset: 1, within: form.tolerance, name: "recurrent") : nil)
      return { backend, s in
        try backend.recurrentCellGradient(
          shape.cell, step.map { s[$0] }, gradients.map { s[$0] }, batch: shape.batch, units: shape.units)
      }
    }
  }

  private func examineSequence(_ form: RecurrentForm) {
    let values = form.values(&numbers)
    examine("recurrence \(form.shape.cell) float32", form.description, isFused: true) { testCase in
      let operands = form.sequence(values, in: &testCase)
      return { backend, s in try backend.recurrence(form.shape, operands.map { s[$0] }) }
    }
  }

  private func examineSequenceGradient(_ form: RecurrentForm, hasOutputs: Bool) {
    let (values, upstream) = (form.valuesAfter(&numbers), form.upstreamGradients(&numbers))
    let shape = form.shape
    examine("recurrenceGradient \(shape.cell) float32", form.description, isFused: true) { testCase in
      let operands = form.finishedSequence(values, in: &testCase)
      let gradients = RecurrenceGradients(
        outputs: hasOutputs ? testCase.input(upstream.outputs, offset: 1) : nil,
        hidden: testCase.updated(upstream.state, offset: 2, within: form.tolerance, name: "hidden"),
        cell: shape.cell.hasCellState
          ? testCase.updated(upstream.cell, offset: 1, within: form.tolerance, name: "cell") : nil,
        gates: testCase.output(shape.steps * shape.sumCount, offset: 3, within: form.tolerance, name: "gates"),
        recurrent: shape.cell.separatesRecurrentSums
          ? testCase.output(shape.steps * shape.sumCount, offset: 1, within: form.tolerance, name: "recurrent") : nil,
        reachesInitialState: true)
      return { backend, s in
        try backend.recurrenceGradient(shape, operands.map { s[$0] }, gradients.map { s[$0] })
      }
    }
  }
}

/// The configuration of a case with cells.
private struct RecurrentForm: CustomStringConvertible {
  var shape: RecurrenceShape
  let hasMask, hasState: Bool

  init(_ cell: RecurrentCell, _ steps: Int, _ batch: Int, _ units: Int, hasMask: Bool, hasState: Bool) {
    shape = RecurrenceShape(cell, steps: steps, batch: batch, units: units)
    self.hasMask = hasMask
    self.hasState = hasState
  }

  var description: String {
    "\(shape.steps) steps\(shape.isReversed ? " reversed" : ""), [\(shape.batch), \(shape.units)]"
      + (hasMask ? ", masked" : "") + (hasState ? ", with a state before" : "")
  }

  /// A few ulps of numbers up to 8 for each function, propagated by each step.
  var tolerance: Tolerance { .mixed(ulps: 16, absolute: 24 * Double(shape.steps)) }

  struct Values {
    var weight, bias, hidden, cell, mask, gates, recurrent, hiddenAfter, cellsAfter: [Double]
  }

  private var states: Int { shape.steps * shape.stateCount }
  private var sums: Int { shape.steps * shape.sumCount }

  /// Values before the call.
  func values(_ numbers: inout Numbers) -> Values {
    let bound = 1 / Double(shape.units).squareRoot()
    return Values(
      weight: numbers.floats(shape.units * shape.gates, in: -bound...bound), bias: numbers.floats(shape.gates),
      hidden: numbers.floats(shape.stateCount), cell: numbers.floats(shape.stateCount, in: -2...2),
      mask: numbers.bools(shape.steps * shape.batch), gates: numbers.floats(sums, in: -4...4),
      recurrent: numbers.floats(sums, in: -2...2), hiddenAfter: [], cellsAfter: [])
  }

  /// Values after the call: any possible numbers for gates and states.
  func valuesAfter(_ numbers: inout Numbers) -> Values {
    var values = values(&numbers)
    values.gates = numbers.floats(sums, in: 0...1)
    values.hiddenAfter = numbers.floats(states)
    values.cellsAfter = numbers.floats(states, in: -2...2)
    return values
  }

  func upstreamGradients(_ numbers: inout Numbers) -> (outputs: [Double], state: [Double], cell: [Double]) {
    (numbers.floats(states), numbers.floats(shape.stateCount), numbers.floats(shape.stateCount))
  }

  private func recurrentSums(_ values: Values, in testCase: inout ConformanceCase) -> ConformanceCase.Operand? {
    shape.cell.separatesRecurrentSums
      ? testCase.updated(values.recurrent, offset: 1, within: tolerance, name: "recurrent") : nil
  }

  func step(_ values: Values, in testCase: inout ConformanceCase) -> RecurrentStep<ConformanceCase.Operand> {
    let hasCell = shape.cell.hasCellState
    return RecurrentStep(
      gates: testCase.updated(values.gates, offset: 3, within: tolerance, name: "gates"),
      recurrent: recurrentSums(values, in: &testCase),
      recurrentBias: shape.cell.separatesRecurrentSums ? testCase.input(values.bias, offset: 2) : nil,
      mask: hasMask ? testCase.input(values.mask, .bool, offset: 1) : nil,
      previousHidden: hasState ? testCase.input(values.hidden, offset: 1) : nil,
      previousCell: hasState && hasCell ? testCase.input(values.cell, offset: 2) : nil,
      hidden: testCase.output(shape.stateCount, offset: 1, within: tolerance, name: "hidden"),
      cell: hasCell ? testCase.output(shape.stateCount, offset: 3, within: tolerance, name: "cell") : nil)
  }

  func finishedStep(_ values: Values, in testCase: inout ConformanceCase) -> RecurrentStep<ConformanceCase.Operand> {
    let (isSeparate, hasCell) = (shape.cell.separatesRecurrentSums, shape.cell.hasCellState)
    return RecurrentStep(
      gates: testCase.input(values.gates, offset: 3),
      recurrent: isSeparate ? testCase.input(values.recurrent, offset: 1) : nil,
      recurrentBias: isSeparate ? testCase.input(values.bias, offset: 2) : nil,
      mask: hasMask ? testCase.input(values.mask, .bool, offset: 1) : nil,
      previousHidden: hasState ? testCase.input(values.hidden, offset: 1) : nil,
      previousCell: hasState && hasCell ? testCase.input(values.cell, offset: 2) : nil,
      hidden: testCase.input(values.hiddenAfter, offset: 1),
      cell: hasCell ? testCase.input(values.cellsAfter, offset: 3) : nil
    )
  }

  func sequence(_ values: Values, in testCase: inout ConformanceCase) -> RecurrenceOperands<ConformanceCase.Operand> {
    let hasCell = shape.cell.hasCellState
    return RecurrenceOperands(
      weight: testCase.input(values.weight, offset: 1),
      recurrentBias: shape.cell.separatesRecurrentSums ? testCase.input(values.bias, offset: 2) : nil,
      initialHidden: hasState ? testCase.input(values.hidden, offset: 1) : nil,
      initialCell: hasState && hasCell ? testCase.input(values.cell, offset: 2) : nil,
      mask: hasMask ? testCase.input(values.mask, .bool, offset: 1) : nil,
      gates: testCase.updated(values.gates, offset: 3, within: tolerance, name: "gates"),
      recurrent: shape.cell.separatesRecurrentSums
        ? testCase.output(sums, offset: 1, within: tolerance, name: "recurrent") : nil,
      hidden: testCase.output(states, offset: 1, within: tolerance, name: "hidden"),
      cells: hasCell ? testCase.output(states, offset: 3, within: tolerance, name: "cells") : nil)
  }

  func finishedSequence(_ values: Values, in testCase: inout ConformanceCase) -> RecurrenceOperands<
    ConformanceCase.Operand
  > {
    let (isSeparate, hasCell) = (shape.cell.separatesRecurrentSums, shape.cell.hasCellState)
    return RecurrenceOperands(
      weight: testCase.input(values.weight, offset: 1),
      recurrentBias: isSeparate ? testCase.input(values.bias, offset: 2) : nil,
      initialHidden: hasState ? testCase.input(values.hidden, offset: 1) : nil,
      initialCell: hasState && hasCell ? testCase.input(values.cell, offset: 2) : nil,
      mask: hasMask ? testCase.input(values.mask, .bool, offset: 1) : nil,
      gates: testCase.input(values.gates, offset: 3),
      recurrent: isSeparate ? testCase.input(values.recurrent, offset: 1) : nil,
      hidden: testCase.input(values.hiddenAfter, offset: 1),
      cells: hasCell ? testCase.input(values.cellsAfter, offset: 3) : nil
    )
  }
}
