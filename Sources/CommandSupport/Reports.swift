import ModelFormats

extension JSONValue {
  /// A number; null where there is none, and for NaN and the infinities, which JSON has no words for.
  package init(_ value: Double?) {
    guard let value, value.isFinite else {
      self = .null
      return
    }
    self = .number(value)
  }

  /// A text; null where there is none.
  package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
}

extension Console {
  /// Writes the report of a command: one line of JSON.
  package static func output(_ report: JSONValue) throws { output(try report.text()) }
}
