import Files
import HostSystem
import NeuralNetworks

extension JSONValue {
  /// The limits for a text, so that malicious input takes bounded memory and stack space.
  public struct Limits: Sendable {
    /// The maximum size of the whole text in bytes.
    public var bytes: Int
    /// The maximum nesting depth of arrays and objects.
    public var depth: Int
    /// The maximum total number of values of any kind.
    public var values: Int

    /// Creates limits.
    /// - Parameters:
    ///   - bytes: The maximum size of the whole text in bytes; 64 MiB by default.
    ///   - depth: The maximum nesting depth of arrays and objects.
    ///   - values: The maximum total number of values of any kind.
    public init(bytes: Int = 64 << 20, depth: Int = 64, values: Int = 2_000_000) {
      (self.bytes, self.depth, self.values) = (bytes, depth, values)
    }
  }

  /// Parses a JSON text strictly: RFC 8259 in UTF-8, one value, unique keys, nothing after the value. A byte order mark
  /// at the start is skipped. A string with more than 30 consecutive combining marks, which no language has, is
  /// rejected, because comparing it would take quadratic time.
  ///
  /// - Throws: `JSONError.syntax`, with the line and the column.
  public init(parsing text: String, limits: Limits = Limits()) throws {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// Parses bytes in the same way.
  public init(parsing bytes: [UInt8], limits: Limits = Limits()) throws {
    var parser = JSONParser(bytes: bytes.withoutByteOrderMark, limits: limits)
    self = try parser.parse()
  }
}

/// A recursive-descent parser over bytes.
struct JSONParser {
  let bytes: [UInt8]
  let limits: JSONValue.Limits
  private var position = 0
  private var depth = 0
  private var values = 0

  init(bytes: [UInt8], limits: JSONValue.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func parse() throws(JSONError) -> JSONValue {
    try checkSize()
    let value = try value()
    try end()
    return value
  }

  /// Parses a text that consists of one object, and passes on its members one by one, so that they are not all in
  /// memory at the same time.
  /// - Parameters:
  ///   - isKnown: Returns whether a key has been passed on before.
  ///   - take: Receives each member.
  mutating func parseMembers(
    isKnown: (String) -> Bool, _ take: (String, JSONValue) -> Void
  ) throws(JSONError) {
    try checkSize()
    skipBlanks()
    if peek() != UInt8(ascii: "{") { throw fault("expected an object, found \(found())") }
    values += 1
    depth += 1
    position += 1
    try members(isKnown: isKnown, take)
    try end()
  }

  private mutating func end() throws(JSONError) {
    skipBlanks()
    if position < bytes.count { throw fault("expected the end of the text, found \(found())") }
  }

  private func checkSize() throws(JSONError) {
    if bytes.count > limits.bytes { throw fault("the text has \(bytes.count) bytes; the limit is \(limits.bytes)") }
    try checkMemory()
  }

  /// Checks the memory for the values: about 128 bytes for each with its key and position, and 128 more for an object.
  /// Small texts are not checked.
  private func checkMemory() throws(JSONError) {
    if bytes.count < 1 << 16 { return }
    let values = min(bytes.count { $0 == UInt8(ascii: ",") }, limits.values)
    let objects = min(bytes.count { $0 == UInt8(ascii: "{") }, limits.values)
    do { try HostMemory.check(128 * (values + objects)) } catch { throw fault("\(error)") }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipBlanks()
    values += 1
    if values > limits.values { throw fault("more than \(limits.values) values") }
    guard let byte = peek() else { throw fault("expected a value, found \(found())") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try nested { parser throws(JSONError) in try parser.object() })
    case UInt8(ascii: "["): return .array(try nested { parser throws(JSONError) in try parser.array() })
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fault("expected a value, found \(found())")
    }
  }

  private mutating func nested<Value>(
    _ body: (inout JSONParser) throws(JSONError) -> Value
  ) throws(JSONError) -> Value {
    depth += 1
    if depth > limits.depth { throw fault("more than \(limits.depth) arrays and objects inside one another") }
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    var object = JSONObject()
    try members(isKnown: { object[$0] != nil }, { object[$0] = $1 })
    return object
  }

