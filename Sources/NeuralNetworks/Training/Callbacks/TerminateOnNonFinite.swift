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
