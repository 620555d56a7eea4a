/// A number that tells how good predictions are, gathered over many batches.
///
/// ```swift
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy, .topK(3)])
///
/// var error = Metric.meanAbsoluteError.makeAccumulator()          // the explicit loop
/// error.update(prediction: prediction, target: target, weights: nil)
/// print(try error.result())
/// ```
///
/// A metric of one's own is a function that gives one value for each example, whose mean is the result, or an accumulator:
///
/// ```swift
/// extension Metric {
///   static let bias = Metric("bias") { prediction, target in (prediction - target).mean(axis: -1) }
///   static let peak = Metric("peak", accumulator: { Peak() })
/// }
/// ```
public struct Metric: Sendable {
  /// The key of its results in `History` and `Scores`: "accuracy". With `validation_` before it in validation.
  public let name: String
  /// The output that it looks at, where a model has several; the first one otherwise.
  package let output: String?
  private let make: @Sendable () -> any MetricAccumulator

  private init(name: String, output: String?, make: @escaping @Sendable () -> any MetricAccumulator) {
    self.name = name
    self.output = output
    self.make = make
  }

  /// A metric that is the mean, weighted where there are weights, of one value for each example.
  /// - Parameters:
  ///   - name: The key of its results.
  ///   - perExample: One value for each example, shape `[N]`, or for each position, `[N, …]`; bool counts as 0 and 1.
  public init(_ name: String, perExample: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) {
    self.init(name: name, output: nil) { MeanAccumulator(perExample) }
  }

  /// A metric with a state of its own.
  /// - Parameters:
  ///   - name: The key of its results.
  ///   - accumulator: Makes a fresh one for each epoch.
  public init(_ name: String, accumulator: @escaping @Sendable () -> any MetricAccumulator) {
    self.init(name: name, output: nil, make: accumulator)
  }

  /// A fresh accumulator.
  public func makeAccumulator() -> any MetricAccumulator { make() }

  /// The metric of one output of a model with several; its name becomes `output_name`.
  public func of(output: String) -> Metric { Metric(name: "\(output)_\(name)", output: output, make: make) }
}
