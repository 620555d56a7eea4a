import HostSystem
import Files
import ModelFormats

/// Output of commands: results to standard output, everything else to standard error. External text can contain
/// anything; control characters that a terminal would interpret are escaped.
package enum Console {
  /// Writes a complete line to standard error; lines of different threads are not mixed.
  package static func error(_ line: String) { _ = write(line.onOneLine + "\n", to: STDERR_FILENO) }

  /// Writes a line to standard output. A write failure ends the process.
  package static func output(_ line: String = "") { result(line.onOneLine + "\n") }

  /// Writes multiline text to standard output.
  package static func output(text: String) { result(text.printable + "\n") }

  /// Shows the progress on one line of a terminal, replacing the previous text; nil removes it. It is written to
  /// standard error, and only if that is a terminal.
  package static func progress(_ text: String?) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    _ = write("\r\((text ?? "").onOneLine)\u{1B}[K", to: STDERR_FILENO)
  }

  /// Prepares the process for output: files opened later never replace a closed standard stream, and a closed pipe and
  /// the limit of `ulimit -f` are errors, not signals.
  static func prepare() {
    for (stream, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(stream, F_GETFD) < 0 {
      // The lowest free descriptor is used: this one, because the lower ones are open. A minimal container may have no
      // devices.
      if open("/dev/null", mode) < 0 { _ = open("/", O_RDONLY) }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Ends the process with exit code 1 if earlier output could not be written, even if later output was.
  static func checkDelivered() {
    for (stream, name) in [(STDOUT_FILENO, "output"), (STDERR_FILENO, "error")] {
      guard let code = LostOutput.error(of: stream) else { continue }
      error("\(CommandWords.program): cannot write to standard \(name): \(systemMessage(code))")
      exitProcess(.data)
    }
  }

  /// Writes a part of the result unchanged.
  static func result(_ text: String) {
    let code = write(text, to: STDOUT_FILENO)
    if code == 0 { return }
    error("\(CommandWords.program): cannot write to standard output: \(systemMessage(code))")
    exitProcess(.data)
  }

  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}

/// Rows of text in columns, each as wide as its widest entry.
package struct Table {
  package enum Alignment: Sendable { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Creates a table with a title and an alignment for each column.
  package init(_ columns: KeyValuePairs<String, Alignment>) {
    header = columns.map(\.key)
    alignments = columns.map(\.value)
  }

  /// Adds a row; missing entries are empty.
  package mutating func add(_ row: [String]) {
    let missing = Array(repeating: "", count: max(0, header.count - row.count))
    rows.append(row.prefix(header.count).map(\.onOneLine) + missing)
  }

  /// The lines, the header first, without trailing spaces.
  package var lines: [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for (column, entry) in row.enumerated() {
        if column > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[column] - entry.count)
        line += alignments[column] == .left ? entry + padding : padding + entry
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

extension JSONValue {
  /// Creates a number; null for nil, NaN, and the infinities, which JSON cannot represent.
  package init(_ value: Double?) {
    guard let value, value.isFinite else {
      self = .null
      return
    }
    self = .number(value)
  }

  /// Creates a string; null for nil.
  package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
}

extension Console {
  /// Writes the report of a command: one line of JSON with control characters escaped.
  package static func output(_ report: JSONValue) throws { try output(joining: [.success(report.text())]) }

  /// Writes a report whose JSON is given in pieces of any total length.
  /// - Throws: The first error among the pieces; earlier pieces may have been written.
  package static func output(joining pieces: some Sequence<Result<String, any Error>>) throws {
    var text = ""
    for piece in pieces {
      text += try piece.get().replacingControls { String($0).utf16.map(escape).joined() }
      if text.utf8.count < 1 << 16 { continue }
      result(text)
      text = ""
    }
    result(text + "\n")
  }

  private static func escape(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension Double {
  /// Formats the number with a fixed number of decimal places: `3.14159.fixed(2)` is "3.14"; "nan", "inf", and "-inf"
  /// if it is not finite.
  package func fixed(_ decimals: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let scale = pow(10, Double(decimals))
    let scaled = (magnitude * scale).rounded()
    guard scaled < 1e15 else { return String(self) }
    let digits = String(UInt64(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 && scaled > 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// About three significant digits, for tables: "0.642", "25.3", "17852".
  package var short: String {
    switch magnitude {
    case ..<10: fixed(3 - (magnitude < 1 ? 0 : 1))
    case ..<100: fixed(1)
    default: fixed(0)
    }
  }
}
