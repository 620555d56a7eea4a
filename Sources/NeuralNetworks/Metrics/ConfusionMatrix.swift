/// A confusion matrix: row r, column c counts the examples of class r that were predicted as c (scikit-learn's order).
/// The scalar result is the accuracy, trace / sum.
///
/// ```swift
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.confusionMatrix()])
/// let table = try model.evaluate(test).matrix("confusion_matrix")
/// ```
public struct ConfusionMatrix: MatrixMetricAccumulator, ResumableMetricAccumulator {
  private let threshold: Double
  /// A class index that does not count.
  private let ignored: Int32?
  private var counts = ClassTotals()

  /// Creates an accumulator.
  /// - Parameter threshold: Binary predictions above it count as class 1.
  public init(threshold: Double = 0.5) {
    Checks.number(threshold, "threshold", of: "ConfusionMatrix")
    self.init(threshold: threshold, ignoring: nil)
  }

  init(threshold: Double, ignoring ignored: Int32?) {
    self.threshold = threshold
    self.ignored = ignored
  }

  public mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    checked {
      let prediction = prediction.detached()
      let pairs = try ClassPairs(
        prediction: prediction, target: target.detached(), threshold: threshold, ignoring: ignored,
        for: "confusion matrix")
      var (predicted, actual) = pairs.oneHot(as: prediction.dtype)
      if let factors = pairs.weights(weights, as: prediction.dtype) {
        predicted = predicted * factors.reshaped([factors.count, 1])
      }
      counts.add(actual.transposed().matmul(predicted))
    }
  }

  public func matrix() throws -> [[Double]] {
    guard let counts = try counts.total() else { return [] }
    let numbers = try counts.scalars(as: Double.self)
    let classes = counts.shape[0]
    return (0..<classes).map { Array(numbers[($0 * classes)..<(($0 + 1) * classes)]) }
  }

  public func result() throws -> Double {
    let rows = try matrix()
    let total = rows.reduce(0) { $0 + $1.reduce(0, +) }
    let trace = rows.indices.reduce(0) { $0 + rows[$1][$1] }
    return total == 0 ? 0 : trace / total
  }

  public func state() -> ResumableState { counts.state() }

  public mutating func restore(_ state: ResumableState) throws {
    try counts.restore(state, expected: "[classes, classes]") { $0.count == 2 && $0[0] == $0[1] && $0[0] >= 2 }
  }
}

extension Metric {
  /// The confusion matrix. Its scalar value is the accuracy; its table is in `Scores.matrix("confusion_matrix")`.
  /// - Parameter threshold: Binary predictions above it count as class 1. By default, the threshold of the compiled
  ///   loss: 0 for logits, 0.5 for probabilities.
  public static func confusionMatrix(threshold: Double? = nil) -> Metric {
    Metric(
      "confusion_matrix", threshold: threshold,
      classes: { ConfusionMatrix(threshold: $0.threshold, ignoring: $0.ignored) })
  }

  /// The correlation between predicted and correct classes: 1 for perfect predictions, 0 for those without information.
  /// For two classes, (TP·TN − FP·FN) / √((TP + FP)·(TP + FN)·(TN + FP)·(TN + FN)), and its generalization for more
  /// (scikit-learn's `matthews_corrcoef`). The value is 0 if all predictions, or all targets, are one class.
  /// - Parameter threshold: As for `confusionMatrix`.
  public static func matthewsCorrelation(threshold: Double? = nil) -> Metric {
    Metric(
      "matthews_correlation", threshold: threshold,
      classes: { TableScoreAccumulator($0, score: matthewsCorrelation(of:)) })
  }

  /// The agreement of predicted and correct classes beyond chance, (a − c)/(1 − c): a is the accuracy, and c the
  /// accuracy that independent predictions with the same frequencies would have (scikit-learn's `cohen_kappa_score`).
  /// The value is 0 where c is 1.
  /// - Parameter threshold: As for `confusionMatrix`.
  public static func cohenKappa(threshold: Double? = nil) -> Metric {
    Metric(
      "cohen_kappa", threshold: threshold, classes: { TableScoreAccumulator($0, score: cohenKappa(of:)) })
  }

  private static func matthewsCorrelation(of table: ClassTable) -> Double {
    let (actual, predicted) = (1 - table.square(of: table.actual), 1 - table.square(of: table.predicted))
    return actual > 0 && predicted > 0 ? (table.accuracy - table.chance) / (actual * predicted).squareRoot() : 0
  }

  private static func cohenKappa(of table: ClassTable) -> Double {
    table.chance < 1 ? (table.accuracy - table.chance) / (1 - table.chance) : 0
  }
}

/// The shares of a confusion matrix.
private struct ClassTable {
  /// The sums of rows and columns.
  let actual, predicted: [Double]
  let accuracy: Double

  /// Returns nil if nothing was counted.
  init?(_ matrix: [[Double]]) {
    let total = matrix.reduce(0) { $0 + $1.reduce(0, +) }
    guard total > 0 else { return nil }
    actual = matrix.map { $0.reduce(0, +) / total }
    predicted = matrix.indices.map { column in matrix.reduce(0) { $0 + $1[column] } / total }
    accuracy = matrix.indices.reduce(0) { $0 + matrix[$1][$1] } / total
  }

  func square(of shares: [Double]) -> Double { shares.reduce(0) { $0 + $1 * $1 } }

  /// The accuracy of independent predictions.
  var chance: Double { zip(actual, predicted).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// A number computed from a confusion matrix.
private struct TableScoreAccumulator: ResumableMetricAccumulator {
  private var matrix: ConfusionMatrix
  private let score: @Sendable (ClassTable) -> Double

  init(_ reading: ClassReading, score: @escaping @Sendable (ClassTable) -> Double) {
    matrix = ConfusionMatrix(threshold: reading.threshold, ignoring: reading.ignored)
    self.score = score
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    matrix.update(prediction: prediction, target: target, weights: weights)
  }

  func result() throws -> Double { ClassTable(try matrix.matrix()).map(score) ?? 0 }
  func state() -> ResumableState { matrix.state() }
  mutating func restore(_ state: ResumableState) throws { try matrix.restore(state) }
}
