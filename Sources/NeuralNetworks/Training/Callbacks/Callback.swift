/// An object that observes or controls training in `fit`. Every method has an empty default. If a method throws, the
/// other callbacks are still called, and then `fit` ends with the error (if `trainingBegan` throws, `fit` ends
/// immediately).
///
/// ```swift
/// final class Watch: Callback {
///   func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
///     if let loss = epoch["loss"], loss.isNaN { run.stop(reason: "loss is not a number") }
///   }
/// }
/// ```
///
/// Because every method has a default, the compiler accepts a misspelled one as an unrelated method. `fit` checks for
/// this before it trains: it throws `TrainingError.callback` for a callback that implements none of the methods, or
/// that has a common misspelling in place of a method (`epochEnded(epoch:run:)`, `onEpochEnd` as in Keras, or an
/// `async` method). It cannot find every misspelling next to a correct method. The compiler warns about more of them if
/// the class adopts `Callback` in an extension, and with `ClosureCallback`, misspelled names do not compile.
///
/// Callbacks are called in the order in which they were passed, on the thread of `fit`. Callbacks that save the run
/// (`SavingCallback`) are called last after steps and epochs, so that they save the most recent changes of the others,
/// and first for all other events.
public protocol Callback: MisspelledCallback {
  // The results are empty. Their types show which methods a type implements: the defaults return `NotImplemented`.
  associatedtype TrainingBegan = NotImplemented
  associatedtype EpochBegan = NotImplemented
  associatedtype EpochEnded = NotImplemented
  associatedtype StepBegan = NotImplemented
  associatedtype StepEnded = NotImplemented
  associatedtype ValidationBegan = NotImplemented
  associatedtype ValidationEnded = NotImplemented
  associatedtype TrainingEnded = NotImplemented

  /// Called before the first step. Call `run.restore(_:)` here to resume an earlier run.
  @discardableResult func trainingBegan(_ run: TrainingRun) throws -> TrainingBegan
  /// Called before the first step of an epoch, and before the next step of an epoch that is resumed. Epochs are counted
  /// from 0.
  @discardableResult func epochBegan(_ epoch: Int, _ run: TrainingRun) throws -> EpochBegan
  /// Called after an epoch and its validation.
  @discardableResult func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochEnded
  /// Called before each step. `step` is the number of updates since the optimizer was created.
  @discardableResult func stepBegan(_ step: Int, _ run: TrainingRun) throws -> StepBegan
  /// Called after each step. `step` is the number of updates since the optimizer was created. The device may still be
  /// working.
  @discardableResult func stepEnded(_ step: Int, _ run: TrainingRun) throws -> StepEnded
  /// Called before the validation of an epoch, if there is validation data.
  @discardableResult func validationBegan(_ run: TrainingRun) throws -> ValidationBegan
  /// Called after the validation of an epoch, with its results.
  @discardableResult func validationEnded(_ scores: Scores, _ run: TrainingRun) throws -> ValidationEnded
  /// Called after the last epoch, or after training was stopped or canceled; after an error only for a
  /// `SavingCallback`.
  @discardableResult func trainingEnded(_ run: TrainingRun) throws -> TrainingEnded
}

/// The result of callback methods that a class does not implement.
public struct NotImplemented: Sendable {
  init() {}
}

