/// Some examples of another dataset.
public struct Subset: VaryingDataset {
  /// Where the examples are.
  public let base: any Dataset
  /// Their positions in `base`; example i of the subset is example `indices[i]` of the base.
  public let indices: [Int]

  /// - Parameters:
  ///   - base: Where the examples are.
  ///   - indices: Their positions in `base`, from 0, in any order; one may occur more than once.
  public init(_ base: any Dataset, indices: [Int]) {
    self.base = base
    self.indices = indices
  }

  public var count: Int { indices.count }

  /// The same examples of a base that varies, as they are in an epoch.
  public func during(epoch: Int) -> any Dataset { Subset(base.examples(ofEpoch: epoch), indices: indices) }

  /// The same examples of a base that varies, as they are measured.
  public var original: any Dataset { Subset(base.measured, indices: indices) }

  public func batch(at positions: [Int]) throws -> Batch {
    if let bad = positions.first(where: { $0 < 0 || $0 >= count }) {
      throw TrainingError.noSuchExample(index: bad, count: count)
    }
    return try base.batch(at: positions.map { indices[$0] })
  }
}

extension Dataset {
  /// True for examples that lie in tensors: reading them costs less than handing them from thread to thread, and they never
  /// change, so that they are checked once.
  var liesInTensors: Bool {
    if self is TensorDataset { return true }
    return (self as? Subset)?.base.liesInTensors ?? false
  }
}
