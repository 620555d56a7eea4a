/// Reduces the learning rate when a monitored value no longer improves: PyTorch's and Keras' `ReduceLROnPlateau`, with
/// PyTorch's rules and defaults.
///
/// ```swift
/// ReduceLearningRateOnPlateau(monitor: "validation_loss", factor: 0.5, patience: 3)
/// ```
///
/// It multiplies `Optimizer.learningRateScale`, so it can be combined with any schedule. An epoch is bad if its value
/// is not better than the best so far. After more than `patience` consecutive bad epochs, the rate becomes
/// max(factor·rate, minimumRate), and counting restarts. (`EarlyStopping` with the same patience, and Keras, act one
/// epoch earlier.)
public final class ReduceLearningRateOnPlateau: MonitoringCallback, ResumableCallback {
  /// The margin by which a value must be better than the best.
  public enum Threshold: Sendable, Hashable {
    /// A fraction of the best value.
    case relative(Double)
    /// An absolute amount.
    case absolute(Double)
  }

  /// The name of the monitored value.
  public let monitor: String
  /// The factor for the learning rate, above 0 and below 1.
  public let factor: Double
  /// The number of bad epochs that are tolerated.
  public let patience: Int
  /// The margin for an improvement.
  public let threshold: Threshold
  /// The number of epochs after a reduction that do not count as bad.
  public let cooldown: Int
  /// The lower limit for reductions.
  public let minimumRate: Double
  private let direction: MonitorDirection

  /// The best value so far.
  public private(set) var best: Double?
  /// The number of reductions so far.
  public private(set) var reductions = 0
  private var badEpochs = 0
  private var coolingEpochs = 0

  /// Reductions that change the rate by no more than this are skipped.
  private static let leastChange = 1e-8

  /// Creates the callback. The defaults match PyTorch.
  /// - Parameters:
  ///   - monitor: The name of the monitored value.
  ///   - factor: The factor for the learning rate, above 0 and below 1.
  ///   - patience: The number of consecutive bad epochs that are tolerated; the next one reduces the rate.
  ///   - threshold: The margin by which a value must be better than the best, at least 0.
  ///   - cooldown: The number of epochs after a reduction that do not count as bad.
  ///   - minimumRate: The lower limit for reductions.
  ///   - direction: Whether smaller or larger values are better; by default determined from the name.
  public init(
    monitor: String = "validation_loss", factor: Double = 0.1, patience: Int = 10,
    threshold: Threshold = .relative(1e-4), cooldown: Int = 0, minimumRate: Double = 0,
    direction: MonitorDirection = .automatic
  ) {
    let name = "ReduceLearningRateOnPlateau"
    if !(factor > 0 && factor < 1) {
      ProgrammerError.end("\(name): factor is \(factor), expected a number above 0 and below 1")
    }
    Checks.count(patience, "patience", of: name, atLeast: 0)
    Checks.count(cooldown, "cooldown", of: name, atLeast: 0)
    Checks.size(minimumRate, "minimumRate", of: name)
    switch threshold {
    case .relative(let margin), .absolute(let margin): Checks.size(margin, "threshold", of: name)
    }
    self.monitor = monitor
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimumRate = minimumRate
    self.direction = direction
  }

  public var monitoredValue: String? { monitor }

  public func trainingBegan(_ run: TrainingRun) throws {
    best = nil
    (reductions, badEpochs, coolingEpochs) = (0, 0, 0)
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    let value = epoch[monitor] ?? .nan
    if isBetter(value) {
      best = value
      badEpochs = 0
    } else {
      badEpochs += 1
    }
    if coolingEpochs > 0 {
      coolingEpochs -= 1
      badEpochs = 0
    }
    guard badEpochs > patience else { return }
    reduce(run.optimizer)
    coolingEpochs = cooldown
    badEpochs = 0
  }

  private func isBetter(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    guard let best else { return true }
    let prefersLarger = direction.prefersLarger(monitor)
    let margin =
      switch threshold {
      case .relative(let part): part * best
      case .absolute(let amount): amount
      }
    return prefersLarger ? value > best + margin : value < best - margin
  }

  private func reduce(_ optimizer: Optimizer) {
    let rate = optimizer.learningRate(at: optimizer.step)
    let reduced = max(rate * factor, minimumRate)
    guard rate - reduced > Self.leastChange else { return }
    optimizer.learningRateScale *= reduced > minimumRate ? factor : reduced / rate
    reductions += 1
  }

  // MARK: State

  public var stateName: String { "ReduceLearningRateOnPlateau \(monitor)" }

  /// The scale of the learning rate is part of the optimizer's state.
  public func state() -> ResumableState {
    var numbers = [
      "reductions": Double(reductions), "badEpochs": Double(badEpochs), "coolingEpochs": Double(coolingEpochs),
    ]
    numbers["best"] = best
    return ResumableState(numbers: numbers)
  }

  public func restore(_ state: ResumableState, _ run: TrainingRun) throws {
    best = state.numbers["best"]
    reductions = try state.count("reductions")
    badEpochs = try state.count("badEpochs")
    coolingEpochs = try state.count("coolingEpochs")
  }
}
