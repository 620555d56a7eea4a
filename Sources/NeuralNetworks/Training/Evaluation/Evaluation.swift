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
  func run(_ model: Model) throws -> Scores? {
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
      let predictions = withoutGradient { model.called(with: batch.inputs, .inference) }
      let loss = terms.reduced(predictions, batch.targets, weights: batch.weights)
      values.add(loss.parts, predictions: predictions, targets: batch.targets, weights: batch.weights)
      try device.catchUp(after: batches.position)
    }
    let named = try values.values()
    return Scores(loss: named[0].1, metrics: Array(named.dropFirst()), matrices: try values.matrices())
  }
}
