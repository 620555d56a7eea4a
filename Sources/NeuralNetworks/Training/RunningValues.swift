/// The mean loss and the metrics over the batches so far; all of it stays on the device until it is read.
struct RunningValues {
  private var loss = RunningLoss()
  private var metrics: [(metric: Metric, output: Int, accumulator: any MetricAccumulator)]

  init(_ metrics: [(metric: Metric, output: Int)]) {
    self.metrics = metrics.map { ($0.metric, $0.output, $0.metric.makeAccumulator()) }
  }

  /// Takes a batch into account.
  mutating func add(
    loss mean: Tensor, weight: BatchWeight, predictions: [Tensor], targets: [Tensor], weights: Tensor?
  ) {
    loss.add(mean, weight)
    for index in metrics.indices {
      let output = metrics[index].output
      metrics[index].accumulator.update(prediction: predictions[output], target: targets[output], weights: weights)
    }
  }

  /// The loss, then the metrics by name. Waits for the device.
  func values() throws -> [(String, Double)] {
    [("loss", try loss.mean())] + (try metrics.map { ($0.metric.name, try $0.accumulator.result()) })
  }

  /// The sums so far, to go on from; nothing of metrics of one's own whose accumulators cannot be saved.
  func state() -> ResumableState {
    var state = ResumableState()
    state.add(loss.state(), under: "loss")
    for (index, metric) in metrics.enumerated() {
      guard let accumulator = metric.accumulator as? any ResumableMetricAccumulator else { continue }
      state.add(accumulator.state(), under: "\(index)")
    }
    return state
  }

  /// Goes on from saved sums.
  /// - Throws: `TrainingError.state` for what cannot be such sums.
  mutating func restore(_ state: ResumableState, on device: Device) throws {
    var state = state
    state.tensors = state.tensors.mapValues { tensor in
      (device.backend.supports(tensor.dtype) ? tensor : tensor.cast(to: .float32)).moved(to: device)
    }
    try TrainingError.namingState(of: "loss") { try loss.restore(state.part("loss")) }
    for index in metrics.indices {
      guard var accumulator = metrics[index].accumulator as? any ResumableMetricAccumulator else { continue }
      try TrainingError.namingState(of: metrics[index].metric.name) { try accumulator.restore(state.part("\(index)")) }
      metrics[index].accumulator = accumulator
    }
  }

  /// The tables of the metrics that have one.
  func matrices() throws -> [String: [[Double]]] {
    var tables: [String: [[Double]]] = [:]
    for (metric, _, accumulator) in metrics {
      if let accumulator = accumulator as? any MatrixMetricAccumulator {
        tables[metric.name] = try accumulator.matrix()
      }
    }
    return tables
  }
}

/// The mean of the means of batches, each weighted by what it was divided by.
struct RunningLoss {
  /// The batches since their size last changed: one addition a batch, where a weighted sum takes two.
  private var run: (size: Int, sum: Tensor)?
  /// Σ weight·mean of the others, and Σ weight.
  private var total: Tensor?
  private var weight: Tensor?
  private var count = 0

  mutating func add(_ mean: Tensor, _ batchWeight: BatchWeight) {
    switch batchWeight {
    case .count(let size):
      count += size
      if let current = run, current.size == size {
        run = (size, mean.added(to: current.sum))
      } else {
        fold()
        run = (size, mean)
      }
    case .sum(let sum):
      total = (mean * sum.detached()).added(to: total)
      weight = sum.detached().added(to: weight)
    }
  }

  /// Waits for the device. NaN before the first batch.
  func mean() throws -> Double {
    guard run != nil || total != nil else { return .nan }
    var sum = try total?.item() ?? 0
    if let run { sum += try run.sum.item() * Double(run.size) }
    let divisor = Double(count) + (try weight?.item() ?? 0)
    return divisor == 0 ? 0 : sum / divisor
  }

  func state() -> ResumableState {
    var state = ResumableState(numbers: ["count": Double(count)])
    state.numbers["size"] = run.map { Double($0.size) }
    state.tensors["run"] = run?.sum
    state.tensors["total"] = total
    state.tensors["weight"] = weight
    return state
  }

  mutating func restore(_ state: ResumableState) throws {
    count = try state.count("count")
    let size = try state.count("size")
    run = try state.sum("run").map { (size, $0) }
    total = try state.sum("total")
    weight = try state.sum("weight")
  }

  private mutating func fold() {
    guard let current = run else { return }
    total = (current.sum * current.size).added(to: total)
    run = nil
  }
}
