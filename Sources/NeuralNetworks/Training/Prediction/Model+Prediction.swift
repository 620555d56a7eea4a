extension Model {
  /// Returns the predictions of a model with one output for the examples of a dataset, in order. Targets are ignored.
  /// - Parameters:
  ///   - data: The examples.
  ///   - batchSize: The number of examples that are processed at once.
  /// - Throws: The errors of `predict` with a tensor, and `TrainingError.severalOutputs` for a model with several
  ///   outputs.
  public func predict(_ data: some Dataset, batchSize: Int = 32) throws -> Tensor {
    try checkHasOneOutput("let outputs: [Tensor] = try model.predict(data)")
    let outputs: [Tensor] = try predict(data, batchSize: batchSize)
    return outputs[0]
  }

  /// - Parameter spelling: The replacement for a model with several outputs.
  /// - Throws: `TrainingError.severalOutputs`.
  func checkHasOneOutput(_ spelling: String) throws {
    if outputNames.count != 1 { throw TrainingError.severalOutputs(outputNames, spelling: spelling) }
  }

  /// Returns the predictions of a model with several outputs for the examples of a dataset: one tensor per output.
  @_disfavoredOverload
  public func predict(_ data: some Dataset, batchSize: Int = 32) throws -> [Tensor] {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    guard data.count > 0 else { throw TrainingError.emptyData("prediction") }
    var batches = (data.measured as any Dataset).batches(of: batchSize)
    var parts: [[Tensor]] = []
    while let batch = try batches.next() {
      parts.append(try predict(batch.inputs, batchSize: batchSize))
      try device.catchUp(after: parts.count)
    }
    return parts[0].indices.map { output in Tensor.concatenated(parts.map { $0[output] }) }
  }
}
