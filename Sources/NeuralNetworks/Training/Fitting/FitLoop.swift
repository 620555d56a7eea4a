/// The loop of `fit`: epochs of steps, validation after each, callbacks in between.
final class FitLoop {
  private let model: Model
  private let compiled: TrainingConfiguration
  private let options: FitOptions
  private let run: TrainingRun
  private let training: CheckedDataset
  private let validation: Evaluation?
  private let metrics: [MetricTerm]
  private let terms: [LossTerm]
  private let classWeights: ClassWeights?
  /// Created after `trainingBegan` of the callbacks, because one of them may restore a run with a different
  /// seed.
  private lazy var step = TrainingStep(
    forChecked: model, optimizer: compiled.optimizer, terms: terms, seed: run.seed,
    microBatchSize: options.microBatchSize, classWeights: classWeights)
  /// The callbacks that end training if gradients are not finite.
  private let terminators: [TerminateOnNonFinite]
  /// The batches of the epoch, used to read a batch again.
  private var batchesOfEpoch: Batches?
  private let display: ProgressDisplay
  private let device: Device
  /// Checks the first predictions; nil afterwards.
  private var meaningWatch: MeaningWatch?
  /// True from the first step of an epoch to its end.
  private var isInEpoch = false
  /// True after a loss that is not finite has been reported.
  private var hasShownNonFinite = false

  /// Checks everything, and builds the model if necessary. No parameter changes yet.
  init(
    _ model: Model, _ compiled: TrainingConfiguration, _ data: any Dataset, _ options: FitOptions,
    sink: any ProgressSink
  ) throws {
    self.model = model
    self.compiled = compiled
    self.options = options
    try options.check(valueNames: compiled.valueNames, optimizer: compiled.optimizer)
    let parts = try options.divided(data)
    let hasValidation = parts.validation != nil
    try options.checkMonitors(
      known: compiled.valueNames + (hasValidation ? compiled.valueNames.map { "validation_\($0)" } : []))

    let terms = try compiled.terms(outputs: model.outputNames)
    let metrics = try compiled.metricTerms(outputs: model.outputNames, terms)
    (self.terms, self.metrics) = (terms, metrics)
    let first = try parts.training.checkedBatch(at: [0])
    let checks = try model.prepared(
      for: first, terms: terms, metrics: metrics,
      examples: options.passSizes(of: parts.training.count).last ?? 1,
      seed: options.seed)
    try model.checkTrainable()
    for examples in options.passSizes(of: parts.training.count) {
      try model.checkTraining(on: first.inputs, examples: examples)
    }
    meaningWatch = MeaningWatch(model, terms)
    device = model.device
    classWeights = try FitLoop.classWeights(options.classWeights, terms, checks, first, on: device)

    let data = try CheckedDataset.checked(data, parts, example: first, checks) { use in
      MeasureTrials(model, terms, metrics, data: use, batchSize: options.batchSize)
    }
    training = data.training
    validation = data.validation.map { Evaluation($0, terms, metrics, batchSize: options.batchSize) }
    display = ProgressDisplay(options.verbosity, sink: sink, now: options.now)
    let display = display
    run = TrainingRun(
      model: model, optimizer: compiled.optimizer, options: options, examples: training.dataset.count,
      values: RunningValues(terms, metrics), show: { display.note($0) })
    terminators = options.callbacks.compactMap { $0 as? TerminateOnNonFinite }
  }

  /// Trains the model, and returns the history.
  func train() throws -> History {
    defer {
      display.interrupted()
      run.holdings = []
    }
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
    if let warning = model.layoutWarning() { run.show("warning: \(warning)") }
    if model.parameters.trainableCount == 0 {
      run.show("warning: all parameters are frozen; only the statistics of normalization layers will change")
    }
    do {
      while run.epoch < options.epochs && run.history.stopReason == nil {
        guard let record = try epoch() else { break }
        try tell(others, savers) { try $0.epochEnded(record, run) }
      }
    } catch {
      display.interrupted()
      // The training so far is saved, whatever failed. If a saver fails as well, its error is ignored.
      if hasFiniteLoss { for callback in savers { _ = try? callback.trainingEnded(run) } }
      throw error
    }
    display.interrupted()
    if let reason = run.history.stopReason { run.show("stopped \(place): \(reason)") }
    try tell(savers, others) { try $0.trainingEnded(run) }
    return run.history
  }

