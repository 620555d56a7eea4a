/// A dataset stored in two tensors: row i of the inputs belongs to row i of the targets.
///
/// A batch of consecutive examples shares the storage of the dataset. Other batches are gathered.
public struct TensorDataset: Dataset {
  /// The inputs, `[N, …]`.
  public let inputs: Tensor
  /// The targets: class indices `[N]` (int32), or numbers `[N, …]`.
  public let targets: Tensor
  /// The weight of each example, `[N]`; nil for equal weights.
  public let weights: Tensor?

  /// Creates a dataset from inputs and targets.
  /// - Parameters:
  ///   - inputs: One row per example.
  ///   - targets: One row per example. `fit` and `evaluate` reject a different number of rows.
  ///   - weights: The weight of each example, `[N]`, not negative.
  public init(_ inputs: Tensor, _ targets: Tensor, weights: Tensor? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }

  public var count: Int { inputs.shape.first ?? 0 }

  /// Returns the examples at these positions, in this order.
  /// - Throws: `TrainingError.rowCounts` if inputs, targets, and weights differ in length;
  ///   `TrainingError.noSuchExample` for a position out of range.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkRowCounts()
    if let bad = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw TrainingError.noSuchExample(index: bad, count: count)
    }
    return whole.rows(at: indices)
  }

  /// All examples as one batch.
  var whole: Batch { Batch(input: inputs, target: targets, weights: weights) }

  func checkRowCounts() throws {
    for tensor in [targets, weights].compactMap({ $0 }) where tensor.shape.first != inputs.shape.first {
      throw TrainingError.rowCounts(inputs: count, others: tensor.shape.first ?? 0)
    }
  }
}

extension Batch {
  /// Returns consecutive examples, without copying.
  package func rows(_ range: Range<Int>) -> Batch {
    Batch(inputs: inputs.map { $0[range] }, targets: targets.map { $0[range] }, weights: weights.map { $0[range] })
  }

  /// Returns the examples at these positions; consecutive ones without copying.
  package func rows(at indices: [Int]) -> Batch {
    if let first = indices.first, indices.indices.allSatisfy({ indices[$0] == first + $0 }) {
      return rows(first..<first + indices.count)
    }
    return gathered(Tensor(indices.map(Int32.init), on: input.device))
  }

  /// Returns the examples at these positions; `indices` is int32 on the device of the inputs.
  package func gathered(_ indices: Tensor) -> Batch {
    let gather: (Tensor) -> Tensor = { tensor in
      tensor.gathered(tensor.device == indices.device ? indices : indices.moved(to: tensor.device), axis: 0)
    }
    return Batch(inputs: inputs.map(gather), targets: targets.map(gather), weights: weights.map(gather))
  }
}
