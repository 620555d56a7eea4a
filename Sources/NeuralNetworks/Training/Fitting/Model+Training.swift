extension Model {
  /// Configures training: the optimizer, the loss, the metrics, and the device.
  ///
  /// ```swift
  /// model.compile(
  ///   optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
  ///   metrics: [.accuracy, .topK(3)], device: .best())
  /// ```
  /// - Parameters:
  ///   - optimizer: The optimizer. It keeps its state between calls of `fit`.
  ///   - loss: The loss to minimize.
  ///   - metrics: The metrics to measure in addition to the loss.
  ///   - device: The new device of the model; nil leaves the model on its device. If moving the model fails, the next
  ///     `fit`, `evaluate`, or `predict` throws the error.
  ///   - precision: The new `precision` of the model; nil leaves it as it is. With `.mixedFloat16`, the optimizer scales the
  ///     loss: see `Optimizer.lossScaling`.
  public func compile(
    optimizer: Optimizer, loss: Loss, metrics: [Metric] = [], device: Device? = nil, precision: Precision? = nil
  ) {
    compiled = TrainingConfiguration(optimizer: optimizer, loss: loss, metrics: metrics)
    if let precision { self.precision = precision }
    if self.precision == .mixedFloat16, optimizer.lossScaling == nil { optimizer.lossScaling = LossScaling() }
    if let device { place(on: device) }
  }

  /// Trains the model on batches of the data, and returns the history.
  ///
  /// Shapes, numbers, and labels are checked before the first step for a `TensorDataset`, and batch by batch for other
  /// datasets. A model that is not built yet is built for the data, with initial weights determined by `seed`. The loss
  /// of an epoch is the mean over its examples, measured in training mode while the parameters change. Penalties on
  /// weights are minimized, too, but not shown. If the surrounding task is canceled, training stops after the current
  /// step, with "cancelled" as the reason.
  ///
  /// The same seed on the same device gives bitwise identical weights.
  /// - Parameters:
  ///   - data: The examples.
  ///   - epochs: The epoch at which training ends, which is the number of passes over the data if `initialEpoch` is 0.
  ///   - batchSize: The number of examples per step, at least 1. The last batch of an epoch may be smaller.
  ///   - microBatchSize: The number of examples that pass through the model at once, at least 1; nil for whole batches. A
  ///     smaller number than `batchSize` needs less memory: the gradients of the parts of a batch are accumulated, and a
  ///     single update follows (Keras' `gradient_accumulation_steps` is `batchSize`/`microBatchSize`). The gradients are
  ///     those of the whole batch, except that layers that combine examples, such as `BatchNorm`, see only the parts, and
  ///     that, if a model has several outputs, parts count by their number of examples, without weights.
  ///   - stepsPerEpoch: The number of steps after which an epoch ends, at least 1; nil, or more steps than the data has
  ///     batches, for all batches. The batches of an epoch are the first ones in its order.
  ///   - validation: The data for evaluating the model after each epoch.
  ///   - shuffle: Whether to use the examples in a different order in each epoch.
  ///   - seed: The random seed of the order, the validation split, initial weights, and dropout.
  ///   - callbacks: The callbacks for epochs and steps, called in this order.
  ///   - classWeights: The weight of each class in the loss, by class index; 1 by default. They multiply the weights of
  ///     the examples, if the data has any.
  ///   - initialEpoch: The number of the first epoch, at most `epochs`.
  ///   - verbosity: The kind of progress output. A debug build is reported once, unless this is `.silent`.
  ///   - progress: The destination of the progress output.
  /// - Throws: `ModelError.notCompiled`; `TrainingError` and `ModelError` for invalid arguments and data;
  ///   `DeviceError`; errors of the data and the callbacks. A step that fails does not change parameters, optimizer, or
  ///   counters.
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, microBatchSize: Int? = nil,
    stepsPerEpoch: Int? = nil, validation: Validation? = nil, shuffle: Bool = true, seed: UInt64 = 0,
    callbacks: [any Callback] = [],
    classWeights: [Int: Double] = [:], initialEpoch: Int = 0,
    verbosity: Verbosity = .automatic, progress: ProgressStream = .standardOutput
  ) throws -> History {
    let options = FitOptions(
      epochs: epochs, initialEpoch: initialEpoch, batchSize: batchSize, microBatchSize: microBatchSize,
      stepsPerEpoch: stepsPerEpoch, validation: validation, shuffle: shuffle,
      seed: seed, callbacks: callbacks, classWeights: classWeights, verbosity: verbosity, progress: progress)
    let sink = FileSink(progress)
    BuildNotice.shared.show(on: sink, verbosity)
    return try fit(data, options, sink: sink)
  }

  /// Trains the model on inputs and their targets, row by row: `fit` with `TensorDataset(inputs, targets)`.
  /// - Throws: The errors of `fit` with a dataset.
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, microBatchSize: Int? = nil,
    stepsPerEpoch: Int? = nil, validation: Validation? = nil, shuffle: Bool = true, seed: UInt64 = 0,
    callbacks: [any Callback] = [],
    classWeights: [Int: Double] = [:],
    initialEpoch: Int = 0, verbosity: Verbosity = .automatic, progress: ProgressStream = .standardOutput
  ) throws -> History {
    try fit(
      TensorDataset(inputs, targets), epochs: epochs, batchSize: batchSize, microBatchSize: microBatchSize,
      stepsPerEpoch: stepsPerEpoch, validation: validation, shuffle: shuffle,
      seed: seed, callbacks: callbacks, classWeights: classWeights, initialEpoch: initialEpoch, verbosity: verbosity,
      progress: progress)
  }

  func fit(_ data: any Dataset, _ options: FitOptions, sink: any ProgressSink) throws -> History {
    guard let compiled else { throw ModelError.notCompiled }
    return try FitLoop(self, compiled, data, options, sink: sink).train()
  }

  /// Measures the loss and the metrics from `compile` on data, without changing the model.
  /// - Parameters:
  ///   - data: The examples.
  ///   - batchSize: The number of examples that are processed at once. Except for rounding, the result does not depend
  ///     on it.
  ///   - callbacks: The functions to call around the batches.
  /// - Throws: The errors of `fit` and of the callbacks, and `CancellationError` if the surrounding task is canceled.
  public func evaluate(_ data: some Dataset, batchSize: Int = 32, callbacks: [BatchCallback] = []) throws -> Scores {
    guard let compiled else { throw ModelError.notCompiled }
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    guard data.count > 0 else { throw TrainingError.emptyData("evaluation") }
    let terms = try compiled.terms(outputs: outputNames)
    let metrics = try compiled.metricTerms(outputs: outputNames, terms)
    let data = data.measured
    let (first, examples) = (try data.checkedBatch(at: [0]), min(batchSize, data.count))
    let checks = try prepared(for: first, terms: terms, metrics: metrics, examples: examples, seed: 0)
    let trials = MeasureTrials(self, terms, metrics, data: "evaluation", batchSize: examples)
    let checked = try CheckedDataset(data, example: first, checks, trials)
    guard let scores = try Evaluation(checked, terms, metrics, batchSize: batchSize).run(self, callbacks: callbacks)
    else {
      throw CancellationError()
    }
    return scores
  }

  /// Measures the loss and the metrics from `compile` on inputs and their targets.
  /// - Throws: The errors of `evaluate` with a dataset.
  public func evaluate(
    _ inputs: Tensor, _ targets: Tensor, batchSize: Int = 32, callbacks: [BatchCallback] = []
  ) throws -> Scores {
    try evaluate(TensorDataset(inputs, targets), batchSize: batchSize, callbacks: callbacks)
  }

  /// Returns the outputs of the model for inputs `[N, …]`, in inference mode, on the model's device.
  /// - Parameters:
  ///   - inputs: The examples.
  ///   - batchSize: The number of examples that are processed at once.
  ///   - callbacks: The functions to call around the batches.
  /// - Throws: `ModelError.inputShape`; `TrainingError.batchSize`, `.emptyData`, and, for a model with several outputs,
  ///   `.severalOutputs`; `DeviceError`; the errors of the callbacks.
  public func predict(_ inputs: Tensor, batchSize: Int = 32, callbacks: [BatchCallback] = []) throws -> Tensor {
    try checkCount(of: [inputs])
    try checkHasOneOutput("let outputs: [Tensor] = try model.predict([x])")
    return try predict([inputs], batchSize: batchSize, callbacks: callbacks)[0]
  }

  /// Returns the outputs of a model with several inputs or outputs: one tensor per output.
  public func predict(_ inputs: [Tensor], batchSize: Int = 32, callbacks: [BatchCallback] = []) throws -> [Tensor] {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    let count = try prepared(forPredicting: inputs, batchSize: batchSize)
    try callbacks.began(examples: count, batchSize: batchSize)
    var parts: [[Tensor]] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let rows = start..<min(start + batchSize, count)
      parts.append(
        try callbacks.around(parts.count) {
          try outputs(for: count <= batchSize ? inputs : inputs.map { $0[rows] })
        })
      if count > batchSize { try device.catchUp(after: parts.count) }
    }
    try callbacks.ended()
    if parts.count == 1 { return parts[0] }
    return parts[0].indices.map { output in Tensor.concatenated(parts.map { $0[output] }) }
  }

  /// Returns the outputs for earlier values of the parameters.
  func outputs(for inputs: [Tensor], _ values: FrozenValues) throws -> [Tensor] {
    let outputs = withoutGradient {
      values.use { called(with: inputs.map { $0.moved(to: values.device) }, .inference) }
    }
    for output in outputs { try output.checkPoison() }
    return outputs
  }

  /// Returns the outputs in inference mode for valid inputs; constant for gradients.
  func outputs(for inputs: [Tensor]) throws -> [Tensor] {
    let device = device
    let outputs = withoutGradient { called(with: inputs.map { $0.moved(to: device) }, .inference) }
    for output in outputs { try output.checkPoison() }
    return outputs
  }
}