extension Callback {
  @discardableResult public func trainingBegan(_ run: TrainingRun) throws -> NotImplemented { NotImplemented() }
  @discardableResult public func epochBegan(_ epoch: Int, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func stepBegan(_ step: Int, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func stepEnded(_ step: Int, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func validationBegan(_ run: TrainingRun) throws -> NotImplemented { NotImplemented() }
  @discardableResult public func validationEnded(_ scores: Scores, _ run: TrainingRun) throws -> NotImplemented {
    NotImplemented()
  }
  @discardableResult public func trainingEnded(_ run: TrainingRun) throws -> NotImplemented { NotImplemented() }
}

/// A callback that saves the run, so that it can be resumed elsewhere, or restores it. It is called before all other
/// callbacks when training begins and ends, and after them for steps and epochs.
///
/// If training ends with an error (a log cannot be written, or the data or the validation fails), `trainingEnded` is
/// still called, so that no work is lost, unless the loss is not finite. Errors that the callback itself throws there
/// are ignored.
public protocol SavingCallback: Callback {}

/// A callback whose state belongs to the run: `TrainingRun.state()` includes it, and a restored run passes it back.
public protocol ResumableCallback: Callback {
  /// The kind of state, such as "EarlyStopping validation_loss". Callbacks with the same name are distinguished by
  /// their order.
  var stateName: String { get }
  /// Returns the state kept from epoch to epoch.
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
  /// Larger for names that end in accuracy, precision, recall, f1 (or another number than 1), matrix, auc, iou,
  /// correlation, kappa, similarity, sensitivity, or specificity (or a class number after one of them), r2, or r2_score;
  /// smaller otherwise.
  case automatic
  /// Smaller values are better, as for losses (Keras: `min`).
  case smaller
  /// Larger values are better, as for accuracies (Keras: `max`).
  case larger

  /// Returns whether `value` is better than `best` by more than `delta`. Any number is better than NaN; NaN is never
  /// better.
  package func isBetter(_ value: Double, than best: Double, by delta: Double, named name: String) -> Bool {
    guard !value.isNaN else { return false }
    guard !best.isNaN else { return true }
    return prefersLarger(name) ? value > best + delta : value < best - delta
  }

  /// Returns whether larger values of the quantity are better.
  package func prefersLarger(_ name: String) -> Bool {
    switch self {
    case .smaller: return false
    case .larger: return true
    case .automatic:
      let words = name.split(separator: "_")
      let word = words.last(where: { Int($0) == nil }) ?? ""
      if word == "r2" || words.suffix(2) == ["r2", "score"] { return true }
      if word.first == "f" && Double(word.dropFirst()) != nil { return true }
      return [
        "accuracy", "precision", "recall", "matrix", "auc", "iou", "correlation", "kappa", "similarity",
        "sensitivity", "specificity",
      ].contains(word)
    }
  }
}

/// A callback made of closures, for simple cases (Keras' `LambdaCallback`). Misspelled names do not compile.
///
/// ```swift
/// let report = ClosureCallback(epochEnded: { epoch, run in print(epoch.epoch, epoch["loss"] ?? .nan) })
/// try model.fit(data, epochs: 5, callbacks: [report])
/// ```
public final class ClosureCallback: Callback {
  private let began: (TrainingRun) throws -> Void
  private let epochStart: (Int, TrainingRun) throws -> Void
  private let epoch: (EpochRecord, TrainingRun) throws -> Void
  private let stepStart: (Int, TrainingRun) throws -> Void
  private let step: (Int, TrainingRun) throws -> Void
  private let validationStart: (TrainingRun) throws -> Void
  private let validation: (Scores, TrainingRun) throws -> Void
  private let ended: (TrainingRun) throws -> Void

  /// Creates a callback from closures.
  /// - Parameters:
  ///   - trainingBegan: Called before the first step.
  ///   - epochBegan: Called before the first step of an epoch, with its number, starting at 0.
  ///   - epochEnded: Called after an epoch and its validation.
  ///   - stepBegan: Called before each step, with the number of updates of the optimizer so far.
  ///   - stepEnded: Called after each step, with the number of updates of the optimizer so far.
  ///   - validationBegan: Called before the validation of an epoch.
  ///   - validationEnded: Called after the validation of an epoch, with its results.
  ///   - trainingEnded: Called after the last epoch, or after training was stopped; not after an error.
  public init(
    trainingBegan: @escaping (TrainingRun) throws -> Void = { _ in },
    epochBegan: @escaping (Int, TrainingRun) throws -> Void = { _, _ in },
    epochEnded: @escaping (EpochRecord, TrainingRun) throws -> Void = { _, _ in },
    stepBegan: @escaping (Int, TrainingRun) throws -> Void = { _, _ in },
    stepEnded: @escaping (Int, TrainingRun) throws -> Void = { _, _ in },
    validationBegan: @escaping (TrainingRun) throws -> Void = { _ in },
    validationEnded: @escaping (Scores, TrainingRun) throws -> Void = { _, _ in },
    trainingEnded: @escaping (TrainingRun) throws -> Void = { _ in }
  ) {
    (began, ended) = (trainingBegan, trainingEnded)
    (epochStart, epoch) = (epochBegan, epochEnded)
    (stepStart, step) = (stepBegan, stepEnded)
    (validationStart, validation) = (validationBegan, validationEnded)
  }

  public func trainingBegan(_ run: TrainingRun) throws { try began(run) }
  public func epochBegan(_ epoch: Int, _ run: TrainingRun) throws { try epochStart(epoch, run) }
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try self.epoch(epoch, run) }
  public func stepBegan(_ step: Int, _ run: TrainingRun) throws { try stepStart(step, run) }
  public func stepEnded(_ step: Int, _ run: TrainingRun) throws { try self.step(step, run) }
  public func validationBegan(_ run: TrainingRun) throws { try validationStart(run) }
  public func validationEnded(_ scores: Scores, _ run: TrainingRun) throws { try validation(scores, run) }
  public func trainingEnded(_ run: TrainingRun) throws { try ended(run) }
}
