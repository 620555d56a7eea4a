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

/// The values of one epoch: "loss", the loss of each output ("price_loss") if there are several, each metric by its
/// name, and the same with the prefix `validation_` if there was validation.
public struct EpochRecord: Sendable, Hashable {
  /// The epoch number, starting at 0.
  public let epoch: Int
  /// The duration of the epoch, including validation.
  public let seconds: Double
  /// The learning rate of the epoch's last step, before the scales of parameter groups; nil if it is unknown.
  public let learningRate: Double?
  private let table: NameTable
  /// The values in the order of the names.
  private let values: [Double]

  /// The names of the values, in display order.
  public var names: [String] { table.names }

  /// Creates a record.
  /// - Parameters:
  ///   - epoch: The epoch number, starting at 0.
  ///   - seconds: The duration, including validation.
  ///   - learningRate: The learning rate of its last step; nil if it is unknown.
  ///   - values: Loss and metrics by name, in display order. For a duplicate name, the first value is used.
  public init(
    epoch: Int, seconds: Double, learningRate: Double? = nil, values: KeyValuePairs<String, Double>
  ) {
    self.init(
      epoch: epoch, seconds: seconds, learningRate: learningRate, named: values.map { ($0.key, $0.value) })
  }

  /// Creates a record from names and values.
  /// - Parameter earlier: A record that probably has the same names, which are then shared.
  package init(
    epoch: Int, seconds: Double, learningRate: Double? = nil, named values: [(String, Double)],
    like earlier: EpochRecord? = nil
  ) {
    self.epoch = epoch
    self.seconds = seconds
    self.learningRate = learningRate
    let names = values.map(\.0)
    table = earlier.flatMap { $0.table.has(names) ? $0.table : nil } ?? NameTable(names)
    self.values = values.map(\.1)
  }

  /// The value with this name; nil if there is none.
  public subscript(_ name: String) -> Double? { table.index(of: name).map { values[$0] } }
}

/// The names of values and their positions, shared by the epochs of a run.
private final class NameTable: Sendable, Hashable {
  let names: [String]
  private let places: [ByteKey: Int]

  init(_ names: [String]) {
    self.names = names
    places = Dictionary(names.enumerated().map { (ByteKey($1), $0) }, uniquingKeysWith: { first, _ in first })
  }

  func index(of name: String) -> Int? { places[ByteKey(name)] }

  func has(_ names: [String]) -> Bool {
    self.names.count == names.count && zip(self.names, names).allSatisfy { $0.hasBytes(of: $1) }
  }

  static func == (a: NameTable, b: NameTable) -> Bool { a === b || a.has(b.names) }

  func hash(into hasher: inout Hasher) { for name in names { hasher.combine(ByteKey(name)) } }
}
