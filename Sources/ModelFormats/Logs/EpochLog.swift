import Files
import NeuralNetworks

/// How an epoch is written in a log of text.
protocol EpochLines {
  /// What stands above the lines, for epochs with these values; nil for nothing.
  func heading(_ names: [String]) -> String?
  /// The line of an epoch.
  func line(_ epoch: EpochRecord) -> String
  /// The epoch of a line, counted from 0; nil for a heading, and for a line that was cut.
  func epoch(of line: Substring) -> Int?
}

/// A file of text with a line for each epoch.
///
/// It follows the history of the run: with the first epoch the file is replaced by the lines of all epochs that the history
/// has, so that after a run was killed and resumed each epoch stands in it once, whole. Lines of epochs before the history's
/// first (an `initialEpoch` above 0) stay.
struct EpochLog {
  let path: String
  let format: any EpochLines
  private var file: FileAppender?

  init(_ path: String, _ format: any EpochLines) {
    self.path = path
    self.format = format
  }

  /// Finds out whether the file can be written, before hours of training.
  mutating func begin() throws {
    file = nil
    _ = try withFileErrors { () throws(FileError) in try FileAppender(path) }
  }

  /// Adds the last epoch of a history.
  mutating func add(_ history: History) throws {
    guard let last = history.epochs.last else { return }
    guard let file else { return try rewrite(history) }
    try withFileErrors { () throws(FileError) in try file.append(Array((format.line(last) + "\n").utf8)) }
  }

  /// Adds what a run that was killed had not written, where no epoch came after it.
  mutating func end(_ history: History) throws {
    if file == nil && !history.epochs.isEmpty { try rewrite(history) }
    file = nil
  }

  private mutating func rewrite(_ history: History) throws {
    let opened = try withFileErrors { () throws(FileError) in try FileAppender(path) }
    let heading = format.heading(history.epochs.last?.names ?? [])
    let lines = try earlier(than: history, in: opened, under: heading) + history.epochs.map(format.line)
    let text = ((heading.map { [$0] } ?? []) + lines).flatMap { Array("\($0)\n".utf8) }
    file = try withFileErrors { () throws(FileError) in
      if opened.isRegularFile {
        try FileWriter.write(text, to: path)
        return try FileAppender(path)
      }
      try opened.append(text)
      return opened
    }
  }

  /// The lines of the file that are of epochs before those of the history.
  private func earlier(than history: History, in file: FileAppender, under heading: String?) throws -> [String] {
    guard let first = history.epochs.first?.epoch, first > 0, file.isRegularFile else { return [] }
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: 1 << 30) }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    if let heading, let found = lines.first, found != heading {
      throw FormatError.malformed(path: path, reason: "its columns are \(found), those of this run \(heading)")
    }
    return lines.filter { line in format.epoch(of: line).map { $0 < first } ?? false }.map(String.init)
  }
}
