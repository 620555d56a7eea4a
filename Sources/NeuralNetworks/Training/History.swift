/// The values of one epoch: "loss", each metric by its name, and the same with `validation_` before it where there was
/// validation.
public struct EpochRecord: Sendable, Hashable {
  /// Counted from 0.
  public let epoch: Int
  /// How long the epoch took, validation included.
  public let seconds: Double
  /// The learning rate of the epoch's last step, before the scales of parameter groups; nil where it is not known.
  public let learningRate: Double?
  /// The names of the values, in the order in which they are shown.
  public let names: [String]
  private let values: [String: Double]

  /// - Parameters:
  ///   - epoch: Counted from 0.
  ///   - seconds: How long it took, validation included.
  ///   - learningRate: That of its last step; nil where it is not known.
  ///   - values: Loss and metrics by name, in the order in which they are shown; of a name that occurs twice, the first.
  public init(
    epoch: Int, seconds: Double, learningRate: Double? = nil, values: KeyValuePairs<String, Double>
  ) {
    self.init(
      epoch: epoch, seconds: seconds, learningRate: learningRate, named: values.map { ($0.key, $0.value) })
  }

  package init(epoch: Int, seconds: Double, learningRate: Double? = nil, named values: [(String, Double)]) {
    self.epoch = epoch
    self.seconds = seconds
    self.learningRate = learningRate
    names = values.map(\.0)
    self.values = Dictionary(values, uniquingKeysWith: { first, _ in first })
  }

  /// The value with this name, nil when there is none.
  public subscript(_ name: String) -> Double? { values[name] }
}

/// What happened in a call of `fit`.
public struct History: Sendable, Hashable {
  /// The finished epochs, in order; those before a resumed run's start included.
  public internal(set) var epochs: [EpochRecord]
  /// Why training ended before its last epoch, if it did: what was given to `TrainingRun.stop(reason:)`, or "cancelled".
  public internal(set) var stopReason: String?

  /// - Parameters:
  ///   - epochs: The finished epochs, in order.
  ///   - stopReason: Why training ended before its last epoch, if it did.
  public init(epochs: [EpochRecord] = [], stopReason: String? = nil) {
    self.epochs = epochs
    self.stopReason = stopReason
  }

  /// The values with this name, one for each epoch that has it.
  public subscript(_ name: String) -> [Double] { epochs.compactMap { $0[name] } }
}
