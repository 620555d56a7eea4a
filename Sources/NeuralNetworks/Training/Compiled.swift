/// What `compile` has told a model.
package struct Compiled {
  package let optimizer: Optimizer
  package let loss: Loss
  package let metrics: [Metric]

  /// The names of the values of an epoch, without validation.
  package var valueNames: [String] { ["loss"] + metrics.map(\.name) }

  /// The losses by output, with their weights.
  func terms(outputs: [String]) throws -> [LossTerm] {
    guard !loss.parts.isEmpty else { return [LossTerm(output: 0, loss: loss, weight: 1)] }
    return try loss.parts.map { part in
      LossTerm(output: try Compiled.index(of: part.output, in: outputs), loss: part.loss, weight: part.weight)
    }
  }

  /// The metrics, with the output that each looks at.
  func metricTerms(outputs: [String]) throws -> [(metric: Metric, output: Int)] {
    try metrics.map { metric in
      (metric, try metric.output.map { try Compiled.index(of: $0, in: outputs) } ?? 0)
    }
  }

  private static func index(of output: String, in outputs: [String]) throws -> Int {
    guard let index = outputs.firstIndex(of: output) else {
      throw TrainingError.unknownOutput(output, known: outputs)
    }
    return index
  }
}

/// The loss of one output and what it is multiplied by.
struct LossTerm: Sendable {
  var output: Int
  var loss: Loss
  var weight: Double
}

extension [LossTerm] {
  /// The sum over the outputs, with the denominator of the first.
  func reduced(_ predictions: [Tensor], _ targets: [Tensor], weights: Tensor?) -> ReducedLoss {
    var sum: ReducedLoss?
    for term in self {
      let one = term.loss.reduced(predictions[term.output], targets[term.output], weights: weights)
      let scaled = term.weight == 1 ? one.mean : one.mean * term.weight
      sum = ReducedLoss(mean: sum.map { $0.mean + scaled } ?? scaled, weight: sum?.weight ?? one.weight)
    }
    guard let sum else { fatalError("a loss of no outputs") }
    return sum
  }
}
