extension Model {
  /// Says how the model is trained: what changes its parameters, what is minimised, what is measured, and where.
  ///
  /// ```swift
  /// model.compile(
  ///   optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
  ///   metrics: [.accuracy, .topK(3)], device: .best())
  /// ```
  /// - Parameters:
  ///   - optimizer: Keeps its state from one `fit` to the next.
  ///   - loss: What is minimised.
  ///   - metrics: What is measured besides.
  ///   - device: Where the model lives from now on; nil leaves it where it is. A fault in moving it is thrown by the next `fit`,
  ///     `evaluate` or `predict`.
  public func compile(optimizer: Optimizer, loss: Loss, metrics: [Metric] = [], device: Device? = nil) {
    compiled = Compiled(optimizer: optimizer, loss: loss, metrics: metrics)
    if let device { place(on: device) }
  }

  /// Trains the model on batches of the data, and returns what happened.
  ///
  /// Shapes, numbers and labels are checked before the first step (once for a `TensorDataset`, batch by batch otherwise), and
  /// a model that is not built yet is built for the data, with weights drawn from `seed`. The loss of an epoch is the mean
  /// over its examples, measured in training mode while the parameters change; penalties on weights are minimised with it but
  /// not shown. When the surrounding task is cancelled, training stops after the current step, with "cancelled" as the reason.
  ///
  /// The same seed on the same device gives the same weights, bit for bit.
  /// - Parameters:
  ///   - data: The examples.
  ///   - epochs: The epoch at which training ends: as many passes over the data, if `initialEpoch` is 0.
  ///   - batchSize: Examples in a step, at least 1; the last batch of an epoch may have fewer.
  ///   - validation: Data to measure the model on after each epoch.
  ///   - shuffle: Takes the examples in another order in each epoch.
  ///   - seed: Where the order, the validation split, initial weights and dropout come from.
  ///   - callbacks: Are told of epochs and steps, in this order.
  ///   - classWeights: How much examples of a class count in the loss, by class number; 1 where none is given. They
  ///     multiply the weights of the examples, if the data has some.
  ///   - initialEpoch: The number of the first epoch.
  ///   - verbosity: What is shown.
  ///   - progress: Where it is shown.
  /// - Throws: `ModelError.notCompiled`; `TrainingError` and `ModelError` for wrong arguments and data; `DeviceError`; what
  ///   the data and the callbacks throw. A step that fails leaves parameters, optimizer and counters as they were before it.
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, validation: Validation? = nil, shuffle: Bool = true,
    seed: UInt64 = 0, callbacks: [any Callback] = [], classWeights: [Int: Double] = [:], initialEpoch: Int = 0,
    verbosity: Verbosity = .automatic, progress: ProgressStream = .standardOutput
  ) throws -> History {
    let options = FitOptions(
      epochs: epochs, initialEpoch: initialEpoch, batchSize: batchSize, validation: validation, shuffle: shuffle,
      seed: seed, callbacks: callbacks, classWeights: classWeights, verbosity: verbosity, progress: progress)
    return try fit(data, options, sink: FileSink(progress))
  }

  func fit(_ data: any Dataset, _ options: FitOptions, sink: any ProgressSink) throws -> History {
    guard let compiled else { throw ModelError.notCompiled }
    return try FitLoop(self, compiled, data, options, sink: sink).train()
  }

  /// Measures the loss and the metrics of `compile` on data, without changing the model.
  /// - Parameters:
  ///   - data: The examples.
  ///   - batchSize: Examples at once; the result does not depend on it but for rounding.
  /// - Throws: As `fit` does, and `CancellationError` when the surrounding task is cancelled.
  public func evaluate(_ data: some Dataset, batchSize: Int = 32) throws -> Scores {
    guard let compiled else { throw ModelError.notCompiled }
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    guard data.count > 0 else { throw TrainingError.emptyData("evaluation") }
    let terms = try compiled.terms(outputs: outputNames)
    let metrics = try compiled.metricTerms(outputs: outputNames)
    let data = data.measured
    let checks = try prepared(for: try data.checkedBatch(at: [0]), terms: terms, seed: 0)
    let evaluation = Evaluation(data, try DataGuard(data, checks), terms, metrics, batchSize: batchSize)
    guard let scores = try evaluation.run(self) else { throw CancellationError() }
    return scores
  }

  /// What the model gives for inputs `[N, …]`, in inference mode; on the model's device.
  /// - Parameters:
  ///   - inputs: The examples.
  ///   - batchSize: Examples at once.
  /// - Throws: `ModelError.inputShape`; `TrainingError.batchSize`, `.emptyData`; `DeviceError`.
  public func predict(_ inputs: Tensor, batchSize: Int = 32) throws -> Tensor {
    try predict([inputs], batchSize: batchSize)[0]
  }

  /// What a model with several inputs or outputs gives: one tensor for each output.
  public func predict(_ inputs: [Tensor], batchSize: Int = 32) throws -> [Tensor] {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    let count = try prepared(forPredicting: inputs)
    if count <= batchSize { return try outputs(for: inputs) }
    var parts: [[Tensor]] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let rows = start..<min(start + batchSize, count)
      parts.append(try outputs(for: inputs.map { $0[rows] }))
      try device.catchUp(after: parts.count)
    }
    return parts[0].indices.map { output in Tensor.concatenated(parts.map { $0[output] }) }
  }

  /// The outputs in inference mode, for inputs that fit; constant for gradients.
  func outputs(for inputs: [Tensor]) throws -> [Tensor] {
    let device = device
    let outputs = withoutGradient { forward(inputs.map { $0.moved(to: device) }, .inference) }
    for output in outputs { try output.checkPoison() }
    return outputs
  }
}
