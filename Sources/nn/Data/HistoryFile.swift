import CommandSupport
import Files
import ModelFormats
import NeuralNetworks

/// The log of a training, an object a line: `{"epoch": 1, "seconds": 1.2, "loss": 0.5, "validation_loss": 0.6}`.
enum HistoryFile {
  /// Reads a log. A last line that was cut is passed over; of an epoch that stands there twice, as after a resumed training,
  /// the later line counts.
  /// - Throws: `Failure` with every line that is not what it should be.
  static func read(_ path: String) throws -> History {
    let bytes: [UInt8]
    do {
      bytes = try FileReader.read(path, limit: 256 << 20)
    } catch {
      throw Failure("\(error.path): \(error.reason)")
    }
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // What follows the last line break is empty, or a line that its writer did not finish.
    let rest = lines.popLast() ?? []
    var epochs: [Int: EpochRecord] = [:]
    var faults: [String] = []
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == 13 }) {
      do {
        let record = try record(JSONValue(parsing: Array(line)))
        epochs[record.epoch] = record
      } catch {
        faults.append("line \(index + 1): \(Self.reason(error))")
      }
    }
    if let record = try? record(JSONValue(parsing: Array(rest))) { epochs[record.epoch] = record }
    guard faults.isEmpty else {
      let more = faults.count > 10 ? "; and \(faults.count - 10) more" : ""
      throw Failure("\(path): \(faults.prefix(10).joined(separator: "; "))\(more)")
    }
    guard !epochs.isEmpty else { throw Failure("\(path): expected a line for each epoch, found none") }
    return History(epochs: epochs.values.sorted { $0.epoch < $1.epoch })
  }

  private static func record(_ value: JSONValue) throws -> EpochRecord {
    guard let object = value.object else { throw Failure("expected an object") }
    guard let epoch = object["epoch"]?.integer, epoch >= 1 else {
      throw Failure("\"epoch\": expected a whole number of at least 1")
    }
    let values = object.filter { $0.key != "epoch" && $0.key != "seconds" }.compactMap { key, value in
      value.number.map { (key, $0) }
    }
    return EpochRecord(epoch: epoch - 1, seconds: object["seconds"]?.number ?? 0, named: values)
  }

  private static func reason(_ error: any Error) -> String {
    // Lines are counted here, and each text is one.
    if case .syntax(_, let column, let reason) = error as? JSONError { return "column \(column): \(reason)" }
    return "\(error)"
  }
}
