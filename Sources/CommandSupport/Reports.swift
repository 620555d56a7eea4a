import Files
import ModelFormats

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
