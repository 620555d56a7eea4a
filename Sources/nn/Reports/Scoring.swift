import CommandSupport
import ModelFormats
import NeuralNetworks

/// A loss and an accuracy.
struct Scoring {
  let loss: Double
  let accuracy: Double

  /// `{"loss", "accuracy"}`.
  var json: JSONValue { ["loss": JSONValue(loss), "accuracy": JSONValue(accuracy)] }
  var text: String { "loss \(loss.fixed(4)), accuracy \((accuracy * 100).fixed(2)) %" }
}

extension Scoring {
  init(_ scores: Scores) { self.init(loss: scores.loss, accuracy: scores["accuracy"] ?? .nan) }
  init(_ epoch: EpochRecord) { self.init(loss: epoch["loss"] ?? .nan, accuracy: epoch["accuracy"] ?? .nan) }
}
