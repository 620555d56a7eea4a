import HostSystem

/// An evaluation of a model on data. It does not change the model.
struct Evaluation {
  private let data: CheckedDataset
  private let terms: [LossTerm]
  private let metrics: [MetricTerm]
  private let batchSize: Int

  init(_ data: CheckedDataset, _ terms: [LossTerm], _ metrics: [MetricTerm], batchSize: Int) {
    self.data = data
    self.terms = terms
    self.metrics = metrics
    self.batchSize = batchSize
  }

  /// Returns the scores of the model in its current state; nil if the task was canceled.
  func run(_ model: Model, callbacks: [BatchCallback] = []) throws -> Scores? {
    try callbacks.began(examples: data.dataset.count, batchSize: batchSize)
    var values = RunningValues(terms, metrics)
    let device = model.device
    var batches = Batches(
      data.dataset, of: batchSize, order: ExampleOrder(count: data.dataset.count, source: nil), on: device,
      droppingLast: false)
    while batches.position < batches.count {
      if Task.isCancelled { return nil }
      let number = batches.position
      let indices = batches.indices(of: number)
      guard let host = try batches.nextOnHost() else { break }
      try data.check(host, number: number, indices: indices)
      let batch = host.moved(to: device)
      let predictions = try callbacks.around(number) {
        withoutGradient { model.called(with: batch.inputs, .inference) }
      }
      let loss = terms.reduced(predictions, batch.targets, weights: batch.weights)
      values.add(loss.parts, predictions: predictions, targets: batch.targets, weights: batch.weights)
      try device.catchUp(after: batches.position)
    }
    try callbacks.ended()
    let named = try values.values()
    return Scores(loss: named[0].1, metrics: Array(named.dropFirst()), matrices: try values.matrices())
  }
}

/// The results of `evaluate`.
public struct Scores: Sendable, Hashable, CustomStringConvertible {
  /// The mean of the loss over all examples.
  public let loss: Double
  /// The names of the scores: "loss", the losses of the outputs if there are several, then the metrics in the order of
  /// `compile`.
  public let names: [String]
  private let values: [String: Double]
  private let matrices: [String: [[Double]]]

  init(loss: Double, metrics: [(String, Double)], matrices: [String: [[Double]]]) {
    self.loss = loss
    names = ["loss"] + metrics.map(\.0)
    values = Dictionary(metrics + [("loss", loss)], uniquingKeysWith: { first, _ in first })
    self.matrices = matrices
  }

  /// The metric with this name, or the loss; nil if there is none.
  public subscript(_ name: String) -> Double? { values[name] }

  /// Returns the table of a metric, such as "confusion_matrix", by rows; nil if there is none.
  public func matrix(_ name: String) -> [[Double]]? { matrices[name] }

  /// The scores as text: "loss 0.3412  accuracy 0.8770".
  public var description: String {
    names.map { "\($0.onOneLine) \(NumberText.short(values[$0] ?? .nan))" }.joined(separator: "  ")
  }
}
