extension Model {
  /// Prepares the model for data of this kind: builds it, moves it to its device, and determines the shapes for
  /// checking data.
  /// - Parameter examples: The number of examples in a batch.
  func prepared(
    for example: Batch, terms: [LossTerm], metrics: [MetricTerm], examples: Int, seed: UInt64
  ) throws -> DataChecks {
    try checkMeaning(of: terms)
    try metrics.checkMeanings(against: terms)
    try checkMeaning(of: metrics.lossTerms)
    try checkCount(of: example.inputs)
    try becomeReady(inputs: example.inputs, seed: seed)
    let outputs = try outputShapes(for: example.inputs, examples: examples)
    try checkOutputs(outputs, terms + metrics.lossTerms)
    var checks = checks(of: terms)
    checks.tokens = traced.tokenRanges
    checks.classMetrics = terms.classMetrics(among: metrics)
    try checks.checkShapes(example)
    return checks
  }

  /// Returns the requirements on data for the model's most recent inputs, except for tokens.
  func checks(of terms: [LossTerm]) -> DataChecks {
    var rules = [TargetRule?](repeating: nil, count: traced.outputs.count)
    for term in terms { rules[term.output] = term.loss.targetRule }
    return DataChecks(inputs: inputShapes, outputs: traced.outputs, rules: rules, layer: displayName)
  }

  /// Makes the model ready to predict, and returns the number of examples.
  func prepared(forPredicting inputs: [Tensor], batchSize: Int = .max) throws -> Int {
    let count = try checkedCount(of: inputs)
    try becomeReady(inputs: inputs, seed: 0)
    try checkElements(of: inputs, examples: min(count, batchSize))
    return count
  }

  /// Checks inputs for a prediction with other parameter values than the current ones, which do not change.
  func check(forPredicting inputs: [Tensor]) throws {
    let count = try checkedCount(of: inputs)
    try takeShapes(of: inputs)
    try checkElements(of: inputs, examples: count)
  }

  /// Returns the number of examples, which must be equal in all inputs.
  private func checkedCount(of inputs: [Tensor]) throws -> Int {
    try checkCount(of: inputs)
    if let index = inputs.firstIndex(where: { $0.rank == 0 }) {
      let expected = inputShapes.isEmpty ? [] : inputShapes[index]
      throw ModelError.missingBatchAxis(layer: inputName(index), expected: expected, found: [])
    }
    guard let count = inputs.first?.shape.first, count > 0 else { throw TrainingError.emptyData("prediction") }
    for tensor in inputs where tensor.shape.first != count {
      throw TrainingError.rowCounts(inputs: count, others: tensor.shape.first ?? 0)
    }
    for tensor in inputs { try tensor.checkPoison() }
    return count
  }

  /// Checks the number of inputs. A model whose inputs are not known yet maps one tensor to one tensor.
  func checkCount(of inputs: [Tensor]) throws {
    let expected = inputShapes.isEmpty ? 1 : inputShapes.count
    guard inputs.count == expected else {
      throw TrainingError.tensorCount(of: "inputs", expected: expected, found: inputs.count)
    }
  }
}

extension Model {
  /// Rejects training that cannot change anything. If every parameter is frozen, statistics may still change.
  /// - Throws: `TrainingError.nothingTrainable`; `.quantized` for a model with weights in integers.
  func checkTrainable() throws {
    if let path = quantizedPaths.first { throw TrainingError.quantized(path: path) }
    let parameters = parameters
    guard parameters.trainableCount == 0 else { return }
    if parameters.entries.contains(where: { $0.parameter.isState && !$0.parameter.isFrozen }) { return }
    throw TrainingError.nothingTrainable(parameters: parameters.count)
  }
}
