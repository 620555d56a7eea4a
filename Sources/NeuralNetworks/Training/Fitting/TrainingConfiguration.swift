/// The settings from `compile`.
package struct TrainingConfiguration {
  package let optimizer: Optimizer
  package let loss: Loss
  package let metrics: [Metric]

  /// The names of the values of an epoch, without validation.
  package var valueNames: [String] {
    let losses = loss.parts.count > 1 ? loss.parts.map { LossTerm.valueName(of: $0.output) } : []
    return ["loss"] + losses + metrics.map(\.name)
  }

  /// Returns the losses by output, with their weights.
  /// - Throws: `TrainingError` if outputs and losses do not match.
  func terms(outputs: [String]) throws -> [LossTerm] {
    guard !loss.parts.isEmpty else {
      guard outputs.count == 1 else { throw TrainingError.ambiguousLoss(loss.name, outputs: outputs) }
      return [LossTerm(output: 0, name: outputs[0], loss: loss, weight: 1)]
    }
    for name in loss.weightedOutputs { _ = try TrainingConfiguration.index(of: name, in: loss.parts.map(\.output)) }
    var seen: Set<Int> = []
    return try loss.parts.map { part in
      let index = try TrainingConfiguration.index(of: part.output, in: outputs)
      guard seen.insert(index).inserted else {
        throw TrainingError.mismatchedLoss(reason: "the output \"\(part.output)\" has two losses")
      }
      guard part.weight.isFinite else {
        throw TrainingError.weight(of: "the loss of \"\(part.output)\"", value: part.weight)
      }
      return LossTerm(output: index, name: part.output, loss: part.loss, weight: part.weight)
    }
  }

  /// Returns the metrics, with the output that each evaluates and the meaning of that output for its loss.
  /// - Throws: `TrainingError` for an output that does not exist, or if a metric does not name one of several outputs.
  func metricTerms(outputs: [String], _ losses: [LossTerm]) throws -> [MetricTerm] {
    try metrics.map { metric in
      guard metric.output != nil || outputs.count == 1 else {
        throw TrainingError.ambiguousMetric(metric.name, outputs: outputs)
      }
      let output = try metric.output.map { try TrainingConfiguration.index(of: $0, in: outputs) } ?? 0
      let loss = losses.first { $0.output == output }?.loss
      return MetricTerm(
        metric: metric, output: output, meaning: loss?.meaning ?? .any, ignored: loss?.targetRule.ignoredLabel)
    }
  }

  private static func index(of output: String, in outputs: [String]) throws -> Int {
    guard let index = outputs.firstIndex(of: output) else {
      throw TrainingError.unknownOutput(output, known: outputs)
    }
    return index
  }
}

/// A metric and the output that it evaluates.
struct MetricTerm: Sendable {
  var metric: Metric
  var output: Int
  /// The meaning of the output for its loss.
  var meaning: OutputMeaning
  /// The label that the loss of the output ignores.
  var ignored: Int32?

  func makeAccumulator() -> any MetricAccumulator { metric.makeAccumulator(for: meaning, ignoring: ignored) }
}

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
