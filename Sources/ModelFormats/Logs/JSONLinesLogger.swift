import NeuralNetworks

/// Writes one JSON object per epoch, each on a separate line:
///
/// ```
/// {"epoch":1,"seconds":1.204,"learningRate":0.001,"loss":0.5012,"accuracy":0.8213,"validation_loss":0.4409}
/// ```
///
/// Epochs start at 1. The values follow in display order; a value that is NaN or infinite is null. Each line is written
/// when its epoch ends. A run resumed from a checkpoint continues the file, with each epoch once; any other run
/// replaces it. `History.load(fromLog:)` reads the file.
public final class JSONLinesLogger: Callback {
  /// The path of the file.
  public let path: String
  private var log: EpochLog

  /// Creates a logger.
  /// - Parameter path: The file. Its folder must exist.
  public init(to path: String) {
    self.path = path
    log = EpochLog(path, JSONEpochLines())
  }

  public func trainingBegan(_ run: TrainingRun) throws { try log.begin() }
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try log.add(run.history) }
  public func trainingEnded(_ run: TrainingRun) throws { try log.end(run.history) }
}

/// The format of `JSONLinesLogger`.
struct JSONEpochLines: EpochLines {
  func heading(_ names: [String]) -> String? { nil }

  func line(_ epoch: EpochRecord) -> String {
    var line = JSONObject([
      ("epoch", JSONValue.integer(epoch.epoch + 1)), ("seconds", number((epoch.seconds * 1e6).rounded() / 1e6)),
    ])
    if let rate = epoch.learningRate { line["learningRate"] = number(rate) }
    for name in epoch.names where line[name] == nil { line[name] = number(epoch[name] ?? .nan) }
    guard let text = try? JSONValue.object(line).text() else { fatalError("finite numbers have JSON") }
    return text
  }

  func epoch(of line: String) -> Int? { record(Array(line.utf8))?.epoch }

  /// The epoch of a line; nil if it is not a valid line.
  /// - Parameter earlier: The previous epoch; identical names share its storage.
  func record(_ line: [UInt8], after earlier: EpochRecord? = nil) -> EpochRecord? {
    guard let object = (try? JSONValue(parsing: line))?.object, let epoch = object["epoch"]?.integer,
      (1...1 << 53).contains(epoch)
    else { return nil }
    let values = object.filter { member in
      !["epoch", "seconds", "learningRate"].contains { member.key.hasBytes(of: $0) }
    }
    return EpochRecord(
      epoch: epoch - 1, seconds: object["seconds"]?.number ?? 0, learningRate: object["learningRate"]?.number,
      named: values.map { ($0.key, $0.value.number ?? .nan) }, like: earlier)
  }

  private func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
