import NeuralNetworks

/// Writes a JSON object on a line of its own for each epoch:
///
/// ```
/// {"epoch":1,"seconds":1.204,"learningRate":0.001,"loss":0.5012,"accuracy":0.8213,"validation_loss":0.4409}
/// ```
///
/// Epochs count from 1, as people are told them; the values follow in the order in which they are shown, and one that is NaN
/// or infinite is null. Each line is in the file when its epoch ends. A run that goes on from a checkpoint continues the file
/// with each epoch once; any other run replaces it. `History.load(fromLog:)` reads it.
public final class JSONLinesLogger: Callback {
  /// Where the lines go.
  public let path: String
  private var log: EpochLog

  /// - Parameter path: the file; its folder exists.
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

  func epoch(of line: Substring) -> Int? { record(line)?.epoch }

  /// The epoch that a line tells of; nil for what is no such line.
  func record(_ line: Substring) -> EpochRecord? {
    guard let object = (try? JSONValue(parsing: String(line)))?.object, let epoch = object["epoch"]?.integer,
      (1...1 << 53).contains(epoch)
    else { return nil }
    let values = object.filter { !["epoch", "seconds", "learningRate"].contains($0.key) }
    return EpochRecord(
      epoch: epoch - 1, seconds: object["seconds"]?.number ?? 0, learningRate: object["learningRate"]?.number,
      named: values.map { ($0.key, $0.value.number ?? .nan) })
  }

  private func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