  /// Calls all callbacks, then throws the first error. This way, a log that cannot be written does not cost a
  /// checkpoint.
  private func tell(
    _ first: [any Callback], _ second: [any Callback], _ body: (any Callback) throws -> Void
  ) throws {
    var failure: (any Error)?
    for callback in first + second {
      // A callback may end training with an error because the run has diverged. Such a run is not worth a checkpoint.
      if failure != nil && callback is any SavingCallback && !hasFiniteLoss { continue }
      do { try body(callback) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// False if the loss is unknown or not finite.
  private var hasFiniteLoss: Bool {
    let loss = run.batch == 0 ? run.history.epochs.last?["loss"] : (try? run.values.values())?.first?.1
    return loss?.isFinite ?? false
  }

  /// The position of the run for messages, counted from 1.
  private var place: String {
    isInEpoch ? "in epoch \(run.epoch + 1)" : run.epoch > 0 ? "after epoch \(run.epoch)" : "before epoch 1"
  }

  /// Runs one epoch with its validation, and returns its record; nil if it was stopped or canceled before its end.
  private func epoch() throws -> EpochRecord? {
    let start = options.now()
    isInEpoch = true
    let (savers, others) = options.callbacksByKind
    try tell(savers, others) { try $0.epochBegan(run.epoch, run) }
    if run.history.stopReason != nil { return nil }
    guard let examples = try steps() else { return nil }
    var named = try run.values.values()
    let trainingSeconds = seconds(since: start)
    if let validation {
      try tell(savers, others) { try $0.validationBegan(run) }
      guard let scores = try validation.run(model) else {
        run.stop(reason: "cancelled")
        return nil
      }
      try tell(savers, others) { try $0.validationEnded(scores, run) }
      named += scores.names.map { ("validation_\($0)", scores[$0] ?? .nan) }
    }
    showNonFinite(named)
    let seconds = seconds(since: start)
    let rate = compiled.optimizer.learningRate(at: max(compiled.optimizer.step - 1, 0))
    let record = EpochRecord(epoch: run.epoch, seconds: seconds, learningRate: rate, named: named)
    run.history.epochs.append(record)
    run.epoch += 1
    run.batch = 0
    isInEpoch = false
    run.values = RunningValues(terms, metrics)
    display.epochEnded(record, examples: examples, trainingSeconds: trainingSeconds)
    return record
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    max((options.now() - start) / .seconds(1), 0)  // virtual machines have clocks that go back
  }

  /// Runs the steps of an epoch, and returns the number of their examples; nil if they were stopped.
  private func steps() throws -> Int? {
    let (savers, others) = options.callbacksByKind
    let data = training.dataset.examples(ofEpoch: run.epoch)
    var batches = Batches(data, of: options.batchSize, order: order(of: data), on: device, droppingLast: false)
    batches.skip(run.batch)
    batchesOfEpoch = batches
    let count = run.stepsPerEpoch
    display.epochBegan(run.epoch, of: options.epochs, batches: count)
    let resumedAt = run.batch
    var examples = 0
    while batches.position < count {
      if Task.isCancelled {
        run.stop(reason: "cancelled")
        return nil
      }
      try tell(savers, others) { try $0.stepBegan(compiled.optimizer.step, run) }
      if run.history.stopReason != nil { return nil }
      let number = batches.position
      let indices = batches.indices(of: number)
      guard let host = try batches.nextOnHost() else { break }
      try training.check(host, number: number, indices: indices)
      let batch = host.moved(to: device)
      let output = try step(batch)
      if let watch = meaningWatch {
        meaningWatch = nil
        for warning in try watch.warnings(for: output.predictions) { run.show("warning: \(warning)") }
      }
      run.values.add(
        output.parts, predictions: output.predictions, targets: batch.targets, weights: batch.weights)
      examples += batch.count
      run.batch += 1
      if run.batch % FitLoop.stepsBetweenLooks == 0 || run.batch == count, try hasEndedForFault() { return nil }
      try tell(others, savers) { try $0.stepEnded(compiled.optimizer.step, run) }
      try display.batchEnded(run.batch, examples: examples, since: resumedAt) {
        let values = try run.values.values()
        showNonFinite(values)
        return values
      }
      if run.history.stopReason != nil && run.batch < count { return nil }
      try device.catchUp(after: run.batch)
    }
    return examples
  }

  /// Reports once that the loss is not finite, with advice. A `TerminateOnNonFinite` reports more.
  private func showNonFinite(_ values: [(String, Double)]) {
    guard !hasShownNonFinite, terminators.isEmpty else { return }
    guard let (name, value) = values.first(where: { ["loss", "validation_loss"].contains($0.0) && !$0.1.isFinite })
    else { return }
    hasShownNonFinite = true
    run.show(
      "warning: \(name) is \(NumberText.short(value)) in epoch \(run.epoch + 1): try a smaller learning rate or clipping: "
        + ".globalNorm(1); TerminateOnNonFinite() among the callbacks stops at the first such step and says what caused it"
    )
  }

  private static let stepsBetweenLooks = 32

  /// Checks whether steps were skipped because gradients were not finite. If so, finds the cause, restores the state
  /// before the first of them, and ends training.
  private func hasEndedForFault() throws -> Bool {
    guard !terminators.isEmpty, let batches = batchesOfEpoch else { return false }
    let skipped = try compiled.optimizer.skippedSteps()
    guard skipped > 0, skipped <= run.batch else { return false }
    run.batch -= skipped
    compiled.optimizer.takeBack(skipped: skipped)
    for case let averaging as WeightAveraging in options.callbacks { averaging.takeBack(to: compiled.optimizer.step) }
    let data = training.dataset.examples(ofEpoch: run.epoch)
    let fault = try step.findFault(in: try data.checkedBatch(at: batches.indices(of: run.batch)))
    for callback in terminators {
      callback.end(run, "step \(compiled.optimizer.step + 1) was left out: \(fault)")
    }
    return true
  }

  /// Returns the order of this epoch's examples, a function of the seed and the epoch.
  private func order(of data: any Dataset) -> ExampleOrder {
    guard options.shuffle else { return ExampleOrder(of: data, source: nil) }
    let random = RandomStream(seed: run.seed, purpose: "shuffle", step: UInt32(truncatingIfNeeded: run.epoch))
    return ExampleOrder(of: data, source: random.nextSource())
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
  /// Waits from time to time, so that the program does not get arbitrarily far ahead of the device.
  func catchUp(after steps: Int) throws {
    if steps % 256 == 0 { try synchronize() }
  }
}
