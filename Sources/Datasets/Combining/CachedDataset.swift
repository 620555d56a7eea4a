import NeuralNetworks

/// Examples of another dataset that are kept in memory.
public struct CachedDataset: Dataset {
  private let whole: Batch

  fileprivate init(_ whole: Batch) { self.whole = whole }

  public var count: Int { whole.count }

  /// Returns the examples at these positions, in this order. A batch of consecutive examples shares their memory.
  /// - Throws: `TrainingError.noSuchExample` for a position out of range.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    return whole.rows(at: indices)
  }
}

extension CachedDataset: DatasetInTensors {}

extension Dataset {
  /// Reads all examples, without variation, and returns a dataset that keeps them in memory. Vary them afterwards:
  /// `folder.cached().augmented(…)`.
  /// - Parameter batchSize: The number of examples that are read at once, at least 1.
  /// - Throws: Errors of the dataset, and `DataError.examples` if it is empty or its batches have different forms.
  public func cached(batchSize: Int = 256) throws -> CachedDataset {
    if count == 0 { throw DataError.examples(reason: "cached: there are no examples") }
    var batches = (measured as any Dataset).batches(of: batchSize)
    var parts: [Batch] = []
    while let batch = try batches.next() { parts.append(batch) }
    return CachedDataset(try Batch.joined(parts, of: "cached"))
  }
}
