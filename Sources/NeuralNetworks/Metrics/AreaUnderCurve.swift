import HostSystem

extension Metric {
  /// The curve whose area is measured.
  public enum Curve: Sendable, Hashable {
    /// The fraction of correctly found yeses over the fraction of noes that are taken for yes, as the threshold varies.
    case roc
    /// Precision over recall, as the threshold varies.
    case precisionRecall
  }

  /// The area under the ROC curve, with 200 thresholds. See `auc(curve:thresholds:)`.
  public static var auc: Metric { auc() }

  /// The area under a curve: for `roc`, the probability that a random yes gets a larger prediction than a random no;
  /// 0.5 for predictions without information, and 1 for perfect ones. The names are "auc" and "precision_recall_auc".
  ///
  /// As Keras' `AUC`, it counts answers at equally spaced thresholds from 0 to 1, so that batches need not be kept, and
  /// connects the points of the curve: by lines, or for precision and recall by the interpolation of Davis and Goadrich
  /// (The Relationship between Precision-Recall and ROC Curves, 2006). It differs from scikit-learn's `roc_auc_score`,
  /// which takes each prediction as a threshold, if many predictions are between two thresholds. The value is 0 without
  /// any yes or any no.
  ///
  /// Targets have the shape of the predictions, and above 0.5 mean yes; each element counts. With class indices as
  /// targets, each pair of an example and a class counts as yes or no. Logits become probabilities according to the
  /// compiled loss: by a sigmoid for a yes-or-no loss, by a softmax for a loss over classes.
  /// - Parameters:
  ///   - curve: The curve.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func auc(curve: Curve = .roc, thresholds: Int = 200) -> Metric {
    Checks.count(thresholds, "thresholds", of: "auc", atLeast: 2)
    return Metric(
      curve == .roc ? "auc" : "precision_recall_auc",
      classes: { AreaAccumulator($0, curve, thresholds: thresholds) })
  }
}

/// Counts of yeses and noes above each threshold.
private struct AreaAccumulator: ResumableMetricAccumulator {
  let reading: ClassReading
  let curve: Metric.Curve
  let thresholds: [Double]
  /// The weights of yeses and of noes above each threshold: `[2, thresholds]`.
  private var counts = ClassTotals()

  init(_ reading: ClassReading, _ curve: Metric.Curve, thresholds count: Int) {
    self.reading = reading
    self.curve = curve
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
      let answers = (target.aligned(to: scores, for: "auc") .> 0.5).cast(to: scores.dtype)
      return (answers, weights?.aligned(toExamplesOf: scores).broadcast(to: scores.shape))
    }
    let labels = target.alignedLabels(to: scores, for: "auc")
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
    let (yes, no) = (Array(numbers.prefix(thresholds.count)), Array(numbers.suffix(thresholds.count)))
    guard yes[0] > 0, no[0] > 0 else { return 0 }
    let areas = (1..<thresholds.count).map { place in
      let (below, above) = ((yes[place - 1], no[place - 1]), (yes[place], no[place]))
      switch curve {
      case .roc: return (below.1 - above.1) / no[0] * (below.0 + above.0) / (2 * yes[0])
      case .precisionRecall: return area(from: below, to: above) / yes[0]
      }
    }
    return areas.reduce(0, +)
  }

  /// Returns the area under precision between two thresholds, where the hits are a linear function of the answers yes.
  private func area(from low: (yes: Double, no: Double), to high: (yes: Double, no: Double)) -> Double {
    let (hits, answers) = (low.yes - high.yes, low.yes + low.no - high.yes - high.no)
    guard answers > 0 else { return 0 }
    let slope = hits / answers
    let offset = high.yes - slope * (high.yes + high.no)
    let ratio = high.yes + high.no > 0 ? (low.yes + low.no) / (high.yes + high.no) : 1
    return slope * (hits + offset * log(ratio))
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
