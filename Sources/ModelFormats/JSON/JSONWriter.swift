extension JSONValue {
  /// Returns the value as JSON text: on one line, or formatted with one member per line and two spaces of indentation.
  ///
  /// - Throws: `JSONError.content` for a number that is NaN or infinite.
  public func text(pretty: Bool = false) throws -> String {
    var writer = JSONWriter(isPretty: pretty)
    try writer.write(self, path: "", level: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The text on one line, as UTF-8.
  func compactBytes() throws(JSONError) -> [UInt8] {
    var writer = JSONWriter(isPretty: false)
    try writer.write(self, path: "", level: 0)
    return writer.bytes
  }
}

struct JSONWriter {
  let isPretty: Bool
  private(set) var bytes: [UInt8] = []

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func write(_ value: JSONValue, path: String, level: Int) throws(JSONError) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append(String(value))
    case .unsigned(let value): append(String(value))
    case .number(let value):
      if !value.isFinite { throw .content(path: path, reason: "\(value) has no JSON") }
      append("\(value)")  // the shortest digits that restore the same Double
    case .string(let value): append(quoting: value)
    case .array(let values): try write(values, path, level)
    case .object(let object): try write(object, path, level)
    }
  }

  private mutating func write(_ values: [JSONValue], _ path: String, _ level: Int) throws(JSONError) {
    // Arrays of plain values stay on one line, because they are shapes and lists of names.
    let breaks = isPretty && values.contains { $0.array != nil || $0.object != nil }
    append("[")
    for (index, value) in values.enumerated() {
      if index > 0 { append(isPretty && !breaks ? ", " : ",") }
      if breaks { newLine(level + 1) }
      try write(value, path: "\(path)[\(index)]", level: level + 1)
    }
    if breaks { newLine(level) }
    append("]")
  }

  private mutating func write(_ object: JSONObject, _ path: String, _ level: Int) throws(JSONError) {
    append("{")
    var isFirst = true
    for (key, value) in object {
      if !isFirst { append(",") }
      isFirst = false
      if isPretty { newLine(level + 1) }
      append(quoting: key)
      append(isPretty ? ": " : ":")
      try write(value, path: path.isEmpty ? key : "\(path).\(key)", level: level + 1)
    }
    if isPretty && !object.isEmpty { newLine(level) }
    append("}")
  }

  private mutating func append(_ text: String) { bytes += text.utf8 }

  private mutating func newLine(_ level: Int) {
    bytes.append(0x0A)
    for _ in 0..<2 * level { bytes.append(0x20) }
  }

  private mutating func append(quoting text: String) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22: append("\\\"")
      case 0x5C: append("\\\\")
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20: append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
