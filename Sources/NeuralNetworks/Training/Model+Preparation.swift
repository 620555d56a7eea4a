extension Model {
  /// Makes the model ready for data of this kind: built, on its device, and with the shapes that data is checked against.
  func prepared(for example: Batch, terms: [LossTerm], seed: UInt64) throws -> DataChecks {
    try checkCount(of: example.inputs)
    try becomeReady(inputs: example.inputs, seed: seed)
    let outputs = try outputShapes(for: example.inputs)
    var rules = [TargetRule?](repeating: nil, count: outputs.count)
    for term in terms { rules[term.output] = term.loss.targetRule }
    let checks = DataChecks(
      inputs: inputShapes, outputs: outputs, rules: rules, layer: displayName, tokens: tokenRanges)
    try checks.checkShapes(example)
    return checks
  }

  /// Makes the model ready to predict, and returns the number of examples.
  func prepared(forPredicting inputs: [Tensor]) throws -> Int {
    try checkCount(of: inputs)
    guard let count = inputs.first?.shape.first, count > 0 else { throw TrainingError.emptyData("prediction") }
    for tensor in inputs where tensor.shape.first != count {
      throw TrainingError.rowCounts(inputs: count, others: tensor.shape.first ?? 0)
    }
    for tensor in inputs { try tensor.checkPoison() }
    try becomeReady(inputs: inputs, seed: 0)
    try checkElements(of: inputs)
    return count
  }

  /// A model that does not know its inputs yet goes from one tensor to one tensor.
  private func checkCount(of inputs: [Tensor]) throws {
    let expected = inputShapes.isEmpty ? 1 : inputShapes.count
    guard inputs.count == expected else {
      throw TrainingError.tensorCount(of: "inputs", expected: expected, found: inputs.count)
    }
  }
}
