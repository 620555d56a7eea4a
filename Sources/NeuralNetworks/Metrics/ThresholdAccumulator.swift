/// The weights of yeses and of noes whose predictions are above each threshold; all of them for the first one.
struct ThresholdCounts {
  let yes, no: [Double]
}

/// A function of the weights of yeses and of noes above thresholds.
struct ThresholdAccumulator: ResumableMetricAccumulator {
  private let reading: ClassReading
  private let thresholds: [Double]
  private let value: @Sendable (ThresholdCounts) -> Double
  /// The weights of yeses and of noes above each threshold: `[2, thresholds]`.
  private var counts = ClassTotals()

  /// Creates an accumulator with equally spaced thresholds from 0 to 1.
  init(_ reading: ClassReading, thresholds count: Int, _ value: @escaping @Sendable (ThresholdCounts) -> Double) {
    self.reading = reading
    self.value = value
    // Every prediction is above the first threshold, and none above the last one.
    let last = Double(count - 1)
    var thresholds = (0..<count).map { (place: Int) -> Double in Double(place) / last }
    thresholds[0] = -.infinity
    thresholds[count - 1] = .infinity
    self.thresholds = thresholds
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    let scores = reading.probabilities(prediction.detached())
    let (answers, factors) = answers(scores, target.detached(), weights?.detached())
    let isYes = answers.reshaped([1, answers.count])
    var sides = Tensor.concatenated([isYes, 1 - isYes])
    if let factors { sides = sides * factors.reshaped([1, factors.count]) }
    let limits = Tensor(thresholds, dtype: scores.dtype, on: scores.device)
    // A score belongs to the last threshold below it, and counts for all thresholds up to that one. NaN is above none.
    let flat = scores.reshaped([scores.count])
    let place = limits.searchSorted(flat).replacing(with: 0, where: flat.isNaN())
    let sums = Tensor.zeros([thresholds.count + 1, 2], dtype: scores.dtype, on: scores.device)
      .scatterAdded(sides.transposed(), at: place)
    counts.add(sums[1...].cumulativeSum(axis: 0, reversed: true).transposed())
  }

  /// Returns 1 for yes and 0 for no, in the shape of the scores, and the weight of each; nil if all are equal.
  private func answers(_ scores: Tensor, _ target: Tensor, _ weights: Tensor?) -> (Tensor, Tensor?) {
    guard Loss.areLabels(target.shape, for: scores.shape), scores.shape[scores.rank - 1] > 1 else {
      let answers = (target.aligned(to: scores, for: "a metric of thresholds") .> 0.5).cast(to: scores.dtype)
      return (answers, weights?.aligned(toExamplesOf: scores).broadcast(to: scores.shape))
    }
    let labels = target.alignedLabels(to: scores, for: "a metric of thresholds")
    let answers = labels.oneHot(classes: scores.shape[scores.rank - 1]).cast(to: scores.dtype)
    var factors = weights?.aligned(toExamplesOf: labels.cast(to: scores.dtype))
    if let ignored = reading.ignored {
      let mask = (labels .!= Int(ignored)).cast(to: scores.dtype)
      factors = factors.map { $0 * mask } ?? mask
    }
    return (answers, factors?.expanded(axis: -1).broadcast(to: scores.shape))
  }

  func result() throws -> Double {
    guard let counts = try counts.total() else { return 0 }
    let numbers = try counts.scalars(as: Double.self)
    return value(
      ThresholdCounts(
        yes: Array(numbers.prefix(thresholds.count)), no: Array(numbers.suffix(thresholds.count))))
  }

  func state() -> ResumableState { counts.state() }

  mutating func restore(_ state: ResumableState) throws {
    let expected = [2, thresholds.count]
    try counts.restore(state, expected: "\(expected)") { $0 == expected }
  }
}

extension ClassReading {
  /// Returns outputs as probabilities.
  fileprivate func probabilities(_ outputs: Tensor) -> Tensor {
    switch meaning {
    case .binaryLogits, .margins: outputs.sigmoid()
    case .logits: outputs.softmax(axis: -1)
    case .logProbabilities: outputs.exp()
    case .any, .numbers, .binaryProbabilities, .probabilities: outputs
    }
  }
}
