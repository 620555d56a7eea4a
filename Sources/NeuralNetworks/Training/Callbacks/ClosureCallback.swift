/// A callback made of closures, for simple cases (Keras' `LambdaCallback`). Misspelled names do not compile.
///
/// ```swift
/// let report = ClosureCallback(epochEnded: { epoch, run in print(epoch.epoch, epoch["loss"] ?? .nan) })
/// try model.fit(data, epochs: 5, callbacks: [report])
/// ```
public final class ClosureCallback: Callback {
  private let began: (TrainingRun) throws -> Void
  private let epoch: (EpochRecord, TrainingRun) throws -> Void
  private let step: (Int, TrainingRun) throws -> Void
  private let ended: (TrainingRun) throws -> Void

  /// Creates a callback from closures.
  /// - Parameters:
  ///   - trainingBegan: Called before the first step.
  ///   - epochEnded: Called after an epoch and its validation.
  ///   - stepEnded: Called after each step, with the number of updates of the optimizer so far.
  ///   - trainingEnded: Called after the last epoch, or after training was stopped; not after an error.
  public init(
    trainingBegan: @escaping (TrainingRun) throws -> Void = { _ in },
    epochEnded: @escaping (EpochRecord, TrainingRun) throws -> Void = { _, _ in },
    stepEnded: @escaping (Int, TrainingRun) throws -> Void = { _, _ in },
    trainingEnded: @escaping (TrainingRun) throws -> Void = { _ in }
  ) {
    (began, epoch, step, ended) = (trainingBegan, epochEnded, stepEnded, trainingEnded)
  }

  public func trainingBegan(_ run: TrainingRun) throws { try began(run) }
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try self.epoch(epoch, run) }
  public func stepEnded(_ step: Int, _ run: TrainingRun) throws { try self.step(step, run) }
  public func trainingEnded(_ run: TrainingRun) throws { try ended(run) }
}
