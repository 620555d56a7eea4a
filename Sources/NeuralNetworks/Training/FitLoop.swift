/// The loop of `fit`: epochs of steps, validation after each, callbacks in between.
final class FitLoop {
  private let model: Model
  private let compiled: Compiled
  private let options: FitOptions
  private let run: TrainingRun
  private let training: any Dataset
  private let trainingGuard: DataGuard
  private let validation: Evaluation?
  private let metrics: [(metric: Metric, output: Int)]
  private let terms: [LossTerm]
  private let classWeights: ClassWeights?
  /// Made after the callbacks have seen the beginning of training: one of them may restore a run with another seed.
  private lazy var step = TrainingStep(
    model, optimizer: compiled.optimizer, terms: terms, seed: run.seed, classWeights: classWeights)
  /// Those that want training to end when gradients are not finite.
  private let terminators: [TerminateOnNonFinite]
  /// The batches of the epoch, to find one again.
  private var batchesOfEpoch: Batches?
  private let display: ProgressDisplay
  private let device: Device

  /// Checks everything, and builds the model if it is not built; no parameter changes yet.
  init(_ model: Model, _ compiled: Compiled, _ data: any Dataset, _ options: FitOptions, sink: any ProgressSink) throws
  {
    self.model = model
    self.compiled = compiled
    self.options = options
    try options.check(valueNames: compiled.valueNames, optimizer: compiled.optimizer)
    let parts = try options.divided(data)
    let hasValidation = parts.validation != nil
    try options.checkMonitors(
      known: compiled.valueNames + (hasValidation ? compiled.valueNames.map { "validation_\($0)" } : []))

    let terms = try compiled.terms(outputs: model.outputNames)
    let metrics = try compiled.metricTerms(outputs: model.outputNames)
    (self.terms, self.metrics) = (terms, metrics)
    let first = try parts.training.checkedBatch(at: [0])
    let checks = try model.prepared(for: first, terms: terms, seed: options.seed)
    device = model.device
    classWeights = try FitLoop.classWeights(options.classWeights, terms, checks, first, on: device)

    training = parts.training
    if case .split = options.validation, data is TensorDataset {
      // Both parts are rows of one tensor: one look is enough.
      _ = try DataGuard(data, checks)
      trainingGuard = DataGuard(trusting: checks)
      validation = parts.validation.map {
        Evaluation($0, DataGuard(trusting: checks), terms, metrics, batchSize: options.batchSize)
      }
    } else {
      trainingGuard = try DataGuard(training, checks)
      validation = try parts.validation.map { data in
        try checks.checkShapes(try data.checkedBatch(at: [0]))
        return Evaluation(data, try DataGuard(data, checks), terms, metrics, batchSize: options.batchSize)
      }
    }
    run = TrainingRun(
      model: model, optimizer: compiled.optimizer, options: options, examples: training.count,
      values: RunningValues(metrics))
    display = ProgressDisplay(options.verbosity, sink: sink)
    terminators = options.callbacks.compactMap { $0 as? TerminateOnNonFinite }
  }

  /// Trains, and returns what happened.
  func train() throws -> History {
    defer { display.interrupted() }
    let skipped = compiled.optimizer.skipsNonFiniteGradients
    if !terminators.isEmpty {
      compiled.optimizer.skipsNonFiniteGradients = true
      run.beforeSaving = { [weak self] in _ = try self?.hasEndedForFault() }
    }
    defer { if !terminators.isEmpty { compiled.optimizer.skipsNonFiniteGradients = skipped } }
    let (savers, others) = options.callbacksByKind
    for callback in savers + others { try callback.trainingBegan(run) }
    run.canBeRestored = false
    try run.takeUpRestored()
    while run.epoch < options.epochs && run.history.stopReason == nil {
      guard let record = try epoch() else { break }
      for callback in others + savers { try callback.epochEnded(record, run) }
    }
    display.interrupted()
    for callback in savers + others { try callback.trainingEnded(run) }
    return run.history
  }

