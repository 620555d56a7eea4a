/// Examples of another dataset, drawn at random with replacement, in proportion to their weights: rare classes can be
/// shown more often (PyTorch's `WeightedRandomSampler`).
///
/// ```swift
/// let weights = labels.map { 1 / Double(counts[$0]) }
/// try model.fit(WeightedSample(data, weights: weights), epochs: 10)
/// ```
///
/// Each epoch has as many examples as the base dataset, drawn again each time. They depend only on the seed and the epoch, so a run
/// can be repeated and resumed. Used as validation data, it is the base dataset. A part of a sample, such as a `Subset` or
/// what `split` and the `validation: .split` of `fit` give, draws only examples of that part.
public struct WeightedSample: ResampledDataset {
  /// The base dataset.
  public let base: any Dataset
  /// The random seed.
  public let seed: UInt64
  private let weights: [Double]
  /// The sums of the weights up to each example, in units of the largest weight.
  private let sums: [Double]

  /// Creates a sample.
  /// - Parameters:
  ///   - base: The base dataset.
  ///   - weights: One finite number of at least 0 per example; they need not add up to 1. Examples with a weight of 0 are
  ///     never drawn. At least one weight is above 0.
  ///   - seed: The random seed.
  public init(_ base: any Dataset, weights: [Double], seed: UInt64 = 0) {
    if weights.count != base.count {
      ProgrammerError.end("WeightedSample: \(weights.count) weights, expected one for each of \(base.count) examples")
    }
    for (index, weight) in weights.enumerated() {
      Checks.size(weight, "the weight of example \(index)", of: "WeightedSample")
    }
    self.init(base, checked: weights, seed: seed)
    if sums.last == 0 { ProgrammerError.end("WeightedSample: all weights are 0, expected one above 0") }
  }

  private init(_ base: any Dataset, checked weights: [Double], seed: UInt64) {
    // Dividing first keeps the sum finite.
    let largest = weights.max().map { $0 > 0 ? $0 : 1 } ?? 1
    var (sums, sum) = ([Double](), 0.0)
    sums.reserveCapacity(weights.count)
    for weight in weights {
      sum += weight / largest
      sums.append(sum)
    }
    self.base = base
    self.seed = seed
    self.weights = weights
    self.sums = sums
  }

  public var count: Int { base.count }

  /// Returns the examples of an epoch.
  public func during(epoch: Int) -> any Dataset {
    Subset(base.examples(ofEpoch: epoch), indices: indices(ofEpoch: epoch))
  }

  /// The examples of the base dataset, for evaluation.
  public var original: any Dataset { base.measured }

  public func batch(at positions: [Int]) throws -> Batch { try base.batch(at: positions) }

  package func part(at positions: [Int]) -> (any Dataset)? {
    if let bad = positions.first(where: { !weights.indices.contains($0) }) {
      ProgrammerError.end("Subset: example \(bad) is out of range; the WeightedSample has \(count)")
    }
    return WeightedSample(Subset(base, indices: positions), checked: positions.map { weights[$0] }, seed: seed)
  }

  private func indices(ofEpoch epoch: Int) -> [Int] {
    guard let sum = sums.last else { return [] }
    // A part that is only evaluated may have such weights.
    if sum == 0 { ProgrammerError.end("WeightedSample: all weights of this part are 0, expected one above 0") }
    let random = RandomStream(seed: seed, purpose: "sample", step: UInt32(truncatingIfNeeded: epoch))
    let places = random.uniforms(2 * count)
    return (0..<count).map { draw in
      // Two numbers together tell more than 2²⁴ examples apart.
      index(at: (places[2 * draw] + places[2 * draw + 1] * 0x1p-24) * sum)
    }
  }

  /// Returns the first example whose sum is above a number.
  private func index(at place: Double) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
