/// The records of a CSV text (RFC 4180), one after another: fields between separators, quoted where they hold a separator,
/// a quote (written twice) or a line break; lines end in LF or CR LF; blank lines are passed over.
struct CSVRecords {
  /// A field: its bytes in the text, without quotes and without blanks around an unquoted one.
  struct Field {
    var range: Range<Int>
    var isQuoted = false
    /// Holds doubled quotes.
    var hasEscapes = false
  }

  /// The most fields of a record: what they take is many times what the bytes of the file do.
  static let fieldLimit = 1 << 20

  let bytes: [UInt8]
  let file: String
  let separator: UInt8
  let quote: UInt8
  private var position: Int
  private var nextLine = 1
  /// The line on which the record returned last begins.
  private(set) var line = 0

  init(_ bytes: [UInt8], file: String, separator: UInt8, quote: UInt8) {
    (self.bytes, self.file, self.separator, self.quote) = (bytes, file, separator, quote)
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// Puts the fields of the next record into `fields`; false at the end of the text.
  mutating func next(into fields: inout [Field]) throws(DataError) -> Bool {
    fields.removeAll(keepingCapacity: true)
    while position < bytes.count, let length = lineBreak(position) {
      position += length
      nextLine += 1
    }
    if position >= bytes.count { return false }
    line = nextLine
    while true {
      if fields.count == CSVRecords.fieldLimit {
        throw .malformedLine(
          file: file, line: line, expected: "at most \(CSVRecords.fieldLimit) columns", found: "more")
      }
      fields.append(startsWithQuote() ? try quoted() : plain())
      if position >= bytes.count { return true }
      if let length = lineBreak(position) {
        position += length
        nextLine += 1
        return true
      }
      position += 1  // the separator
      if position == bytes.count {  // an empty field at the very end
        fields.append(Field(range: position..<position))
        return true
      }
    }
  }

  /// The text of a field.
  func text(_ field: Field) -> String {
    guard field.hasEscapes else { return String(decoding: bytes[field.range], as: UTF8.self) }
    var kept: [UInt8] = []
    var index = field.range.lowerBound
    while index < field.range.upperBound {
      kept.append(bytes[index])
      index += bytes[index] == quote ? 2 : 1
    }
    return String(decoding: kept, as: UTF8.self)
  }

  /// The bytes that a line break takes at an offset, or nil.
  private func lineBreak(_ offset: Int) -> Int? {
    if bytes[offset] == 0x0A { return 1 }
    if bytes[offset] == 0x0D {
      return offset + 1 < bytes.count && bytes[offset + 1] == 0x0A ? 2 : 1
    }
    return nil
  }

  private mutating func plain() -> Field {
    var start = position
    bytes.withUnsafeBufferPointer { buffer in
      while position < buffer.count {
        let byte = buffer[position]
        if byte == separator || byte == 0x0A || byte == 0x0D { break }
        position += 1
      }
    }
    var end = position
    while start < end && isBlank(bytes[start]) { start += 1 }
    while end > start && isBlank(bytes[end - 1]) { end -= 1 }
    return Field(range: start..<end)
  }

  /// Blanks before a quote do not count.
  private mutating func startsWithQuote() -> Bool {
    var index = position
    while index < bytes.count && isBlank(bytes[index]) { index += 1 }
    if index == bytes.count || bytes[index] != quote { return false }
    position = index
    return true
  }

  private mutating func quoted() throws(DataError) -> Field {
    let start = position + 1
    var end = start
    var hasEscapes = false
    while true {
      if end >= bytes.count {
        throw .malformedLine(file: file, line: line, expected: "a closing quote", found: "the end of the file")
      }
      if bytes[end] == quote {
        if end + 1 < bytes.count && bytes[end + 1] == quote {
          hasEscapes = true
          end += 1
        } else {
          break
        }
      } else if let length = lineBreak(end) {
        nextLine += 1
        end += length - 1
      }
      end += 1
    }
    position = end + 1
    while position < bytes.count && isBlank(bytes[position]) { position += 1 }
    if position < bytes.count && bytes[position] != separator && lineBreak(position) == nil {
      throw .malformedLine(
        file: file, line: nextLine, expected: "a separator after a closing quote", found: "more text")
    }
    return Field(range: start..<end, isQuoted: true, hasEscapes: hasEscapes)
  }

  /// A tab is a blank unless it separates.
  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte == 0x09 && separator != 0x09) }
}
