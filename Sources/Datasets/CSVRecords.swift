/// The records of a CSV text (RFC 4180): fields between separators, quoted if they contain a separator, a quote
/// (doubled), or a line break. Lines end in LF or CR LF; blank lines are skipped. Only one record and one chunk of the
/// file are in memory at a time.
struct CSVRecords {
  /// A field: its bytes in the text, without quotes, and without blanks around an unquoted field.
  struct Field {
    var range: Range<Int>
    var isQuoted = false
    /// Whether the field contains doubled quotes.
    var hasEscapes = false
  }

  /// The maximum number of fields per record; they take many times the memory of the file's bytes.
  static let fieldLimit = 1 << 20
  /// The maximum size of a record: 64 MiB.
  static let recordLimit = 1 << 26

  /// The part of the text in memory. Fields are ranges of it and are valid until the next record is read.
  private(set) var bytes: [UInt8] = []
  let file: String
  private(set) var separator: UInt8
  let quote: UInt8
  private let stream: DataStream
  private var hasEnded = false
  private var position = 0
  private var nextLine = 1
  /// The line where the last returned record starts.
  private(set) var line = 0

  /// Creates a reader.
  /// - Parameter separator: Nil for the most frequent of comma, semicolon, and tab in the first line that is not blank.
  init(_ stream: DataStream, separator: UInt8?, quote: UInt8) throws(DataError) {
    (self.stream, file, self.quote) = (stream, stream.path, quote)
    var first: [UInt8] = []
    while first.count < 3, !hasEnded {
      let piece = try stream.next()
      hasEnded = piece.isEmpty
      first += piece
    }
    bytes = first.withoutByteOrderMark
    self.separator = separator ?? 0x2C
    try skipBlankLines()
    guard separator == nil else { return }
    while !hasEnded, !bytes[position...].contains(where: CSVRecords.isBreak) { try refill() }
    self.separator = CSVRecords.likelySeparator(bytes[position...].prefix { !CSVRecords.isBreak($0) })
  }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The most frequent of comma, semicolon, and tab in the line, outside quoted fields.
  private static func likelySeparator(_ line: ArraySlice<UInt8>) -> UInt8 {
    let candidates: [UInt8] = [0x2C, 0x3B, 0x09]
    let quote: UInt8 = 0x22
    var counts = [0, 0, 0]
    var isQuoted = false
    var previous: UInt8?
    for byte in line {
      let candidate = candidates.firstIndex(of: byte)
      if byte == quote {
        // A quote opens a field only at its start; directly after a closing quote, it is part of the text of the field.
        isQuoted = !isQuoted && (previous.map { $0 == quote || candidates.contains($0) } ?? true)
      } else if let candidate, !isQuoted {
        counts[candidate] += 1
      }
      if byte != 0x20 { previous = byte }
    }
    return candidates[counts.firstIndex(of: counts.max() ?? 0) ?? 0]
  }

  /// Drops the bytes before the position, and reads at least as many new bytes as remain.
  private mutating func refill() throws(DataError) {
    if bytes.count - position > CSVRecords.recordLimit {
      throw .malformedLine(
        file: file, line: nextLine, expected: "at most \(CSVRecords.recordLimit) bytes in a record", found: "more")
    }
    bytes.removeFirst(position)
    position = 0
    let wanted = 2 * bytes.count + 1
    while bytes.count < wanted, !hasEnded {
      let piece = try stream.next()
      hasEnded = piece.isEmpty
      bytes += piece
    }
  }

  private mutating func skipBlankLines() throws(DataError) {
    while true {
      let newlines = bytes.withUnsafeBufferPointer { $0[position...].prefix { $0 == 0x0A }.count }
      position += newlines
      nextLine += newlines
      while position < bytes.count, let length = lineBreak(position) {
        // A CR at the end may be the first half of a line break.
        if position + length == bytes.count && !hasEnded { break }
        position += length
        nextLine += 1
      }
      let isAtBreak = position + 1 == bytes.count && CSVRecords.isBreak(bytes[position])
      if hasEnded || position < bytes.count && !isAtBreak { return }
      try refill()
    }
  }

  /// Stores the fields of the next record in `fields`. Returns false at the end of the text.
  mutating func next(into fields: inout [Field]) throws(DataError) -> Bool {
    try skipBlankLines()
    if position >= bytes.count { return false }
    line = nextLine
    let start = position
    if try record(into: &fields) { return true }
    (position, nextLine) = (start, line)
    try refill()
    return try next(into: &fields)
  }

  /// Reads a record. Returns false if it may continue beyond the bytes in memory.
  private mutating func record(into fields: inout [Field]) throws(DataError) -> Bool {
    fields.removeAll(keepingCapacity: true)
    while true {
      if fields.count == CSVRecords.fieldLimit {
        throw .malformedLine(
          file: file, line: line, expected: "at most \(CSVRecords.fieldLimit) columns", found: "more")
      }
      guard let field = startsWithQuote() ? try quoted() : plain() else { return false }
      fields.append(field)
      if position >= bytes.count { return hasEnded }
      if let length = lineBreak(position) {
        if position + length == bytes.count && !hasEnded { return false }
        position += length
        nextLine += 1
        return true
      }
      position += 1  // skip the separator
      if position == bytes.count {  // an empty field at the very end
        fields.append(Field(range: position..<position))
        return hasEnded
      }
    }
  }

  /// The bytes of a field, with doubled quotes reduced to single ones.
  func contents(_ field: Field) -> [UInt8] {
    guard field.hasEscapes else { return Array(bytes[field.range]) }
    var kept: [UInt8] = []
    var index = field.range.lowerBound
    while index < field.range.upperBound {
      kept.append(bytes[index])
      index += bytes[index] == quote ? 2 : 1
    }
    return kept
  }

  /// The length of a line break at an offset in bytes, or nil.
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

  /// Ignores blanks before a quote.
  private mutating func startsWithQuote() -> Bool {
    var index = position
    while index < bytes.count && isBlank(bytes[index]) { index += 1 }
    if index == bytes.count || bytes[index] != quote { return false }
    position = index
    return true
  }

  /// Reads a quoted field. Returns nil if it may continue beyond the bytes in memory.
  private mutating func quoted() throws(DataError) -> Field? {
    let start = position + 1
    var end = start
    var hasEscapes = false
    while true {
      if end >= bytes.count {
        if !hasEnded { return nil }
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

  /// A tab is a blank unless it is the separator.
  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte == 0x09 && separator != 0x09) }
}
