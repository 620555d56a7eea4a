/// For each class: the number of examples predicted as the class, the number that belong to it, and the number of both.
struct ClassCounts: Sendable {
  let hits, predicted, actual: [Double]

  /// The classes that occur in predictions or targets.
  private var present: [Int] { hits.indices.filter { predicted[$0] > 0 || actual[$0] > 0 } }

  func precision(of index: Int) -> Double { ratio(hits[index], predicted[index]) }
  func recall(of index: Int) -> Double { ratio(hits[index], actual[index]) }
  /// (1 + β²)·hits / (predicted + β²·actual), the weighted harmonic mean of precision and recall.
  func fBeta(_ beta: Double, of index: Int) -> Double {
    ratio((1 + beta * beta) * hits[index], predicted[index] + beta * beta * actual[index])
  }
  /// The examples that are both predicted as the class and belong to it, divided by those that are either.
  func iou(of index: Int) -> Double { ratio(hits[index], predicted[index] + actual[index] - hits[index]) }

  /// Returns the mean over the classes that occur (scikit-learn's `macro`).
  func average(_ score: (Int) -> Double) -> Double {
    let classes = present
    return classes.isEmpty ? 0 : classes.reduce(0) { $0 + score($1) } / Double(classes.count)
  }

  private func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }
}

/// Accumulates `ClassCounts` on the device.
struct ClassScoreAccumulator: ResumableMetricAccumulator {
  enum Score: Sendable, Hashable {
    case precision, recall
    case fBeta(Double)
    case iou

    /// The name of the score in messages.
    var name: String {
      switch self {
      case .precision: "precision"
      case .recall: "recall"
      case .fBeta(let beta): beta == beta.rounded() ? "f\(Int(beta))" : "f\(beta)"
      case .iou: "iou"
      }
    }
  }

  let score: Score
  let reading: ClassReading
  /// The class to score; nil for class 1 of two, or the mean over all.
  let index: Int?
  private var isBinary = false
  /// Hits, predicted, actual: `[3, classes]`.
  private var counts = ClassTotals()

  init(_ score: Score, _ reading: ClassReading, class index: Int?) {
    self.score = score
    self.reading = reading
    self.index = index
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    checked {
      let (prediction, target, weights) = elements(prediction.detached(), target.detached(), weights?.detached())
      isBinary = prediction.rank < 2 || prediction.shape[prediction.rank - 1] == 1
      var (predicted, actual, factors) = try rows(prediction, target, weights)
      let classes = predicted.shape[1]
      if let index, index >= classes {
        try ProgrammerError.refuse("\(score.name): class \(index) of predictions with \(classes) classes")
      }
      let hits = predicted * actual
      var all = [hits, predicted, actual]
      if let factors {
        all = all.map { $0 * factors.reshaped([factors.count, 1]) }
      }
      (predicted, actual) = (all[1], all[2])
      counts.add(Tensor.stacked([all[0].sum(axis: 0), predicted.sum(axis: 0), actual.sum(axis: 0)]))
    }
  }

  /// Returns the operands of `update`. For `iou`, each element of yes-or-no outputs becomes an example: a pixel.
  private func elements(_ prediction: Tensor, _ target: Tensor, _ weights: Tensor?) -> (Tensor, Tensor, Tensor?) {
    guard score == .iou, reading.hasSeveralLabels(prediction) else { return (prediction, target, weights) }
    return (
      prediction.reshaped([-1]), target.aligned(to: prediction, for: score.name).reshaped([-1]),
      weights?.aligned(toExamplesOf: prediction).broadcast(to: prediction.shape).reshaped([-1])
    )
  }

  /// Returns rows `[examples, classes]` with 1 at the predicted classes and at the correct classes, and the weight of
  /// each row.
  private func rows(
    _ prediction: Tensor, _ target: Tensor, _ weights: Tensor?
  ) throws -> (predicted: Tensor, actual: Tensor, factors: Tensor?) {
    guard reading.hasSeveralLabels(prediction) else {
      let pairs = try ClassPairs(
        prediction: prediction, target: target, threshold: reading.threshold, ignoring: reading.ignored,
        for: score.name)
      let (predicted, actual) = pairs.oneHot(as: prediction.dtype)
      return (predicted, actual, pairs.weights(weights, as: prediction.dtype))
    }
    let shape = [-1, prediction.shape[prediction.rank - 1]]
    let actual = (target.aligned(to: prediction, for: score.name) .> 0.5).cast(to: prediction.dtype)
    let predicted = (prediction .> reading.threshold).cast(to: prediction.dtype)
    return (
      predicted.reshaped(shape), actual.reshaped(shape), weights?.aligned(toExamplesOf: predicted.max(axis: -1))
    )
  }

  func result() throws -> Double {
    guard let counts = try counts.total() else { return 0 }
    let numbers = try counts.scalars(as: Double.self)
    let classes = numbers.count / 3
    let table = ClassCounts(
      hits: Array(numbers[0..<classes]), predicted: Array(numbers[classes..<2 * classes]),
      actual: Array(numbers[(2 * classes)...]))
    let value: (Int) -> Double = { index in
      switch score {
      case .precision: table.precision(of: index)
      case .recall: table.recall(of: index)
      case .fBeta(let beta): table.fBeta(beta, of: index)
      case .iou: table.iou(of: index)
      }
    }
    if let index { return value(index) }
    return isBinary && score != .iou ? value(1) : table.average(value)
  }

  func state() -> ResumableState {
    var state = counts.state()
    state.numbers["isBinary"] = isBinary ? 1 : 0
    return state
  }

