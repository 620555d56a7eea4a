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
/// Callbacks are called in the order in which they were given, on the thread of `fit`.
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

/// A callback that watches a value of the epochs. `fit` refuses a name that no epoch will have, before it trains.
public protocol MonitoringCallback: Callback {
  /// The name of the value, such as "validation_loss"; nil when nothing is watched.
  var monitoredValue: String? { get }
}

/// Which values of a monitored quantity are better.
public enum MonitorDirection: Sendable, Hashable {
  /// Larger for names that end in accuracy, precision, recall or f1 (or a class number after one of them); smaller otherwise.
  case automatic
  case smaller
  case larger

  /// True when `value` is better than `best` by more than `delta`. No number is better than a NaN, and a NaN than none.
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
