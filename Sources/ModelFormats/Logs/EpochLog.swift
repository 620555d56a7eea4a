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