  /// One epoch with its validation; nil when it was stopped or cancelled on the way.
  private func epoch() throws -> EpochRecord? {
    let start = ContinuousClock.now
    guard let examples = try steps() else { return nil }
    var named = try run.values.values()
    let trainingSeconds = (ContinuousClock.now - start) / .seconds(1)
    if let validation {
      guard let scores = try validation.run(model) else {
        run.stop(reason: "cancelled")
        return nil
      }
      named += scores.names.map { ("validation_\($0)", scores[$0] ?? .nan) }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = compiled.optimizer.learningRate(at: max(compiled.optimizer.step - 1, 0))
    let record = EpochRecord(epoch: run.epoch, seconds: seconds, learningRate: rate, named: named)
    run.history.epochs.append(record)
    run.epoch += 1
    run.batch = 0
    run.values = RunningValues(metrics)
    display.epochEnded(record, examples: examples, trainingSeconds: trainingSeconds)
    return record
  }

  /// The steps of an epoch; returns how many examples they had, or nil when they were stopped.
  private func steps() throws -> Int? {
    let callbacks = options.callbacksByKind.others + options.callbacksByKind.savers
    var batches = Batches(
      training.examples(ofEpoch: run.epoch), of: options.batchSize, order: order(), on: device, droppingLast: false)
    batches.skip(run.batch)
    batchesOfEpoch = batches
    display.epochBegan(run.epoch, of: options.epochs, batches: batches.count)
    let resumedAt = run.batch
    var examples = 0
    while batches.position < batches.count {
      if Task.isCancelled {
        run.stop(reason: "cancelled")
        return nil
      }
      let indices = batches.indices(of: batches.position)
      guard let host = try batches.nextOnHost() else { break }
      try trainingGuard.check(host, indices: indices)
      let batch = host.moved(to: device)
      let output = try step(batch)
      run.values.add(
        loss: output.loss, weight: output.weight, predictions: output.predictions, targets: batch.targets,
        weights: batch.weights)
      examples += batch.count
      run.batch += 1
      if run.batch % FitLoop.stepsBetweenLooks == 0 || run.batch == batches.count, try hasEndedForFault() { return nil }
      for callback in callbacks { try callback.stepEnded(compiled.optimizer.step, run) }
      try display.batchEnded(run.batch, examples: examples, since: resumedAt) { try run.values.values() }
      if run.history.stopReason != nil && run.batch < batches.count { return nil }
      try device.catchUp(after: run.batch)
    }
    return examples
  }

  private static let stepsBetweenLooks = 32

  /// Looks whether steps were left out because gradients were not finite; then finds out why, goes back to before the first of
  /// them, and ends training.
  private func hasEndedForFault() throws -> Bool {
    guard !terminators.isEmpty, let batches = batchesOfEpoch else { return false }
    let skipped = try compiled.optimizer.skippedSteps()
    guard skipped > 0, skipped <= run.batch else { return false }
    run.batch -= skipped
    compiled.optimizer.takeBack(skipped: skipped)
    let data = training.examples(ofEpoch: run.epoch)
    let fault = try step.findFault(in: try data.checkedBatch(at: batches.indices(of: run.batch)))
    for callback in terminators {
      callback.end(run, "step \(compiled.optimizer.step + 1) was left out: \(fault)")
    }
    return true
  }

  /// The order of this epoch's examples: a function of the seed and the epoch.
  private func order() -> ExampleOrder {
    guard options.shuffle else { return ExampleOrder(count: training.count, source: nil) }
    let random = RandomStream(seed: run.seed, purpose: "shuffle", step: UInt32(truncatingIfNeeded: run.epoch))
    return ExampleOrder(count: training.count, source: random.nextSource())
  }

  private static func classWeights(
    _ weights: [Int: Double], _ terms: [LossTerm], _ checks: DataChecks, _ batch: Batch, on device: Device
  ) throws -> ClassWeights? {
    guard !weights.isEmpty else { return nil }
    guard terms.count == 1, let term = terms.first else {
      throw TrainingError.classWeights(reason: "a model with several outputs has no single class for an example")
    }
    let output = checks.outputs[term.output]
    let target = Array(batch.targets[term.output].shape.dropFirst())
    let rule = term.loss.targetRule.resolved(prediction: output, target: target)
    return try ClassWeights(weights, rule: rule, prediction: output, on: device)
  }
}

extension Device {
  /// Waits now and then, so that the program does not run ahead of the device without bound.
  func catchUp(after steps: Int) throws {
    if steps % 256 == 0 { try synchronize() }
  }
}
