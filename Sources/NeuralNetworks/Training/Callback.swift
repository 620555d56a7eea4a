/// Something that looks on, or steps in, while `fit` trains. Every method has an empty default. One that throws ends `fit` with
/// its error, once the other callbacks have been told as well.
///
/// ```swift
/// final class Watch: Callback {
///   func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
///     if let loss = epoch["loss"], loss.isNaN { run.stop(reason: "loss is not a number") }
///   }
/// }
/// ```
///
/// Since every method has a default, the compiler takes a misspelled one for a method of its own that has nothing to do with
/// this protocol. `fit` looks for that before it trains: it throws `TrainingError.callback` for a callback that implements
/// none of the methods, or one that has a common misspelling in place of a method (`epochEnded(epoch:run:)`, `onEpochEnd` as in
/// Keras, or an `async` method). It cannot find every one next to a method that is right. The compiler warns of more of them
/// where the class adopts `Callback` in an extension, and `ClosureCallback` leaves nothing to misspell.
///
/// Callbacks are called in the order in which they were passed, on the thread of `fit`. Callbacks that save the run
/// (`SavingCallback`) are called first when training begins and ends, and last after steps and epochs, so that they
/// save the most recent changes of the others.
public protocol Callback: MisspelledCallback {
  // The results are empty. Their types show which methods a type implements: the defaults return `NotImplemented`.
  associatedtype TrainingBegan = NotImplemented
  associatedtype EpochEnded = NotImplemented
  associatedtype StepEnded = NotImplemented
  associatedtype TrainingEnded = NotImplemented

  /// Called before the first step. Call `run.restore(_:)` here to resume an earlier run.
  @discardableResult func trainingBegan(_ run: TrainingRun) throws -> TrainingBegan
  /// Called after an epoch and its validation.
  @discardableResult func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochEnded
  /// Called after each step. `step` is the number of updates since the optimizer was created. The device may still be
  /// working.
  @discardableResult func stepEnded(_ step: Int, _ run: TrainingRun) throws -> StepEnded
  /// After the last epoch, or after training was stopped or cancelled; after an error only for a `SavingCallback`.
  @discardableResult func trainingEnded(_ run: TrainingRun) throws -> TrainingEnded
}

/// The result of callback methods that a class does not implement.
public struct NotImplemented: Sendable {
  init() {}
}

extension Callback {
  @discardableResult public func trainingBegan(_ run: TrainingRun) throws -> NotImplemented { NotImplemented() }
  @discardableResult public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func stepEnded(_ step: Int, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func trainingEnded(_ run: TrainingRun) throws -> NotImplemented { NotImplemented() }
}

/// A callback that saves the run so that it can go on elsewhere, or restores it. It is told of the beginning and of the end of
/// training before all others, and of steps and epochs after them.
///
/// Where training ends with an error (a log cannot be written, the data or the validation fails), it is told of the end all the
/// same, so that no work is lost, unless the loss is not finite. An error of its own is then left out.
public protocol SavingCallback: Callback {}

/// A callback whose state belongs to the run: `TrainingRun.state()` includes it, and a restored run passes it back.
public protocol ResumableCallback: Callback {
  /// The kind of state, such as "EarlyStopping validation_loss". Callbacks with the same name are distinguished by
  /// their order.
  var stateName: String { get }
  /// The state kept from epoch to epoch.
  func state() -> ResumableState
  /// Restores the state; called after `trainingBegan` of all callbacks. `run.stop(reason:)` here ends training before
  /// its first step.
  func restore(_ state: ResumableState, _ run: TrainingRun) throws
}

/// A callback that monitors a value of the epochs. `fit` rejects a name that no epoch will have before it trains.
public protocol MonitoringCallback: Callback {
  /// The name of the value, such as "validation_loss"; nil if nothing is monitored.
  var monitoredValue: String? { get }
}

/// Whether smaller or larger values of a monitored quantity are better.
public enum MonitorDirection: Sendable, Hashable {
  /// Larger for names that end in accuracy, precision, recall, f1, or matrix (or a class number after one of them), r2,
  /// or r2_score; smaller otherwise.
  case automatic
  /// Smaller values are better, as for losses (Keras: `min`).
  case smaller
  /// Larger values are better, as for accuracies (Keras: `max`).
  case larger

  /// Whether `value` is better than `best` by more than `delta`. Any number is better than NaN; NaN is never better.
  package func isBetter(_ value: Double, than best: Double, by delta: Double, named name: String) -> Bool {
    guard !value.isNaN else { return false }
    guard !best.isNaN else { return true }
    return prefersLarger(name) ? value > best + delta : value < best - delta
  }

  /// Whether larger values of the quantity are better.
  package func prefersLarger(_ name: String) -> Bool {
    switch self {
    case .smaller: return false
    case .larger: return true
    case .automatic:
      let words = name.split(separator: "_")
      let word = words.last(where: { Int($0) == nil }) ?? ""
      if word == "r2" || words.suffix(2) == ["r2", "score"] { return true }
      return ["accuracy", "precision", "recall", "f1", "matrix"].contains(word)
    }
  }
}
