/// The loss of one output and its weight.
struct LossTerm: Sendable {
  var output: Int
  /// The name of the output.
  var name: String
  var loss: Loss
  var weight: Double
  /// Whether the loss is used as a metric with its name.
  var isMetric = false

  /// Returns the name of an output's loss among the values of an epoch.
  static func valueName(of output: String) -> String { "\(output)_loss" }
}

/// The losses of a batch.
struct BatchLoss: Sendable {
  /// The weighted sum over the outputs: a scalar.
  var total: Tensor
  /// The unweighted loss of each output.
  var parts: [ReducedLoss]
}

extension [LossTerm] {
  /// Whether the sum is the only loss.
  var isSingle: Bool { count == 1 && self[0].weight == 1 }

  /// Returns the losses of the outputs and their weighted sum.
  func reduced(_ predictions: [Tensor], _ targets: [Tensor], weights: Tensor?) -> BatchLoss {
    let parts = map { term in
      let prediction = predictions[term.output]
      // Built-in losses align targets themselves, and their messages name the expected shape.
      let target = term.loss.targetRule == .any ? targets[term.output].withAxes(of: prediction) : targets[term.output]
      return term.loss.reduced(prediction, target, weights: weights)
    }
    let scaled = zip(self, parts).map { $0.weight == 1 ? $1.mean : $1.mean * $0.weight }
    guard let first = scaled.first else { fatalError("a loss of no outputs") }
    return BatchLoss(total: scaled.dropFirst().reduce(first, +), parts: parts)
  }
}
