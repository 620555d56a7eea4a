/// A measure of the quality of predictions, accumulated over many batches.
///
/// ```swift
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy, .topK(3)])
///
/// var error = Metric.meanAbsoluteError.makeAccumulator()          // the explicit loop
/// error.update(prediction: prediction, target: target, weights: nil)
/// print(try error.result())
/// ```
///
/// A custom metric is a function that returns one value per example, whose mean is the result, or an accumulator:
///
/// ```swift
/// extension Metric {
///   static let bias = Metric("bias") { prediction, target in (prediction - target).mean(axis: -1) }
///   static let peak = Metric("peak", accumulator: { Peak() })
/// }
/// ```
public struct Metric: Sendable {
  /// The key of the metric's results in `History` and `Scores`, such as "accuracy". In validation, it is prefixed with
  /// `validation_`.
  public let name: String
  /// The output that the metric evaluates in a model with several outputs.
  package let output: String?
  /// Whether the metric compares classes without explicit settings. The loss then determines how to find them in the
  /// outputs.
  let readsClasses: Bool
  /// The values per example, for a custom metric that is their mean.
  let perExample: (@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)?
  /// The loss whose mean is the metric.
  let loss: Loss?
  private let make: @Sendable (_ outputs: OutputMeaning, _ ignored: Int32?) -> any MetricAccumulator

  private init(
    name: String, output: String?, readsClasses: Bool = false, loss: Loss? = nil,
    perExample: (@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)? = nil,
    make: @escaping @Sendable (_ outputs: OutputMeaning, _ ignored: Int32?) -> any MetricAccumulator
  ) {
    self.name = name
    self.output = output
    self.readsClasses = readsClasses
    self.loss = loss
    self.perExample = perExample
    self.make = make
  }

  /// Creates a metric of classes.
  /// - Parameters:
  ///   - name: The key of the metric's results.
  ///   - threshold: The threshold for yes-or-no outputs, a finite number; nil to use the threshold of the compiled
  ///     loss.
  ///   - make: Creates an accumulator for an interpretation of the outputs.
  init(
    _ name: String, threshold: Double? = nil,
    classes make: @escaping @Sendable (ClassReading) -> any MetricAccumulator
  ) {
    if let threshold { Checks.number(threshold, "threshold", of: name) }
    self.init(name: name, output: nil, readsClasses: threshold == nil) {
      make(ClassReading($0, threshold: threshold, ignoring: $1))
    }
  }

  /// Creates a metric that is the mean of a loss over the labels that it does not ignore.
  init(_ name: String, loss: Loss) {
    self.init(name: name, output: nil, loss: loss) { _, _ in MeanAccumulator(masked: { loss.maskedValues($0, $1) }) }
  }

  /// Creates a metric that is the mean of one value per example, weighted if there are weights.
  /// - Parameters:
  ///   - name: The key of the metric's results.
  ///   - perExample: Returns one value per example, shape `[N]`, or one per position, `[N, …]`. Bool values count as 0
  ///     and 1. `fit` and `evaluate` reject any other result.
  public init(_ name: String, perExample: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) {
    self.init(name: name, output: nil, perExample: perExample) { _, _ in MeanAccumulator(perExample) }
  }

  /// Returns a metric that is the sum of one value per example over all batches, Σ w·v if there are weights. Keras' `Sum`.
  /// - Parameters:
  ///   - name: The key of the metric's results.
  ///   - perExample: Returns one value per example, shape `[N]`, or one per position, `[N, …]`. Bool values count as 0
  ///     and 1.
  public static func sum(
    _ name: String, perExample: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor
  ) -> Metric {
    Metric(name, accumulator: { SumAccumulator(perExample) })
  }

  /// Creates a metric with a custom accumulator.
  /// - Parameters:
  ///   - name: The key of the metric's results.
  ///   - accumulator: Creates a new accumulator for each epoch.
  public init(_ name: String, accumulator: @escaping @Sendable () -> any MetricAccumulator) {
    self.init(name: name, output: nil) { _, _ in accumulator() }
  }

  /// Returns a new accumulator. Without a compiled loss, it interprets predictions as probabilities: those above 0.5
  /// mean class 1, unless the metric has another threshold.
  public func makeAccumulator() -> any MetricAccumulator { make(.any, nil) }

  /// Returns a new accumulator that interprets outputs as a loss does, and leaves out the label that the loss ignores.
  func makeAccumulator(for outputs: OutputMeaning, ignoring ignored: Int32?) -> any MetricAccumulator {
    make(outputs, ignored)
  }

  /// Returns the metric for one output of a model with several outputs. Its name becomes `output_name`.
  public func of(output: String) -> Metric {
    Metric(
      name: "\(output)_\(name)", output: output, readsClasses: readsClasses, loss: loss, perExample: perExample,
      make: make)
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