  /// The members of an object after its opening brace.
  private mutating func members(
    isKnown: (String) -> Bool, _ body: (String, JSONValue) -> Void
  ) throws(JSONError) {
    skipBlanks()
    if take("}") { return }
    while true {
      skipBlanks()
      if peek() != UInt8(ascii: "\"") { throw fault("expected a key in quotes, found \(found())") }
      let start = position
      let key = try string()
      if isKnown(key) {
        position = start
        throw fault("the key \"\(key.shortened(to: 100))\" occurs twice")
      }
      skipBlanks()
      if !take(":") { throw fault("expected ':' after a key, found \(found())") }
      body(key, try value())
      skipBlanks()
      if take("}") { return }
      if !take(",") { throw fault("expected ',' or '}', found \(found())") }
    }
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var array: [JSONValue] = []
    skipBlanks()
    if take("]") { return array }
    while true {
      array.append(try value())
      skipBlanks()
      if take("]") { return array }
      if !take(",") { throw fault("expected ',' or ']', found \(found())") }
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let end = position + text.utf8CodeUnitCount
    let matches = text.withUTF8Buffer { end <= bytes.count && bytes[position..<end].elementsEqual($0) }
    if !matches { throw fault("expected a value, found \(found())") }
    position = end
    return value
  }
}

// MARK: Numbers

extension JSONParser {
  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = take("-")
    if take("0") {
      if isDigit(peek()) { throw fault("a number must not begin with a zero before other digits") }
    } else if !skipDigits() {
      throw fault("expected a digit, found \(found())")
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      if !skipDigits() { throw fault("expected a digit after the point, found \(found())") }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      if !skipDigits() { throw fault("expected a digit in the exponent, found \(found())") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // -0 has a sign that Int cannot represent. An integer of more than 64 bits is stored as the nearest Double.
    if isInteger {
      if let integer = Int(text), !(integer == 0 && isNegative) { return .integer(integer) }
      if !isNegative, let integer = UInt64(text) { return .unsigned(integer) }
    }
    guard let number = Double(text), number.isFinite else {
      position = start
      throw fault("the number is too large")
    }
    return .number(number)
  }

  private mutating func skipDigits() -> Bool {
    let start = position
    while isDigit(peek()) { position += 1 }
    return position > start
  }

  private func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
}

// MARK: Strings

extension JSONParser {
  private mutating func string() throws(JSONError) -> String {
    position += 1
    var text: [UInt8] = []  // nothing before the first escape: most strings have none
    var start = position
    while true {
      guard let byte = peek() else { throw fault("expected a closing quote, found the end of the text") }
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 {
        throw fault("a control character in a string must be written as \\u00\(byte < 16 ? "0" : "1")…")
      }
      if byte == UInt8(ascii: "\\") {
        text += bytes[start..<position]
        position += 1
        try escape(into: &text)
        start = position
      } else {
        position += 1
      }
    }
    let rest = bytes[start..<position]
    guard
      let string = text.isEmpty
        ? String(validating: rest, as: UTF8.self) : String(validating: text + rest, as: UTF8.self)
    else { throw fault("the string is not UTF-8") }
    if !string.isStreamSafe { throw fault("the string has more than 30 combining marks after one another") }
    position += 1
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = peek() else { throw fault("expected an escape, found the end of the text") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text += Array(String(Character(try scalar())).utf8)
    default:
      position -= 1
      throw fault("expected an escape, found \(found())")
    }
  }

  /// The character of `\uXXXX`, or of a surrogate pair of two of them.
  private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00 && take("\\") && take("u") {
      let second = try fourDigits()
      if second >= 0xDC00 && second < 0xE000 {
        let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        if let scalar = Unicode.Scalar(code) { return scalar }
      }
    }
    throw fault("half of a surrogate pair")
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw fault("expected four hexadecimal digits, found \(found())")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

// MARK: Bytes

extension JSONParser {
  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    if peek() != UInt8(ascii: character) { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private func found() -> String {
    guard let byte = peek() else { return "the end of the text" }
    if byte > 0x20 && byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
    return "byte 0x" + String(byte, radix: 16, uppercase: true)
  }

  private func fault(_ reason: String) -> JSONError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == 0x0A } + 1
    let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    return .syntax(line: line, column: column, reason: reason)
  }
}

/// Errors in a JSON text or in its content.
public enum JSONError: NeuralNetworksError, Hashable {
  /// The text is not valid JSON. Lines and columns start at 1; columns count bytes.
  case syntax(line: Int, column: Int, reason: String)
  /// The text is valid JSON but has invalid content; the path locates the value: `layers[2].units`.
  case content(path: String, reason: String)
  /// Several values are invalid. For example, all mistakes in the architecture of a model are reported at once.
  case mistakes([Mistake])

  /// An invalid value.
  public struct Mistake: Sendable, Hashable {
    /// The path of the value, such as `layers[2].units`.
    public let path: String
    /// The expected and the actual content.
    public let reason: String
  }

  public var description: String { words.shortened(to: 2000).onOneLine }

  private var words: String {
    switch self {
    case .syntax(let line, let column, let reason): "line \(line), column \(column): \(reason)"
    case .content(let path, let reason): path.isEmpty ? reason : "\(path): \(reason)"
    case .mistakes(let mistakes):
      mistakes.map { JSONError.content(path: $0.path, reason: $0.reason).description }.joined(separator: "; ")
    }
  }
}
