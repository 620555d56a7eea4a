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
