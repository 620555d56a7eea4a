/// A call of `fit` as its callbacks see it.
public final class TrainingRun {
  /// The model that is trained.
  public let model: Model
  /// What updates it: its step count and learning rate are those of the run.
  public let optimizer: Optimizer
  /// The finished epochs so far.
  public internal(set) var history = History()
  /// The epoch that is next, or that the run is in; counted from 0.
  public internal(set) var epoch: Int
  /// The batches of this epoch that are done.
  public internal(set) var batch = 0
  /// The epoch at which training ends.
  public let epochs: Int
  /// The examples in a batch; the last one of an epoch may have fewer.
  public let batchSize: Int
  /// Where the order of the examples and random numbers of layers come from.
  public internal(set) var seed: UInt64
  /// How many examples an epoch has.
  public let examples: Int
  /// True between `trainingBegan` and the first step.
  var canBeRestored = true
  /// The values of the epoch so far.
  var values: RunningValues
  /// What `fit` makes sure of before the run is saved.
  var beforeSaving: () throws -> Void = {}
  private let callbacks: [any Callback]
  /// What has been restored and not been taken up yet.
  private var restored: (callbacks: [String: ResumableState], values: ResumableState)?

  init(model: Model, optimizer: Optimizer, options: FitOptions, examples: Int, values: RunningValues) {
    self.model = model
    self.examples = examples
    self.values = values
    callbacks = options.callbacks
    self.optimizer = optimizer
    epoch = options.initialEpoch
    epochs = options.epochs
    batchSize = options.batchSize
    seed = options.seed
  }

  /// Ends training: at once when called after a step, before the next epoch when called after an epoch. The first reason is
  /// the one that `History.stopReason` keeps.
  public func stop(reason: String) {
    if history.stopReason == nil { history.stopReason = reason }
  }

  /// Weights, the optimizer's state, what callbacks keep, and where the run stands. Copies nothing until the next step does.
  public func state() throws -> TrainingState {
    try beforeSaving()
    let states = namedCallbacks().map { ($0.name, $0.callback.state()) }
    return TrainingState(
      epoch: epoch, step: optimizer.step, batch: batch, batchSize: batchSize, seed: seed, weights: model.snapshot(),
      optimizer: optimizer.state(), history: History(epochs: history.epochs), examples: examples,
      callbacks: Dictionary(uniqueKeysWithValues: states), values: batch == 0 ? ResumableState() : values.state())
  }

  /// The callbacks that have a state, each with a name of its own.
  private func namedCallbacks() -> [(name: String, callback: any ResumableCallback)] {
    var counts: [String: Int] = [:]
    return callbacks.compactMap { $0 as? any ResumableCallback }.map { callback in
      let count = counts[callback.stateName, default: 0] + 1
      counts[callback.stateName] = count
      return (count == 1 ? callback.stateName : "\(callback.stateName) \(count)", callback)
    }
  }

  /// Goes on where another run was; possible in `trainingBegan` only. The run takes the seed of the state.
  /// - Throws: `TrainingError.state` when training has begun, when the state is of a run with another number of examples or
  ///   of no run that there can be, or when it is from the middle of an epoch with another batch size;
  ///   `ModelError.parameters` when the weights do not fit the model.
  public func restore(_ state: TrainingState) throws {
    guard canBeRestored else { throw TrainingError.state(reason: "a run is restored before its first step, not after") }
    try state.checkPlace()
    guard state.batch == 0 || state.batchSize == batchSize else {
      throw TrainingError.state(
        reason:
          "it is from the middle of an epoch with batches of \(state.batchSize), and this run has batches of \(batchSize)"
      )
    }
    if let count = state.examples, count != examples {
      throw TrainingError.state(reason: "it is of a run on \(count) examples, and this run has \(examples)")
    }
    try model.restore(state.weights)
    try optimizer.restore(state.optimizer, of: model)
    (epoch, batch, seed) = (state.epoch, state.batch, state.seed)
    history.epochs = state.history.epochs
    restored = (state.callbacks, state.values)
  }

  /// Gives callbacks the states that were restored, and goes on with the values of an unfinished epoch.
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
