/// A selection of examples from another dataset.
public struct Subset: VaryingDataset {
  /// The base dataset.
  public let base: any Dataset
  /// The positions in `base`: example i of the subset is example `indices[i]` of the base.
  public let indices: [Int]

  /// Creates a subset.
  /// - Parameters:
  ///   - base: The base dataset.
  ///   - indices: The positions in `base`, starting at 0, in any order. Duplicates are allowed.
  public init(_ base: any Dataset, indices: [Int]) {
    self.base = base
    self.indices = indices
  }

  public var count: Int { indices.count }

  /// Returns the same examples of a varying base dataset, for an epoch.
  public func during(epoch: Int) -> any Dataset { Subset(base.examples(ofEpoch: epoch), indices: indices) }

  /// The same examples of a varying base dataset, for evaluation.
  public var original: any Dataset { Subset(base.measured, indices: indices) }

  public func batch(at positions: [Int]) throws -> Batch {
    if let bad = positions.first(where: { $0 < 0 || $0 >= count }) {
      throw TrainingError.noSuchExample(index: bad, count: count)
    }
    return try base.batch(at: positions.map { indices[$0] })
  }
}

extension Dataset {
  /// Whether the examples are stored in tensors. Reading them costs less than passing them between threads, and they
  /// never change, so they are checked only once.
  var liesInTensors: Bool {
    if self is TensorDataset { return true }
    return (self as? Subset)?.base.liesInTensors ?? false
  }
}
