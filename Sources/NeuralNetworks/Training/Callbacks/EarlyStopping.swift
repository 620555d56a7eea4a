/// Stops training when a monitored value no longer improves.
///
/// ```swift
/// EarlyStopping(monitor: "validation_accuracy", patience: 5, restoresBestWeights: true)
/// ```
public final class EarlyStopping: MonitoringCallback, ResumableCallback {
  /// The name of the monitored value.
  public let monitor: String
  /// The number of epochs without improvement before training stops; with 0, it stops at the first such epoch.
  public let patience: Int
  /// Changes up to this size do not count as improvements.
  public let minimumDelta: Double
  /// Whether the model gets the weights of the best epoch when training ends without an error.
  public let restoresBestWeights: Bool
  private let direction: MonitorDirection

  /// The best value so far, and its epoch.
  public private(set) var best: (epoch: Int, value: Double)?
  private var bestWeights: Snapshot?
  private var waited = 0
  private var hasSeenHistory = false

  /// Creates the callback.
  /// - Parameters:
  ///   - monitor: The name of the monitored value.
  ///   - patience: The number of epochs without improvement before training stops, as in Keras; at least 0.
  ///   - minimumDelta: Changes up to this size do not count as improvements; the sign is ignored, as in Keras.
  ///   - restoresBestWeights: Whether the model gets the weights of the best epoch when training ends without an error.
  ///   - direction: Whether smaller or larger values are better; by default determined from the name.
  public init(
    monitor: String = "validation_loss", patience: Int = 0, minimumDelta: Double = 0, restoresBestWeights: Bool = false,
    direction: MonitorDirection = .automatic
  ) {
    Checks.count(patience, "patience", of: "EarlyStopping", atLeast: 0)
    Checks.number(minimumDelta, "minimumDelta", of: "EarlyStopping")
    self.monitor = monitor
    self.patience = patience
    self.minimumDelta = minimumDelta.magnitude
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
    // A run resumed without this object's state contains epochs that this object has not seen. They count, but their
    // weights are lost.
    if !hasSeenHistory { for earlier in run.history.epochs where earlier.epoch < epoch.epoch { _ = see(earlier) } }
    hasSeenHistory = true
    if see(epoch) {
      if restoresBestWeights { bestWeights = run.model.snapshot() }
    } else {
      stopIfDue(run)
    }
  }

  public func trainingEnded(_ run: TrainingRun) throws {
    defer { bestWeights = nil }
    if let bestWeights, let best {
      try run.model.restore(bestWeights)
      guard best.epoch + 1 < run.epoch else { return }
      run.note("the weights of epoch \(best.epoch + 1) are back: its \(monitor) is \(NumberText.short(best.value))")
    }
  }

  private func stopIfDue(_ run: TrainingRun) {
    guard waited > 0, waited >= patience else { return }
    run.stop(reason: "\(monitor) has not improved for \(waited) \(waited == 1 ? "epoch" : "epochs")")
  }

  /// Records an epoch, and returns true if it is the best so far.
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

/// Ends training at the first step whose gradients contain a NaN or an infinity, and reports their origin. Keras'
/// `TerminateOnNaN` checks the loss instead.
///
/// ```swift
/// let history = try model.fit(data, epochs: 20, callbacks: [TerminateOnNonFinite()])
/// print(history.stopReason ?? "")
/// // step 113 was left out: the gradient of 0.weight holds a NaN or an infinity; the first one came from "logarithm" in the
/// // forward pass
/// ```
///
/// The device skips the update of such a step, and of all later ones, without making the host wait. `fit` checks every
/// 32 steps, at the end of each epoch, and before the run is saved. It then repeats the batch and checks the result of
/// each operation. Afterwards, trained parameters, the optimizer's state, and the position in the run are those before
/// the step (the running statistics of normalization layers are not). An epoch whose loss is not finite also ends
/// training.
public final class TerminateOnNonFinite: Callback {
  /// The finding of `fit`; nil if every step was finite.
  public internal(set) var finding: String?

  public init() {}

  public func trainingBegan(_ run: TrainingRun) throws { finding = nil }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    guard let loss = epoch["loss"], !loss.isFinite else { return }
    end(run, "the loss of epoch \(epoch.epoch + 1) is \(loss)")
  }

  /// Ends training for this reason.
  func end(_ run: TrainingRun, _ reason: String) {
    finding = reason
    run.stop(reason: reason)
  }
}
