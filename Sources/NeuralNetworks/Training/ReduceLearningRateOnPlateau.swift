/// Makes the steps of the optimizer smaller when a value has stopped getting better: PyTorch's and Keras'
/// `ReduceLROnPlateau`, with PyTorch's rules and defaults.
///
/// ```swift
/// ReduceLearningRateOnPlateau(monitor: "validation_loss", factor: 0.5, patience: 3)
/// ```
///
/// It multiplies `Optimizer.learningRateScale`, so that it goes together with any schedule. An epoch counts as bad when its
/// value is not better than the best so far; after more than `patience` bad epochs in a row the rate becomes
/// max(factor·rate, minimumRate), and counting begins anew. (`EarlyStopping` with the same patience, and Keras, act one
/// epoch earlier.)
public final class ReduceLearningRateOnPlateau: MonitoringCallback, ResumableCallback {
  /// How much better than the best a value must be to count as better.
  public enum Threshold: Sendable, Hashable {
    /// By this part of the best value.
    case relative(Double)
    /// By this amount.
    case absolute(Double)
  }

  /// The name of the value that is watched.
  public let monitor: String
  /// What the learning rate is multiplied by, above 0 and below 1.
  public let factor: Double
  /// How many bad epochs are put up with.
  public let patience: Int
  /// What counts as better.
  public let threshold: Threshold
  /// How many epochs after a reduction are not counted as bad.
  public let cooldown: Int
  /// No reduction goes below this rate.
  public let minimumRate: Double
  private let direction: MonitorDirection

  /// The best value so far.
  public private(set) var best: Double?
  /// How often the rate has been reduced.
  public private(set) var reductions = 0
  private var badEpochs = 0
  private var coolingEpochs = 0

  /// A reduction that changes the rate by no more than this is not made.
  private static let leastChange = 1e-8

  /// The defaults are PyTorch's.
  /// - Parameters:
  ///   - monitor: The name of the value that is watched.
  ///   - factor: What the learning rate is multiplied by, above 0 and below 1.
  ///   - patience: How many bad epochs in a row are put up with; the next one reduces the rate.
  ///   - threshold: How much better than the best a value must be to count as better.
  ///   - cooldown: How many epochs after a reduction are not counted as bad.
  ///   - minimumRate: No reduction goes below this rate.
  ///   - direction: Which values are better; by the name unless given.
  public init(
    monitor: String = "validation_loss", factor: Double = 0.1, patience: Int = 10,
    threshold: Threshold = .relative(1e-4), cooldown: Int = 0, minimumRate: Double = 0,
    direction: MonitorDirection = .automatic
  ) {
    if !(factor > 0 && factor < 1) { fatalError("ReduceLearningRateOnPlateau: a factor of \(factor), not of 0 to 1") }
    if patience < 0 || cooldown < 0 || !(minimumRate >= 0) {
      fatalError(
        "ReduceLearningRateOnPlateau: patience (\(patience)), cooldown (\(cooldown)) and minimumRate (\(minimumRate)) are "
          + "at least 0")
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
