import BackendCore

/// A collection of examples with a known count and random access.
///
/// ```swift
/// struct Squares: Dataset {
///   let count = 1000
///   func batch(at indices: [Int]) throws -> Batch {
///     let x = Tensor(indices.map { Float($0) / 1000 }, shape: [indices.count, 1])
///     return Batch(input: x, target: x.squared())
///   }
/// }
/// ```
///
/// The next batch is read on another thread while the model processes the current one. Therefore, a dataset is
/// `Sendable`.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }
  /// Returns the examples at these positions, in this order. Each position is at least 0 and less than `count`.
  func batch(at indices: [Int]) throws -> Batch
}

extension Dataset {
  /// Returns the examples in batches.
  /// - Parameters:
  ///   - size: The batch size, at least 1. The last batch may be smaller.
  ///   - random: The source of random numbers for shuffling; each call draws a new order. Nil keeps the order of the
  ///     dataset.
  ///   - device: The device for the batches.
  ///   - droppingLast: Whether to omit a last batch that is not full.
  public func batches(
    of size: Int, shuffledBy random: RandomStream? = nil, on device: Device = .cpu, droppingLast: Bool = false
  ) -> Batches {
    Batches(
      self, of: size, order: ExampleOrder(of: self, source: random.map { $0.nextSource() }), on: device,
      droppingLast: droppingLast)
  }

  /// Splits the examples at random into two parts. Each part keeps the order of the dataset.
  /// - Parameters:
  ///   - fraction: The fraction of examples in the first part, from 0 to 1, rounded to the nearest count.
  ///   - seed: The random seed. The same seed always gives the same parts, on every device.
  public func split(_ fraction: Double, seed: UInt64 = 0) -> (Subset, Subset) {
    guard fraction >= 0, fraction <= 1 else {
      ProgrammerError.end("split: the fraction is from 0 to 1, not \(fraction)")
    }
    return split(count: Int((fraction * Double(count)).rounded()), seed: seed)
  }

  /// Splits the examples at random, with `first` of them in the first part.
  func split(count first: Int, seed: UInt64) -> (Subset, Subset) {
    var isInFirst = [Bool](repeating: false, count: count)
    do {  // so that the order is gone before the positions are written down
      let order = ExampleOrder(count: count, source: RandomStream(seed: seed, purpose: "split", step: 0).nextSource())
      for place in 0..<first { isInFirst[order.index(at: place)] = true }
    }
    var parts: ([Int], [Int]) = ([], [])
    parts.0.reserveCapacity(first)
    parts.1.reserveCapacity(count - first)
    for index in 0..<count { if isInFirst[index] { parts.0.append(index) } else { parts.1.append(index) } }
    return (Subset(self, indices: parts.0), Subset(self, indices: parts.1))
  }
}

/// A dataset whose examples differ in each epoch, such as augmented images or newly drawn negatives.
///
/// `fit` trains on `during(epoch:)` and evaluates validation data on `original`. Both have the `count` of the dataset.
/// The examples of `during(epoch:)` depend only on the epoch and the position, so a run can be repeated and resumed.
public protocol VaryingDataset: Dataset {
  /// Returns the examples of an epoch. Epochs are counted from 0.
  func during(epoch: Int) -> any Dataset
  /// The examples for evaluation and inference.
  var original: any Dataset { get }
}

/// A dataset whose epochs can have an example at other positions than its own. A part of it must not have the examples
/// of another part, such as those held back for validation.
package protocol ResampledDataset: VaryingDataset {
  /// Returns the examples at these positions, as a dataset that has no others in any epoch; nil if every example is at
  /// its own position in each epoch.
  func part(at positions: [Int]) -> (any Dataset)?
}

extension Dataset {
  /// Returns the examples of a training epoch.
  package func examples(ofEpoch epoch: Int) -> any Dataset {
    (self as? any VaryingDataset)?.during(epoch: epoch) ?? self
  }

  /// The examples without variation.
  package var measured: any Dataset { (self as? any VaryingDataset)?.original ?? self }
}

/// A dataset whose examples can be read fast only if their positions are close together, as in a few large files. It
/// determines the order of a shuffled pass.
package protocol LocalDataset: Dataset {
  /// Returns a permutation of the positions, determined by the source; nil for any permutation.
  func shuffledOrder(_ source: RandomSource) -> [Int32]?
}

/// A selection of examples from another dataset.
public struct Subset: ResampledDataset, LocalDataset {
  /// The base dataset.
  public let base: any Dataset
  /// The positions in `base`: example i of the subset is example `indices[i]` of the base. The base of a part of a
  /// `WeightedSample` is a sample of that part alone.
  public let indices: [Int]

  /// Creates a subset.
  /// - Parameters:
  ///   - base: The base dataset.
  ///   - indices: The positions in `base`, starting at 0, in any order. Duplicates are allowed.
  public init(_ base: any Dataset, indices: [Int]) {
    let part = (base as? any ResampledDataset)?.part(at: indices)
    self.base = part ?? base
    self.indices = part == nil ? indices : Array(indices.indices)
  }

  public var count: Int { indices.count }

  /// Resampled examples of the base are at their own positions.
  package func part(at positions: [Int]) -> (any Dataset)? { (base as? any ResampledDataset)?.part(at: positions) }

  /// The positions in the order in which the base dataset shuffles their examples.
  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    guard count <= Int(Int32.max), let order = (base as? any LocalDataset)?.shuffledOrder(source) else { return nil }
    // Reading reports a position out of range.
    guard indices.allSatisfy({ order.indices.contains($0) }) else { return nil }
    var places = [Int32](repeating: 0, count: order.count)
    for (place, index) in order.enumerated() { places[Int(index)] = Int32(place) }
    return (0..<Int32(count)).sorted {
      (places[indices[Int($0)]], $0) < (places[indices[Int($1)]], $1)
    }
  }

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

/// A dataset whose examples are stored in tensors and never change. Reading them costs less than passing them between
/// threads, and they are checked only once.
package protocol DatasetInTensors: Dataset {}

extension TensorDataset: DatasetInTensors {}

extension Dataset {
  /// Whether the examples are stored in tensors: of this dataset, or of the one from which they are selected.
  package var liesInTensors: Bool { self is any DatasetInTensors || (self as? Subset)?.base.liesInTensors ?? false }
}
