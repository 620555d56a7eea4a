/// Ends training at the first step whose gradients hold a NaN or an infinity, and says where they came from: Keras'
/// `TerminateOnNaN`, which looks at the loss.
///
/// ```swift
/// let history = try model.fit(data, epochs: 20, callbacks: [TerminateOnNonFinite()])
/// print(history.stopReason ?? "")
/// // step 113 was left out: the gradient of 0.weight holds a NaN or an infinity; the first one came from "logarithm" in the
/// // forward pass
/// ```
///
/// The device leaves out the update of such a step, and those of all later ones, without a wait of the host. `fit` looks every
/// 32 steps, at the end of each epoch, and before the run is saved; then it repeats the batch, and looks at what each
/// operation gives. Trained parameters, the optimizer's state, and the place in the run are afterwards those from before the
/// step (the running statistics of normalization layers are not). An epoch whose loss is not finite ends training too.
public final class TerminateOnNonFinite: Callback {
  /// What `fit` has found; nil when every step was fine.
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
