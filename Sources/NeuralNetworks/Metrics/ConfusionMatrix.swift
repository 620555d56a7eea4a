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
}
