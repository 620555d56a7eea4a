/// Something that looks on, or steps in, while `fit` trains. Every method has an empty default; one that throws ends `fit`
/// with its error.
///
/// ```swift
/// final class Watch: Callback {
///   func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
///     if let loss = epoch["loss"], loss.isNaN { run.stop(reason: "loss is not a number") }
///   }
/// }
/// ```
///
/// Callbacks are called in the order in which they were given, on the thread of `fit`. Those that save the run
/// (`SavingCallback`) are first when training begins and ends, and last after steps and epochs, so that what they save holds
/// what the others have just done.
public protocol Callback: AnyObject {
  /// Before the first step. `run.restore(_:)` here resumes an earlier run.
  func trainingBegan(_ run: TrainingRun) throws
  /// After an epoch and its validation.
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws
  /// After each step; `step` counts the updates of the optimizer since it was made. The device may still be at work.
  func stepEnded(_ step: Int, _ run: TrainingRun) throws
  /// After the last epoch, or after training was stopped or cancelled; not after an error.
  func trainingEnded(_ run: TrainingRun) throws
}

extension Callback {
  public func trainingBegan(_ run: TrainingRun) throws {}
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {}
  public func stepEnded(_ step: Int, _ run: TrainingRun) throws {}
  public func trainingEnded(_ run: TrainingRun) throws {}
}

/// A callback that saves the run so that it can go on elsewhere, or restores it. It is told of the beginning and of the end of
/// training before all others, and of steps and epochs after them.
public protocol SavingCallback: Callback {}

/// A callback whose state belongs to the run: `TrainingRun.state()` asks for it, and a run that is restored gives it back.
public protocol ResumableCallback: Callback {
  /// What kind of state it is, such as "EarlyStopping validation_loss". Callbacks of one name are told apart by their order.
  var stateName: String { get }
  /// What it keeps from epoch to epoch.
  func state() -> ResumableState
  /// Goes on from a state; called after `trainingBegan` of all callbacks. `run.stop(reason:)` here ends training before its
  /// first step.
  func restore(_ state: ResumableState, _ run: TrainingRun) throws
}

/// A callback that watches a value of the epochs. `fit` refuses a name that no epoch will have, before it trains.
public protocol MonitoringCallback: Callback {
  /// The name of the value, such as "validation_loss"; nil when nothing is watched.
  var monitoredValue: String? { get }
}

/// Which values of a monitored quantity are better.
public enum MonitorDirection: Sendable, Hashable {
  /// Larger for names that end in accuracy, precision, recall, f1 or matrix (or a class number after one of them); smaller
  /// otherwise.
  case automatic
  /// The smaller value is the better one, as of losses (Keras: `min`).
  case smaller
  /// The larger value is the better one, as of accuracies (Keras: `max`).
  case larger

  /// True when `value` is better than `best` by more than `delta`. Any number is better than a NaN; a NaN is never better.
  package func isBetter(_ value: Double, than best: Double, by delta: Double, named name: String) -> Bool {
    guard !value.isNaN else { return false }
    guard !best.isNaN else { return true }
    return prefersLarger(name) ? value > best + delta : value < best - delta
  }

  /// True when larger values of the quantity are better.
  package func prefersLarger(_ name: String) -> Bool {
    switch self {
    case .smaller: return false
    case .larger: return true
    case .automatic:
      let words = name.split(separator: "_")
      let word = words.last(where: { Int($0) == nil }) ?? ""
      return ["accuracy", "precision", "recall", "f1", "matrix"].contains(word)
    }
  }
}
