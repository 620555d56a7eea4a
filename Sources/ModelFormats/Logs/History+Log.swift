import Files
import NeuralNetworks

extension History {
  /// Reads a log that `JSONLinesLogger` wrote, of a run that may still be going on: a last line that is not whole is left
  /// out. A value that is null in the file is NaN.
  ///
  /// - Throws: `FormatError`, with the number of a line that is no epoch.
  public static func load(fromLog path: String) throws -> History {
    let bytes = try withFileErrors { () throws(FileError) in
      try FileReader.read(path, limit: 1 << 30, mayGrow: true)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatError.malformed(path: path, reason: "it is not UTF-8 text")
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var epochs: [EpochRecord] = []
    for (index, line) in lines.enumerated() where !line.isEmpty {
      if let record = JSONEpochLines().record(line) {
        epochs.append(record)
      } else if index < lines.count - 1 {
        throw FormatError.malformed(
          path: path, reason: "line \(index + 1) is no JSON object with the number of an epoch (\"epoch\", from 1)")
      }
    }
    return History(epochs: epochs)
  }
}
