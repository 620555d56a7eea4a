/// A metric that compares classes of an output with a regression loss. This is useful only if the targets are classes
/// nevertheless: 0 and 1, or rows with a sum of 1.
struct ClassMetric: Sendable {
  let metric: String
  let loss: String
  let output: Int

  /// Checks the target, and waits for it.
  /// - Throws: `TrainingError.notAClass` for the first example whose target is not a class.
  func check(_ target: Tensor, _ example: (Int) -> Int) throws {
    let rows = target.shape.first ?? 0
    guard rows > 0, target.count > 0, target.dtype != .bool else { return }
    let table = target.reshaped([rows, target.count / rows])
    let numbers = try table.scalars(as: Double.self)
    let width = table.shape[1]
    for row in 0..<rows {
      let values = numbers[(row * width)..<((row + 1) * width)]
      if values.allSatisfy({ $0 == 0 || $0 == 1 }) { continue }
      let isDistribution = width > 1 && values.allSatisfy { $0 >= 0 } && (values.reduce(0, +) - 1).magnitude < 1e-3
      if isDistribution { continue }
      throw TrainingError.notAClass(
        metric: metric, loss: loss, example: example(row), value: values.first { $0 != 0 && $0 != 1 } ?? 0)
    }
  }
}

extension [LossTerm] {
  /// Returns the metrics that require a check of the targets.
  func classMetrics(among metrics: [MetricTerm]) -> [ClassMetric] {
    metrics.compactMap { term in
      guard term.metric.readsClasses, term.meaning == .numbers, let loss = first(where: { $0.output == term.output })
      else { return nil }
      return ClassMetric(metric: term.metric.name, loss: loss.loss.name, output: term.output)
    }
  }
}
