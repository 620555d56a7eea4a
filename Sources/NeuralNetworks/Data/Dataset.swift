/// Examples that can be counted and read in any order.
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
/// The next batch is read on another thread while the model works on this one; that is why a dataset is `Sendable`.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }
  /// The examples at these positions, in this order, each position from 0 to below `count`.
  func batch(at indices: [Int]) throws -> Batch
}

extension Dataset {
  /// The examples in batches.
  /// - Parameters:
  ///   - size: How many examples a batch has, at least 1; the last one may have fewer.
  ///   - random: Where the order comes from; each call draws the next order. Nil: the order of the dataset.
  ///   - device: Where the batches shall lie.
  ///   - droppingLast: Leaves out a last batch that is not full.
  public func batches(
    of size: Int, shuffledBy random: RandomStream? = nil, on device: Device = .cpu, droppingLast: Bool = false
  ) -> Batches {
    Batches(
      self, of: size, order: ExampleOrder(count: count, source: random.map { $0.nextSource() }), on: device,
      droppingLast: droppingLast)
  }

  /// Divides the examples at random: a part of them, and the rest. Each part keeps the order of the dataset.
  /// - Parameters:
  ///   - fraction: How much of the examples the first part gets, from 0 to 1; rounded to the nearest count.
  ///   - seed: Which examples; the same seed always gives the same parts, on every device.
  public func split(_ fraction: Double, seed: UInt64 = 0) -> (Subset, Subset) {
    guard fraction >= 0, fraction <= 1 else { fatalError("split: the fraction is from 0 to 1, not \(fraction)") }
    return split(count: Int((fraction * Double(count)).rounded()), seed: seed)
  }

  /// Divides the examples at random, `first` of them into the first part.
  func split(count first: Int, seed: UInt64) -> (Subset, Subset) {
    let order = ExampleOrder(count: count, source: RandomStream(seed: seed, purpose: "split", step: 0).nextSource())
    let indices = order.indices(in: 0..<count)
    return (
      Subset(self, indices: indices[..<first].sorted()), Subset(self, indices: indices[first...].sorted())
    )
  }
}
