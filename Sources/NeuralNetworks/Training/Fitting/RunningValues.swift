/// The mean loss and the metrics over the batches so far. Everything stays on the device until it is read.
struct RunningValues {
  private let terms: [LossTerm]
  /// One running loss per term.
  private var losses: [RunningLoss]
  private var metrics: [(metric: Metric, output: Int, accumulator: any MetricAccumulator)]

  init(_ terms: [LossTerm], _ metrics: [MetricTerm]) {
    self.terms = terms
    losses = terms.map { _ in RunningLoss() }
    self.metrics = metrics.map { ($0.metric, $0.output, $0.makeAccumulator()) }
  }

  /// Adds a batch.
  mutating func add(_ parts: [ReducedLoss], predictions: [Tensor], targets: [Tensor], weights: Tensor?) {
    for (index, part) in parts.enumerated() { losses[index].add(part.mean, part.weight) }
    for index in metrics.indices {
      let output = metrics[index].output
      let prediction = predictions[output]
      metrics[index].accumulator.update(
        prediction: prediction, target: targets[output].withAxes(of: prediction), weights: weights)
    }
  }

  /// Returns the loss, the loss of each output if there are several, then the metrics by name. Waits for the device.
  func values() throws -> [(String, Double)] {
    let means = try losses.map { try $0.mean() }
    let total = zip(terms, means).reduce(0) { $0 + $1.0.weight * $1.1 }
    let parts = terms.count > 1 ? zip(terms, means).map { (LossTerm.valueName(of: $0.name), $1) } : []
    return [("loss", total)] + parts + (try metrics.map { ($0.metric.name, try $0.accumulator.result()) })
  }

  /// Returns the sums so far, for resuming. Custom metrics whose accumulators cannot be saved are omitted.
  func state() -> ResumableState {
    var state = ResumableState()
    for (index, loss) in losses.enumerated() { state.add(loss.state(), under: lossKey(index)) }
    for (index, metric) in metrics.enumerated() {
      guard let accumulator = metric.accumulator as? any ResumableMetricAccumulator else { continue }
      state.add(accumulator.state(), under: "\(index)")
    }
    return state
  }

  /// Continues from saved sums.
  /// - Throws: `TrainingError.state` for invalid sums.
  mutating func restore(_ state: ResumableState, on device: Device) throws {
    var state = state
    state.tensors = state.tensors.mapValues { tensor in
      (device.backend.computes(tensor.dtype) ? tensor : tensor.cast(to: .float32)).moved(to: device)
    }
    for index in losses.indices {
      let key = lossKey(index)
      try TrainingError.namingState(of: key) { try losses[index].restore(state.part(key)) }
    }
    for index in metrics.indices {
      guard var accumulator = metrics[index].accumulator as? any ResumableMetricAccumulator else { continue }
      try TrainingError.namingState(of: metrics[index].metric.name) { try accumulator.restore(state.part("\(index)")) }
      metrics[index].accumulator = accumulator
    }
  }

  /// Returns the key for the sums of a loss.
  private func lossKey(_ index: Int) -> String { terms.count == 1 ? "loss" : LossTerm.valueName(of: terms[index].name) }

  /// Returns the tables of the metrics that have one.
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

/// The mean of batch means, each weighted by its divisor.
struct RunningLoss {
  /// The batches since their size last changed: this needs one addition per batch, instead of two for a weighted sum.
  private var run: (size: Int, sum: Tensor)?
  /// Σ weight·mean of the other batches, and Σ weight.
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
        addRun()
        run = (size, mean)
      }
    case .sum(let sum):
      total = (mean * sum.detached()).added(to: total)
      weight = sum.detached().added(to: weight)
    }
  }

  /// Returns the mean; NaN before the first batch. Waits for the device.
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

  private mutating func addRun() {
    guard let current = run else { return }
    total = (current.sum * current.size).added(to: total)
    run = nil
  }
}
