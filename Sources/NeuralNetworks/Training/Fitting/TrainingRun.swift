/// A call of `fit`, as seen by its callbacks.
public final class TrainingRun {
  /// The model being trained.
  public let model: Model
  /// The optimizer; its step count and learning rate are those of the run.
  public let optimizer: Optimizer
  /// The history with the completed epochs so far.
  public internal(set) var history = History()
  /// The current or next epoch, starting at 0.
  public internal(set) var epoch: Int
  /// The number of completed batches of this epoch.
  public internal(set) var batch = 0
  /// The epoch at which training ends.
  public let epochs: Int
  /// The number of examples per batch; the last batch of an epoch may be smaller.
  public let batchSize: Int
  /// The number of steps per epoch.
  public let stepsPerEpoch: Int
  /// The number of examples that pass through the model at once, at most `batchSize`.
  public let microBatchSize: Int
  /// The random seed of the order of the examples and of layers.
  public internal(set) var seed: UInt64
  /// The number of examples per epoch.
  public let examples: Int
  /// Objects that callbacks hold until the call of `fit` ends for any reason, such as a lock.
  package var holdings: [AnyObject] = []
  /// True between `trainingBegan` and the first step.
  var canBeRestored = true
  /// The values of the epoch so far.
  var values: RunningValues
  /// Shows a separate line with the progress.
  let show: (String) -> Void
  /// The actions of `fit` before the run is saved.
  var beforeSaving: () throws -> Void = {}
  private let callbacks: [any Callback]
  /// The restored state that has not been applied yet.
  private var restored: (callbacks: [String: ResumableState], values: ResumableState)?

  init(
    model: Model, optimizer: Optimizer, options: FitOptions, examples: Int, values: RunningValues,
    show: @escaping (String) -> Void = { _ in }
  ) {
    self.model = model
    self.show = show
    self.examples = examples
    self.values = values
    callbacks = options.callbacks
    self.optimizer = optimizer
    epoch = options.initialEpoch
    epochs = options.epochs
    batchSize = options.batchSize
    stepsPerEpoch = min(options.stepsPerEpoch ?? .max, examples.dividedRoundingUp(by: options.batchSize))
    microBatchSize = min(options.microBatchSize ?? .max, options.batchSize)
    seed = options.seed
  }

  /// Shows a line with the progress of `fit`, unless progress output is off.
  public func note(_ text: String) { show(text) }

  /// Stops training: immediately if called after a step, or before the next epoch if called after an epoch. The first
  /// reason is stored in `History.stopReason` and shown by `fit`.
  public func stop(reason: String) {
    if history.stopReason == nil { history.stopReason = reason }
  }

  /// Returns the weights, the optimizer's state, the state of callbacks, and the position of the run. Nothing is copied
  /// until the next step.
  public func state() throws -> TrainingState {
    try beforeSaving()
    let states = namedCallbacks().map { ($0.name, $0.callback.state()) }
    return TrainingState(
      epoch: epoch, step: optimizer.step, batch: batch, batchSize: batchSize, seed: seed, weights: model.snapshot(),
      optimizer: optimizer.state(), history: History(epochs: history.epochs), examples: examples,
      stepsPerEpoch: stepsPerEpoch, microBatchSize: microBatchSize, callbacks: Dictionary(uniqueKeysWithValues: states),
      values: batch == 0 ? ResumableState() : values.state())
  }

  /// Returns the callbacks that have a state, each with a unique name.
  private func namedCallbacks() -> [(name: String, callback: any ResumableCallback)] {
    var counts: [String: Int] = [:]
    return callbacks.compactMap { $0 as? any ResumableCallback }.map { callback in
      let count = counts[callback.stateName, default: 0] + 1
      counts[callback.stateName] = count
      return (count == 1 ? callback.stateName : "\(callback.stateName) \(count)", callback)
    }
  }

  /// Resumes another run; possible only in `trainingBegan`. The run takes over the seed of the state.
  /// - Throws: `TrainingError.state` if training has begun, if the state is from a run with a different number of
  ///   examples or is invalid, or if it is from the middle of an epoch with a different batch size, micro-batch size, or
  ///   number of steps; `ModelError.parameters` if the weights do not fit the model.
  public func restore(_ state: TrainingState) throws {
    guard canBeRestored else { throw TrainingError.state(reason: "a run is restored before its first step, not after") }
    try state.checkPlace()
    if let count = state.examples, count != examples {
      throw TrainingError.state(reason: "it is of a run on \(count) examples, and this run has \(examples)")
    }
    if state.batch > 0 {
      for (what, saved, now) in [
        ("batches of", state.batchSize, batchSize),
        ("micro-batches of", state.microBatchSize ?? microBatchSize, microBatchSize),
        ("a number of steps of", state.stepsPerEpoch ?? stepsPerEpoch, stepsPerEpoch),
      ] where saved != now {
        throw TrainingError.state(
          reason: "it is from the middle of an epoch with \(what) \(saved), and this run has \(what) \(now)")
      }
    }
    try state.checkBatch(ofExamples: examples)
    if state.batch > stepsPerEpoch {
      throw TrainingError.state(
        reason: "batch is \(state.batch), and the number of steps per epoch of this run is \(stepsPerEpoch)")
    }
    try model.restore(state.weights)
    try optimizer.restore(state.optimizer, of: model)
    (epoch, batch, seed) = (state.epoch, state.batch, state.seed)
    history.epochs = state.history.epochs
    restored = (state.callbacks, state.values)
  }

  /// Passes restored states to the callbacks, and continues with the values of an unfinished epoch.
  func takeUpRestored() throws {
    guard let restored else { return }
    for (name, callback) in namedCallbacks() {
      guard let state = restored.callbacks[name] else { continue }
      try TrainingError.namingState(of: name) { try callback.restore(state, self) }
    }
    if batch > 0 { try values.restore(restored.values, on: model.device) }
    self.restored = nil
  }
}
