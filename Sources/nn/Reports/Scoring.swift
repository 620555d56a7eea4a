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
