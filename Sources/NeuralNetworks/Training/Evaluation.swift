/// A pass over data that measures a model and changes nothing.
struct Evaluation {
  private let data: any Dataset
  private let dataGuard: DataGuard
  private let terms: [LossTerm]
  private let metrics: [(metric: Metric, output: Int)]
  private let batchSize: Int

  init(
    _ data: any Dataset, _ dataGuard: DataGuard, _ terms: [LossTerm], _ metrics: [(metric: Metric, output: Int)],
    batchSize: Int
  ) {
    self.data = data
    self.dataGuard = dataGuard
    self.terms = terms
    self.metrics = metrics
    self.batchSize = batchSize
  }

  /// The scores of the model as it is; nil when the task was cancelled.
  func run(_ model: Model) throws -> Scores? {
    var values = RunningValues(metrics)
    let device = model.device
    var batches = Batches(
      data, of: batchSize, order: ExampleOrder(count: data.count, source: nil), on: device, droppingLast: false)
    while batches.position < batches.count {
      if Task.isCancelled { return nil }
      let indices = batches.indices(of: batches.position)
      guard let host = try batches.nextOnHost() else { break }
      try dataGuard.check(host, indices: indices)
      let batch = host.moved(to: device)
      let predictions = withoutGradient { model.forward(batch.inputs, .inference) }
      let loss = terms.reduced(predictions, batch.targets, weights: batch.weights)
      values.add(
        loss: loss.mean, weight: loss.weight, predictions: predictions, targets: batch.targets, weights: batch.weights)
      try device.catchUp(after: batches.position)
    }
    let named = try values.values()
    return Scores(loss: named[0].1, metrics: Array(named.dropFirst()), matrices: try values.matrices())
  }
}
