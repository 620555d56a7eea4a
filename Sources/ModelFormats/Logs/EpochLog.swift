import HostSystem
import Files
import NeuralNetworks
import Synchronization

/// The format of an epoch in a text log.
protocol EpochLines {
  /// The heading above the lines for epochs with these values; nil for none.
  func heading(_ names: [String]) -> String?
  /// The line for an epoch.
  func line(_ epoch: EpochRecord) -> String
  /// The epoch of a line, counted from 0; nil for a heading or an incomplete line.
  func epoch(of line: String) -> Int?
}

/// A text file with one line per epoch.
///
/// It follows the history of the run: at the first epoch, the file is replaced by the lines of all epochs in the
/// history. After a run was killed and resumed, the file therefore contains each epoch completely and exactly once.
/// Lines of epochs before the first one of the history (an `initialEpoch` above 0) are kept.
struct EpochLog {
  let path: String
  let format: any EpochLines
  /// The file that receives the next line, after it has been synchronized with the history.
  private var file: FileAppender?
  /// A pipe or a device, open for the whole training so that its reader sees one stream.
  private var stream: FileAppender?

  init(_ path: String, _ format: any EpochLines) {
    self.path = path
    self.format = format
  }

  /// Checks that the file can be written, so that a failure does not occur after hours of training.
  mutating func begin() throws {
    (file, stream) = (nil, nil)
    let opened = try withFileErrors { () throws(FileError) in try FileAppender(path) }
    if !opened.isRegularFile { stream = opened }
  }

  /// Appends the last epoch of a history.
  mutating func add(_ history: History) throws {
    guard let last = history.epochs.last else { return }
    guard let file else { return try rewrite(history) }
    try checkInPlace(file)
    try append(Array((format.line(last) + "\n").utf8), to: file)
  }

  private func append(_ bytes: [UInt8], to file: FileAppender) throws {
    do { try file.append(bytes) } catch {
      // A pipe whose reader has exited must not prevent an interrupted run from being saved.
      if !isAskedToEnd.load(ordering: .relaxed) { throw FormatError(error) }
    }
  }

  /// Adds lines that a killed run did not write, if no further epoch followed.
  mutating func end(_ history: History) throws {
    if file == nil && !history.epochs.isEmpty { try rewrite(history) }
    (file, stream) = (nil, nil)
  }

  private func checkInPlace(_ file: FileAppender) throws {
    guard file.isRegularFile, !file.isInPlace else { return }
    throw FormatError.file(path: path, reason: "it was deleted or replaced during training")
  }

  private mutating func rewrite(_ history: History) throws {
    let opened = try stream ?? withFileErrors { () throws(FileError) in try FileAppender(path) }
    let heading = format.heading(history.epochs.last?.names ?? [])
    let lines = try earlier(than: history, in: opened, under: heading) + history.epochs.map(format.line)
    let text = ((heading.map { [$0] } ?? []) + lines).flatMap { Array("\($0)\n".utf8) }
    guard opened.isRegularFile else {
      try append(text, to: opened)
      file = opened
      return
    }
    try withFileErrors { () throws(FileError) in try opened.replaceAll(with: text) }
    file = opened
  }

  /// The lines of the file for epochs before those of the history.
  private func earlier(than history: History, in file: FileAppender, under heading: String?) throws -> [String] {
    guard let first = history.epochs.first?.epoch, first > 0, file.isRegularFile else { return [] }
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: 1 << 30) }
    let lines = bytes.withoutByteOrderMark.split(separator: 0x0A).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
    if let heading, let found = lines.first, found != heading {
      throw FormatError.malformed(path: path, reason: "its columns are \(found), those of this run \(heading)")
    }
    return lines.filter { line in format.epoch(of: line).map { $0 < first } ?? false }
  }
}

/// Writes a table with one line per epoch, for spreadsheets and data frames:
///
/// ```
/// epoch,seconds,learningRate,loss,accuracy,validation_loss
/// 1,1.204,0.001,0.5012,0.8213,0.4409
/// ```
///
/// Epochs start at 1. Values that are not finite are written as `nan`, `inf`, and `-inf`; an unknown learning rate is
/// left empty. Names with a comma, a quote, or a line break are quoted (RFC 4180). Each line is written when its epoch
/// ends. A run resumed from a checkpoint continues the file, with each epoch once; any other run replaces it.
public final class CSVLogger: Callback {
  /// The path of the file.
  public let path: String
  private var log: EpochLog

  /// Creates a logger.
  /// - Parameter path: The file. Its folder must exist.
  public init(to path: String) {
    self.path = path
    log = EpochLog(path, CSVEpochLines())
  }

  public func trainingBegan(_ run: TrainingRun) throws { try log.begin() }
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try log.add(run.history) }
  public func trainingEnded(_ run: TrainingRun) throws { try log.end(run.history) }
}

/// The format of `CSVLogger`.
struct CSVEpochLines: EpochLines {
  func heading(_ names: [String]) -> String? {
    (["epoch", "seconds", "learningRate"] + names).map(quoted).joined(separator: ",")
  }

  func line(_ epoch: EpochRecord) -> String {
    let values = epoch.names.map { "\(epoch[$0] ?? .nan)" }
    let seconds = (epoch.seconds * 1e6).rounded() / 1e6
    let rate = epoch.learningRate.map { "\($0)" } ?? ""
    return (["\(epoch.epoch + 1)", "\(seconds)", rate] + values).joined(separator: ",")
  }

  func epoch(of line: String) -> Int? {
    guard let number = Int(line.prefix { $0 != "," }), number >= 1 else { return nil }
    return number - 1
  }

  private func quoted(_ name: String) -> String {
    guard name.contains(where: { "\",\r\n".contains($0) }) else { return name }
    return "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }
}

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

extension History {
  /// Reads a log written by `JSONLinesLogger`, even if the run is still in progress: an incomplete last line is
  /// ignored. A null value in the file is NaN.
  ///
  /// - Throws: `FormatError`, with the number of a line that is not an epoch.
  public static func load(fromLog path: String) throws -> History {
    let bytes = try withFileErrors { () throws(FileError) in
      try FileReader.read(path, limit: 1 << 30, mayGrow: true)
    }
    // The values of an epoch are a separate list. While the list of epochs grows, there are two copies of it.
    let size = 2 * MemoryLayout<EpochRecord>.stride + 128
    // While a line is read, each of its values takes up to 512 bytes.
    do { try HostMemory.check(bytes.count { $0 == 0x0A } * size + mostValues(ofALineIn: bytes) * 512) } catch {
      throw FormatError.file(path: path, reason: "\(error)")
    }
    var epochs: [EpochRecord] = []
    var start = 0
    var number = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A)
      let line = Array(bytes[start..<(end ?? bytes.count)])
      number += 1
      if let record = JSONEpochLines().record(line, after: epochs.last) {
        epochs.append(record)
      } else if end != nil && line != [] && line != [0x0D] {
        throw FormatError.malformed(
          path: path, reason: "line \(number) is not a JSON object with the number of an epoch (\"epoch\", from 1)")
      }
      start = (end ?? bytes.count) + 1
    }
    return History(epochs: epochs)
  }

  private static func mostValues(ofALineIn bytes: [UInt8]) -> Int {
    var (most, count) = (0, 0)
    for byte in bytes {
      if byte == 0x0A { count = 0 }
      if byte == UInt8(ascii: ",") { count += 1 }
      most = max(most, count)
    }
    return most
  }
}
