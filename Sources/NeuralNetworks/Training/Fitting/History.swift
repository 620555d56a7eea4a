/// The record of a call of `fit`.
public struct History: Sendable, Hashable {
  /// The completed epochs, in order, including those before the start of a resumed run.
  public internal(set) var epochs: [EpochRecord]
  /// The reason why training ended before its last epoch, if it did: the argument of `TrainingRun.stop(reason:)`, or
  /// "cancelled".
  public internal(set) var stopReason: String?

  /// Creates a history.
  /// - Parameters:
  ///   - epochs: The completed epochs, in order.
  ///   - stopReason: The reason why training ended before its last epoch, if it did.
  public init(epochs: [EpochRecord] = [], stopReason: String? = nil) {
    self.epochs = epochs
    self.stopReason = stopReason
  }

  /// The values with this name, one per epoch that has it.
  public subscript(_ name: String) -> [Double] { epochs.compactMap { $0[name] } }
}
