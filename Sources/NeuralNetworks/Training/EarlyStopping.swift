/// Ends training when a value has stopped getting better.
///
/// ```swift
/// EarlyStopping(monitor: "validation_accuracy", patience: 5, restoresBestWeights: true)
/// ```
public final class EarlyStopping: MonitoringCallback, ResumableCallback {
  /// The name of the value that is watched.
  public let monitor: String
  /// How many epochs without a better value are put up with; with 0, the first such epoch ends training.
  public let patience: Int
  /// A change that is not larger than this is none.
  public let minimumDelta: Double
  /// Gives the model the weights of the best epoch when training ends without an error.
  public let restoresBestWeights: Bool
  private let direction: MonitorDirection

  /// The best value so far, and the epoch it is from.
  public private(set) var best: (epoch: Int, value: Double)?
  private var bestWeights: Snapshot?
  private var waited = 0
  private var hasSeenHistory = false

  /// - Parameters:
  ///   - monitor: The name of the value that is watched.
  ///   - patience: How many epochs without a better value are put up with, as Keras counts them.
  ///   - minimumDelta: A change that is not larger than this is none.
  ///   - restoresBestWeights: Gives the model the weights of the best epoch when training ends without an error.
  ///   - direction: Which values are better; by the name unless given.
  public init(
    monitor: String = "validation_loss", patience: Int = 0, minimumDelta: Double = 0, restoresBestWeights: Bool = false,
    direction: MonitorDirection = .automatic
  ) {
    self.monitor = monitor
    self.patience = patience
    self.minimumDelta = minimumDelta
    self.restoresBestWeights = restoresBestWeights
    self.direction = direction
  }

  public var monitoredValue: String? { monitor }

  public func trainingBegan(_ run: TrainingRun) throws {
    best = nil
    bestWeights = nil
    waited = 0
    hasSeenHistory = false
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    // A run that was resumed without this object's state brings epochs that it has not seen; they count, but their weights
    // are gone.
    if !hasSeenHistory { for earlier in run.history.epochs where earlier.epoch < epoch.epoch { _ = see(earlier) } }
    hasSeenHistory = true
    if see(epoch) {
      if restoresBestWeights { bestWeights = run.model.snapshot() }
    } else {
      stopIfDue(run)
    }
  }

  public func trainingEnded(_ run: TrainingRun) throws {
    if let bestWeights { try run.model.restore(bestWeights) }
    bestWeights = nil
  }

  private func stopIfDue(_ run: TrainingRun) {
    guard waited > 0, waited >= patience else { return }
    run.stop(reason: "\(monitor) has not improved for \(waited) \(waited == 1 ? "epoch" : "epochs")")
  }

  /// Takes an epoch into account; true when it is the best so far.
  private func see(_ epoch: EpochRecord) -> Bool {
    let value = epoch[monitor] ?? .nan
    if direction.isBetter(value, than: best?.value ?? .nan, by: minimumDelta, named: monitor) {
      best = (epoch.epoch, value)
      waited = 0
      return true
    }
    waited += 1
    return false
  }

  // MARK: State

  public var stateName: String { "EarlyStopping \(monitor)" }

  public func state() -> ResumableState {
    var state = ResumableState(numbers: ["waited": Double(waited)])
    if let best { state.numbers.merge(["best": best.value, "epoch": Double(best.epoch)]) { $1 } }
    for (path, value) in bestWeights?.values ?? [] { state.tensors[path] = value }
    return state
  }

  public func restore(_ state: ResumableState, _ run: TrainingRun) throws {
    hasSeenHistory = true
    waited = try state.count("waited")
    best = try state.numbers["best"].map { (try state.count("epoch"), $0) }
    if restoresBestWeights && !state.tensors.isEmpty {
      bestWeights = Snapshot(state.tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
    // The run may have been killed after its last epoch.
    stopIfDue(run)
  }
}
