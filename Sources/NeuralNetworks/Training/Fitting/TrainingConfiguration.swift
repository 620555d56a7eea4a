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