  mutating func restore(_ state: ResumableState) throws {
    isBinary = state.numbers["isBinary"] == 1
    let least = max(2, (index ?? 0) + 1)
    try counts.restore(state, expected: "[3, classes]") { $0.count == 2 && $0[0] == 3 && $0[1] >= least }
  }
}

extension ClassPairs {
  /// Returns both as one-hot rows, `[examples, classes]`. A class index out of range gives a row of zeros.
  func oneHot(as dtype: DType) -> (predicted: Tensor, actual: Tensor) {
    let rows = predicted.count
    let left = predicted.reshaped([rows]).oneHot(classes: classes)
    let right = actual.reshaped([rows]).oneHot(classes: classes)
    return (left.dtype == dtype ? left : left.cast(to: dtype), right.dtype == dtype ? right : right.cast(to: dtype))
  }
}

extension Metric {
  /// The fraction of the examples predicted as a class that belong to it. Binary predictions (`[N]` or `[N, 1]`) score
  /// class 1; predictions `[N, classes]` score the mean over the classes that occur (scikit-learn's `macro`). The value
  /// is 0 if there are no such predictions. The compiled loss determines the predicted class, as for `accuracy`. With a
  /// yes-or-no loss, predictions `[N, labels]` are compared with the threshold for each label separately.
  public static var precision: Metric { precision() }
  /// Precision with a threshold for binary predictions, or for one class.
  public static func precision(threshold: Double? = nil, class index: Int? = nil) -> Metric {
    classScore("precision", .precision, threshold, index)
  }

  /// The fraction of the examples of a class that were predicted as it, averaged like `precision`. The value is 0 if
  /// there are no such examples.
  public static var recall: Metric { recall() }
  /// Recall with a threshold for binary predictions, or for one class.
  public static func recall(threshold: Double? = nil, class index: Int? = nil) -> Metric {
    classScore("recall", .recall, threshold, index)
  }

  /// 2·precision·recall / (precision + recall) for each class, averaged like `precision`.
  public static var f1: Metric { f1() }
  /// F1 with a threshold for binary predictions, or for one class.
  public static func f1(threshold: Double? = nil, class index: Int? = nil) -> Metric {
    fBeta(1, threshold: threshold, class: index)
  }

  /// (1 + β²)·precision·recall / (β²·precision + recall) for each class, averaged like `precision`: recall counts β
  /// times as much as precision. The names are "f2" for β = 2, "f0.5" for β = 0.5. scikit-learn's `fbeta_score`, Keras'
  /// `FBetaScore` with `average="macro"`, except that its mean is over all classes.
  /// - Parameters:
  ///   - beta: The weight β, above 0.
  ///   - threshold: The threshold for binary predictions.
  ///   - index: The class to score.
  public static func fBeta(_ beta: Double, threshold: Double? = nil, class index: Int? = nil) -> Metric {
    guard beta > 0, beta <= 1e6 else {
      ProgrammerError.end("fBeta: beta is \(beta), expected a number above 0, up to 1e6")
    }
    let score = ClassScoreAccumulator.Score.fBeta(beta)
    return classScore(score.name, score, threshold, index)
  }

  /// The intersection over union of predicted and correct areas: for each class, the examples or pixels that are both
  /// predicted as the class and belong to it, divided by those that are either; the mean over the classes that occur,
  /// also of the two classes of binary predictions. Keras' `MeanIoU` and `BinaryIoU`.
  ///
  /// With a yes-or-no loss, each element of the predictions counts: a pixel of a mask.
  public static var meanIoU: Metric { meanIoU() }
  /// The mean intersection over union with a threshold for binary predictions.
  public static func meanIoU(threshold: Double? = nil) -> Metric { classScore("mean_iou", .iou, threshold, nil) }

  /// The intersection over union of one class, as for `meanIoU`: class 1 of binary predictions is yes. The name is
  /// "iou_1" for class 1. Keras' `IoU`.
  public static func iou(class index: Int, threshold: Double? = nil) -> Metric {
    classScore("iou", .iou, threshold, index)
  }

  private static func classScore(
    _ name: String, _ score: ClassScoreAccumulator.Score, _ threshold: Double?, _ index: Int?
  ) -> Metric {
    if let index, index < 0 { ProgrammerError.end("\(name): a class number is not negative, \(index) is") }
    return Metric(
      index.map { "\(name)_\($0)" } ?? name, threshold: threshold,
      classes: { reading in
        ClassScoreAccumulator(score, reading, class: index)
      })
  }
}

/// Counts by class, summed over batches on the device.
struct ClassTotals: Sendable {
  private var sum: Tensor?
  private var isRestored = false
  /// The reason why a restored state cannot be continued. It is detected when a batch is added, which cannot throw.
  private var fault: TrainingError?

  mutating func add(_ counts: Tensor) {
    if isRestored, let sum, sum.shape != counts.shape {
      fault = .state(reason: "counts of the shape \(sum.shape), where the model's have \(counts.shape)")
    } else {
      sum = counts.added(to: sum)
    }
  }

  /// Returns the sums; nil before the first batch.
  /// - Throws: `TrainingError.state` if the restored state has a different number of classes.
  func total() throws -> Tensor? {
    if let fault { throw fault }
    return sum
  }

  func state() -> ResumableState {
    var state = ResumableState()
    state.tensors["counts"] = sum
    return state
  }

  /// - Throws: `TrainingError.state` for counts of an incompatible shape.
  mutating func restore(_ state: ResumableState, expected: String, where fits: ([Int]) -> Bool) throws {
    sum = try state.tensor("counts", expected: expected, where: fits)
    isRestored = true
  }
}
