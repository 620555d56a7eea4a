import HostSystem

/// Everything that a training run needs to resume as if it had never stopped: weights, the optimizer's state, its
/// position, its seed, its history, and the state of its callbacks. The order of the examples and the masks of dropout
/// are functions of the seed, the epoch, and the step, so no generator has to be saved.
public struct TrainingState: Sendable {
  /// The current or next epoch.
  public let epoch: Int
  /// The number of updates of the optimizer so far.
  public let step: Int
  /// The number of completed batches of the epoch; 0 between epochs.
  public let batch: Int
  /// The number of examples per batch; a run in the middle of an epoch must continue with the same number.
  public let batchSize: Int
  /// The seed of the run.
  public let seed: UInt64
  /// Every parameter, by path.
  public let weights: Snapshot
  /// The optimizer's state, by path.
  public let optimizer: OptimizerState
  /// The history with the completed epochs.
  public let history: History
  /// The number of examples per epoch of the run; nil if it is unknown.
  public let examples: Int?
  /// The number of steps per epoch of the run; nil if it is unknown.
  public let stepsPerEpoch: Int?
  /// The number of examples of the run that passed through the model at once; nil if it is unknown.
  public let microBatchSize: Int?
  /// The state of the callbacks, by their `stateName`. A second one with the same name has the suffix " 2".
  public let callbacks: [String: ResumableState]
  /// The sums of the loss and the metrics over the completed batches of the epoch.
  public let values: ResumableState

  /// Creates a state.
  /// - Parameters:
  ///   - epoch: The current or next epoch, starting at 0.
  ///   - step: The number of updates of the optimizer so far.
  ///   - batch: The number of completed batches of the epoch.
  ///   - batchSize: The number of examples per batch.
  ///   - seed: The seed of the run.
  ///   - weights: Every parameter, by path.
  ///   - optimizer: The optimizer's state, by path.
  ///   - history: The history with the completed epochs.
  ///   - examples: The number of examples per epoch; nil if it is unknown.
  ///   - stepsPerEpoch: The number of steps per epoch; nil if it is unknown.
  ///   - microBatchSize: The number of examples that pass through the model at once; nil if it is unknown.
  ///   - callbacks: The state of the callbacks, by their `stateName`.
  ///   - values: The sums of the loss and the metrics over the completed batches.
  public init(
    epoch: Int, step: Int, batch: Int = 0, batchSize: Int, seed: UInt64, weights: Snapshot, optimizer: OptimizerState,
    history: History, examples: Int? = nil, stepsPerEpoch: Int? = nil, microBatchSize: Int? = nil,
    callbacks: [String: ResumableState] = [:], values: ResumableState = ResumableState()
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
    self.stepsPerEpoch = stepsPerEpoch
    self.microBatchSize = microBatchSize
    self.callbacks = callbacks
    self.values = values
  }

  /// Throws for an impossible position, because a file may contain anything.
  /// - Throws: `TrainingError.state`.
  package func checkPlace() throws {
    var counts = [("epoch", epoch, 0), ("step", step, 0), ("batch", batch, 0), ("the batch size", batchSize, 1)]
    counts += history.epochs.map { ("an epoch of the history", $0.epoch, 0) }
    if let stepsPerEpoch { counts.append(("the number of steps per epoch", stepsPerEpoch, 1)) }
    if let microBatchSize { counts.append(("the micro-batch size", microBatchSize, 1)) }
    for (name, count, least) in counts where !(least...ResumableState.largestCount).contains(count) {
      throw TrainingError.state(reason: "\(name) is \(count), not a count from \(least) to 2^53")
    }
    if let examples { try checkBatch(ofExamples: examples) }
  }

  /// Throws for a batch that an epoch with this many examples does not have.
  func checkBatch(ofExamples examples: Int) throws {
    guard (1...ResumableState.largestCount).contains(examples) else {
      throw TrainingError.state(reason: "examples is \(examples), not a count from 1 to 2^53")
    }
    let batches = examples.dividedRoundingUp(by: batchSize)
    if batch > batches {
      throw TrainingError.state(
        reason: "batch is \(batch), and an epoch of \(examples) examples has \(batches) batches of \(batchSize)")
    }
  }
}
