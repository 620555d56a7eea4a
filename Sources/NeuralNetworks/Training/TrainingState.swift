/// Everything that a training run needs to go on as if it had never stopped: weights, the optimizer's state, where it stands,
/// its seed, its history, and what its callbacks keep. The order of the examples and the masks of dropout are functions of the
/// seed, the epoch and the step, so that no generator has to be saved.
public struct TrainingState: Sendable {
  /// The epoch that is next, or that the run is in.
  public let epoch: Int
  /// The updates of the optimizer so far.
  public let step: Int
  /// The batches of the epoch that are done; 0 between epochs.
  public let batch: Int
  /// The examples in a batch; a run in the middle of an epoch goes on with the same number.
  public let batchSize: Int
  /// The seed of the run.
  public let seed: UInt64
  /// Every parameter, by path.
  public let weights: Snapshot
  /// The optimizer's state, by path.
  public let optimizer: OptimizerState
  /// The finished epochs.
  public let history: History
  /// How many examples an epoch of the run has; nil where it is not known.
  public let examples: Int?
  /// What the callbacks keep, by their `stateName`; a second one of a name has " 2" after it.
  public let callbacks: [String: ResumableState]
  /// The sums of the loss and the metrics over the batches of the epoch that are done.
  public let values: ResumableState

  /// - Parameters:
  ///   - epoch: The epoch that is next, or that the run is in, from 0.
  ///   - step: The updates of the optimizer so far.
  ///   - batch: The batches of the epoch that are done.
  ///   - batchSize: The examples in a batch.
  ///   - seed: The seed of the run.
  ///   - weights: Every parameter, by path.
  ///   - optimizer: The optimizer's state, by path.
  ///   - history: The finished epochs.
  ///   - examples: How many examples an epoch has; nil where it is not known.
  ///   - callbacks: What the callbacks keep, by their `stateName`.
  ///   - values: The sums of the loss and the metrics over the batches that are done.
  public init(
    epoch: Int, step: Int, batch: Int = 0, batchSize: Int, seed: UInt64, weights: Snapshot, optimizer: OptimizerState,
    history: History, examples: Int? = nil, callbacks: [String: ResumableState] = [:],
    values: ResumableState = ResumableState()
  ) {
    self.epoch = epoch
    self.step = step
    self.batch = batch
    self.batchSize = batchSize
    self.seed = seed
    self.weights = weights
    self.optimizer = optimizer
    self.history = history
    self.examples = examples
    self.callbacks = callbacks
    self.values = values
  }

  /// Throws for a place where no run can be: what was read from a file may claim anything.
  /// - Throws: `TrainingError.state`.
  package func checkPlace() throws {
    let counts =
      [("epoch", epoch, 0), ("step", step, 0), ("batch", batch, 0), ("the batch size", batchSize, 1)]
      + history.epochs.map { ("an epoch of the history", $0.epoch, 0) }
    for (name, count, least) in counts where !(least...ResumableState.largestCount).contains(count) {
      throw TrainingError.state(reason: "\(name) is \(count), not a count from \(least) to 2^53")
    }
  }
}
