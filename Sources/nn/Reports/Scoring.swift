import CommandSupport
import ModelFormats
import NeuralNetworks

/// A loss and the other scores of a task.
struct Scoring {
  let loss: Double
  let measures: Measures

  enum Measures {
    case accuracy(Double)
    case errors(RegressionErrors)
  }

  /// Creates the scores of a task.
  /// - Parameter value: Returns the measured value with the given name.
  init(_ task: LearningTask, _ value: (String) -> Double?) {
    func known(_ name: String) -> Double { value(name) ?? .nan }
    loss = known("loss")
    measures =
      task == .classification
      ? .accuracy(known("accuracy"))
      : .errors(RegressionErrors(mae: known("mae"), rmse: known("rmse"), r2: known("r2")))
  }

  init(_ task: LearningTask, _ scores: Scores) { self.init(task) { scores[$0] } }

  /// `{"loss", "accuracy"}`, or `{"loss", "mae", "rmse", "r2"}`.
  var json: JSONValue {
    switch measures {
    case .accuracy(let accuracy): ["loss": JSONValue(loss), "accuracy": JSONValue(accuracy)]
    case .errors(let errors):
      [
        "loss": JSONValue(loss), "mae": JSONValue(errors.mae), "rmse": JSONValue(errors.rmse),
        "r2": JSONValue(errors.r2),
      ]
    }
  }

  var text: String {
    switch measures {
    case .accuracy(let accuracy): "loss \(loss.fixed(4)), accuracy \((accuracy * 100).fixed(2)) %"
    case .errors(let errors): "loss \(loss.fixed(4)), \(errors.text)"
    }
  }
}

/// The errors of predicted values.
struct RegressionErrors {
  /// The mean absolute error, in the unit of the values.
  let mae: Double
  /// The root of the mean squared error.
  let rmse: Double
  /// 1 − Σ (actual − predicted)² / Σ (actual − mean)².
  let r2: Double

  init(mae: Double, rmse: Double, r2: Double) {
    (self.mae, self.rmse, self.r2) = (mae, rmse, r2)
  }

  /// Computes the errors.
  /// - Parameters:
  ///   - predicted: The predictions, at least one.
  ///   - actual: The same number of actual values.
  init(predicted: [Float], actual: [Float]) {
    let pairs = zip(predicted, actual).lazy.map { (predicted: Double($0), actual: Double($1)) }
    let count = Double(max(actual.count, 1))
    let mean = pairs.reduce(0) { $0 + $1.actual } / count
    let squares = pairs.reduce(0) { $0 + ($1.predicted - $1.actual) * ($1.predicted - $1.actual) }
    let spread = pairs.reduce(0) { $0 + ($1.actual - mean) * ($1.actual - mean) }
    mae = pairs.reduce(0) { $0 + ($1.predicted - $1.actual).magnitude } / count
    rmse = (squares / count).squareRoot()
    r2 = spread == 0 ? (squares == 0 ? 1 : 0) : 1 - squares / spread
  }

  /// The errors with their names.
  var facts: [(name: String, value: String)] {
    [("MAE", NumberText.short(mae)), ("RMSE", NumberText.short(rmse)), ("R²", NumberText.short(r2))]
  }

  var text: String { facts.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
}
