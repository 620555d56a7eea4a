/// A call of `fit` as its callbacks see it.
public final class TrainingRun {
  public let model: Model
  public let optimizer: Optimizer
  /// The finished epochs so far.
  public internal(set) var history = History()
  /// The epoch that is next, or that the run is in; counted from 0.
  public internal(set) var epoch: Int
  /// The batches of this epoch that are done.
  public internal(set) var batch = 0
  /// The epoch at which training ends.
  public let epochs: Int
  public let batchSize: Int
  /// Where the order of the examples and random numbers of layers come from.
  public internal(set) var seed: UInt64
  /// True between `trainingBegan` and the first step.
  var canBeRestored = true

  init(model: Model, optimizer: Optimizer, options: FitOptions) {
    self.model = model
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

  /// Weights, the optimizer's state, and where the run stands. Copies nothing until the next step does.
  public func state() throws -> TrainingState {
    TrainingState(
      epoch: epoch, step: optimizer.step, batch: batch, batchSize: batchSize, seed: seed, weights: model.snapshot(),
      optimizer: optimizer.state(of: model), history: History(epochs: history.epochs))
  }

  /// Goes on where another run was; possible in `trainingBegan` only. The run takes the seed of the state.
  /// - Throws: `TrainingError.state` when training has begun or the state is from the middle of an epoch with another batch
  ///   size, `ModelError.parameters` when the weights do not fit the model.
  public func restore(_ state: TrainingState) throws {
    guard canBeRestored else { throw TrainingError.state(reason: "a run is restored before its first step, not after") }
    guard state.batch == 0 || state.batchSize == batchSize else {
      throw TrainingError.state(
        reason:
          "it is from the middle of an epoch with batches of \(state.batchSize), and this run has batches of \(batchSize)"
      )
    }
    try model.restore(state.weights)
    try optimizer.restore(state.optimizer, of: model)
    (epoch, batch, seed) = (state.epoch, state.batch, state.seed)
    history.epochs = state.history.epochs
  }
}
