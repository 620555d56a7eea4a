/// For each class, how many examples were predicted as it, how many are of it, and how many are both.
struct ClassCounts: Sendable {
  let hits, predicted, actual: [Double]

  /// The classes that occur in predictions or targets.
  private var present: [Int] { hits.indices.filter { predicted[$0] > 0 || actual[$0] > 0 } }

  func precision(of index: Int) -> Double { ratio(hits[index], predicted[index]) }
  func recall(of index: Int) -> Double { ratio(hits[index], actual[index]) }
  /// 2·hits / (predicted + actual), the harmonic mean of precision and recall.
  func f1(of index: Int) -> Double { ratio(2 * hits[index], predicted[index] + actual[index]) }

  /// The score of class 1 of two, the mean over the classes that occur of more (scikit-learn's `macro`).
  func average(_ score: (Int) -> Double, isBinary: Bool) -> Double {
    if isBinary { return score(1) }
    let classes = present
    return classes.isEmpty ? 0 : classes.reduce(0) { $0 + score($1) } / Double(classes.count)
  }

  private func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }
}

/// Gathers `ClassCounts` on the device.
struct ClassScoreAccumulator: ResumableMetricAccumulator {
  enum Score: Sendable { case precision, recall, f1 }

  let score: Score
  let threshold: Double
  /// The class that is looked at; nil for class 1 of two, or the mean over all.
  let index: Int?
  private var isBinary = false
  /// Hits, predicted, actual: `[3, classes]`.
  private var counts = ClassTotals()

  init(_ score: Score, threshold: Double, class index: Int?) {
    self.score = score
    self.threshold = threshold
    self.index = index
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    let prediction = prediction.detached()
    let pairs = ClassPairs(prediction: prediction, target: target.detached(), threshold: threshold, for: "\(score)")
    isBinary = prediction.rank < 2 || prediction.shape[prediction.rank - 1] == 1
    if let index, index >= pairs.classes {
      fatalError("\(score): class \(index) of predictions with \(pairs.classes) classes")
    }
    var (predicted, actual) = pairs.oneHot(as: prediction.dtype)
    let hits = predicted * actual
    var all = [hits, predicted, actual]
    if let weights {
      let factors = weights.detached().aligned(toExamplesOf: pairs.predicted.cast(to: prediction.dtype))
      all = all.map { $0 * factors.reshaped([factors.count, 1]) }
    }
    (predicted, actual) = (all[1], all[2])
    counts.add(Tensor.stacked([all[0].sum(axis: 0), predicted.sum(axis: 0), actual.sum(axis: 0)]))
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
      case .f1: table.f1(of: index)
      }
    }
    if let index { return value(index) }
    return table.average(value, isBinary: isBinary)
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
  /// Both as rows with a 1 at the class, `[examples, classes]`; a class number out of range gives a row of zeros.
  func oneHot(as dtype: DType) -> (predicted: Tensor, actual: Tensor) {
    let rows = predicted.count
    let left = predicted.reshaped([rows]).oneHot(classes: classes)
    let right = actual.reshaped([rows]).oneHot(classes: classes)
    return (left.dtype == dtype ? left : left.cast(to: dtype), right.dtype == dtype ? right : right.cast(to: dtype))
  }
}

extension Metric {
  /// Of what was predicted as a class, the part that is of it. Binary predictions (`[N]` or `[N, 1]`, above 0.5) score class
  /// 1; predictions `[N, classes]` score the mean over the classes that occur (scikit-learn's `macro`). 0 where nothing was
  /// predicted.
  public static var precision: Metric { precision() }
  /// Precision with a threshold for binary predictions, or of one class.
  public static func precision(threshold: Double = 0.5, class index: Int? = nil) -> Metric {
    classScore("precision", .precision, threshold, index)
  }

  /// Of what is of a class, the part that was predicted as it; averaged as `precision` is. 0 where there is nothing of it.
  public static var recall: Metric { recall() }
  /// Recall with a threshold for binary predictions, or of one class.
  public static func recall(threshold: Double = 0.5, class index: Int? = nil) -> Metric {
    classScore("recall", .recall, threshold, index)
  }

  /// 2·precision·recall / (precision + recall) of each class; averaged as `precision` is.
  public static var f1: Metric { f1() }
  /// F1 with a threshold for binary predictions, or of one class.
  public static func f1(threshold: Double = 0.5, class index: Int? = nil) -> Metric {
    classScore("f1", .f1, threshold, index)
  }

  private static func classScore(
    _ name: String, _ score: ClassScoreAccumulator.Score, _ threshold: Double, _ index: Int?
  ) -> Metric {
    if let index, index < 0 { fatalError("\(name): a class number is not negative, \(index) is") }
    return Metric(index.map { "\(name)_\($0)" } ?? name) {
      ClassScoreAccumulator(score, threshold: threshold, class: index)
    }
  }
}
