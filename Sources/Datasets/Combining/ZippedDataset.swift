import BackendCore
import NeuralNetworks

/// Examples whose inputs and targets come from two datasets, for models with several inputs or outputs.
public struct ZippedDataset: ResampledDataset, LocalDataset {
  private let first, second: any Dataset

  init(_ first: any Dataset, _ second: any Dataset) {
    if first.count != second.count {
      ProgrammerError.end(
        "zipped(with:): expected datasets of the same number of examples, found \(first.count) and \(second.count)")
    }
    (self.first, self.second) = (first, second)
  }

  public var count: Int { first.count }

  /// Returns the examples at these positions. If both datasets have weights, they are multiplied.
  public func batch(at indices: [Int]) throws -> Batch {
    let (a, b) = (try first.batch(at: indices), try second.batch(at: indices))
    let weights = a.weights.map { weights in b.weights.map { weights * $0 } ?? weights } ?? b.weights
    return Batch(inputs: a.inputs + b.inputs, targets: a.targets + b.targets, weights: weights)
  }

  public func during(epoch: Int) -> any Dataset {
    ZippedDataset(first.examples(ofEpoch: epoch), second.examples(ofEpoch: epoch))
  }

  public var original: any Dataset { ZippedDataset(first.measured, second.measured) }

  package func part(at positions: [Int]) -> (any Dataset)? {
    guard [first, second].contains(where: { ($0 as? any ResampledDataset)?.part(at: []) != nil }) else { return nil }
    return ZippedDataset(Subset(first, indices: positions), Subset(second, indices: positions))
  }

  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    (first as? any LocalDataset)?.shuffledOrder(source) ?? (second as? any LocalDataset)?.shuffledOrder(source)
  }
}

extension Dataset {
  /// Returns examples with the inputs and targets of both datasets, which have the same count: example i consists of
  /// example i of each.
  public func zipped(with other: any Dataset) -> ZippedDataset { ZippedDataset(self, other) }
}
