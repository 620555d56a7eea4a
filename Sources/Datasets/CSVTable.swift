import Files
import HostSystem
import NeuralNetworks

/// A table that is being read: features as numbers, labels as text.
struct CSVTable {
  private(set) var featureNames: [String] = []
  /// The features, row-major, `rowCount` rows.
  private(set) var values: [Float] = []
  private(set) var rowCount = 0
  private var labels: [ByteKey: Int32] = [:]
  private var labelTexts: [String] = []
  private var labelOfRow: [Int32] = []
  private var labelLines: [Int] = []
  /// The label of every row if labels are numeric targets.
  private(set) var labelValues: [Float] = []

  private let file: String
  private let label: CSV.Column?
  private let labelKind: Labels
  /// The reason why the labels are values, where classes were expected.
  private(set) var valueReason: String?
  /// Whether all labels so far are whole numbers.
  private var labelsAreNumbers = true
  private let header: Bool?
  private var records: CSVRecords
  private var columns = 0
  private var labelIndex: Int?
  /// The unnamed first column with row numbers in tables of pandas and R. It is skipped.
  private var rowNameIndex: Int?

  /// The expected content of labels.
  enum Labels {
    case values
    /// Classes named by the caller.
    case knownClasses
    /// Classes found in the table: text, or at most this many distinct whole numbers.
    case newClasses(mostNumbers: Int)
  }

  /// Opens a table.
  /// - Parameter open: Opens the text; called twice.
  init(
    _ open: () throws(DataError) -> DataStream, label: CSV.Column?, labels kind: Labels,
    separator: Character?, header: Bool?, quote: Character
  ) throws(DataError) {
    self.label = label
    labelKind = kind
    self.header = header
    let text = try open()
    let quoteByte = try CSVTable.byte(of: quote, "quote", text.path)
    let separatorByte = try separator.map { character throws(DataError) in
      try CSVTable.byte(of: character, "separator", text.path)
    }
    if separatorByte == quoteByte {
      throw .unreadable(
        file: text.path, reason: "expected different characters as separator and quote, not two \(quote)")
    }
    var start = try CSVRecords(text, separator: separatorByte, quote: quoteByte)
    let first = try CSVTable.firstRecord(&start)
    records = try CSVRecords(try open(), separator: start.separator, quote: start.quote)
    file = records.file
    try readHead(first, &start)
  }

  private static func byte(of character: Character, _ name: String, _ file: String) throws(DataError) -> UInt8 {
    if let byte = character.asciiValue, !character.isNewline { return byte }
    let text = String(character).debugDescription
    throw .unreadable(file: file, reason: "expected an ASCII character that does not end lines as \(name), not \(text)")
  }

  private static func firstRecord(_ records: inout CSVRecords) throws(DataError) -> [CSVRecords.Field] {
    var fields: [CSVRecords.Field] = []
    if try records.next(into: &fields) { return fields }
    throw .malformed(file: records.file, offset: nil, expected: "lines of numbers", found: "an empty file")
  }

  /// Determines from the first two records whether there is a header, and the position of the label.
  private mutating func readHead(
    _ first: [CSVRecords.Field], _ records: inout CSVRecords
  ) throws(DataError) {
    var fields = first
    columns = fields.count
    let line = records.line
    let texts = try fields.map { field throws(DataError) in try text(field, of: records) }
    let numbers = fields.map { number($0, of: records) }
    let hasSecond = try records.next(into: &fields)
    let second = hasSecond ? fields.map { number($0, of: records) } : nil
    let hasHeader = try self.hasHeader(texts, numbers, line, second: second)
    try locateLabel(hasHeader ? texts : nil, line)
    if hasHeader {
      _ = try self.records.next(into: &fields)
    }
  }

  mutating func readAll() throws(DataError) {
    var fields: [CSVRecords.Field] = []
    while try records.next(into: &fields) { try append(fields, records.line) }
    if rowCount == 0 {
      throw .malformed(file: file, offset: nil, expected: "lines of numbers", found: "a header alone")
    }
  }

  /// Sets the label column and the names of the other columns.
  private mutating func locateLabel(_ names: [String]?, _ line: Int) throws(DataError) {
    func fault(_ expected: String, _ found: String) -> DataError {
      .malformedLine(file: file, line: line, expected: expected, found: found)
    }
    switch label {
    case nil: labelIndex = nil
    case .first: labelIndex = 0
    case .last: labelIndex = columns - 1
    case .index(let index):
      if index < 0 || index >= columns { throw fault("a label in column \(index &+ 1)", "\(columns) columns") }
      labelIndex = index
    case .named(let name):
      guard let names else { throw fault("a header with the column \"\(name)\"", "no header") }
      guard let index = names.firstIndex(where: { $0.hasBytes(of: name) }) else {
        throw fault("a column \"\(name)\"", names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", "))
      }
      labelIndex = index
    }
    if let first = names?.first, first.isEmpty, columns > 1, labelIndex != 0 { rowNameIndex = 0 }
    let all = names ?? (0..<columns).map(String.init)
    featureNames = all.indices.filter { $0 != labelIndex && $0 != rowNameIndex }.map { all[$0] }
    if featureNames.isEmpty {
      throw fault("at least one feature next to the label", "\(columns) column\(columns == 1 ? "" : "s")")
    }
  }

  /// Whether the table has a header: given by the caller, or detected. Fields of a header are not numbers; fields of
  /// data are. If only the label differs (columns named 0, 1, 2, label), the second line decides.
  private func hasHeader(
    _ texts: [String], _ numbers: [Double?], _ line: Int, second: [Double?]?
  ) throws(DataError) -> Bool {
    if let header { return header }
    if case .named = label { return true }
    let skipped: Int? =
      switch label {
      case nil, .named: nil
      case .first: 0
      case .last: columns - 1
      case .index(let index): index
      }
    let features = texts.indices.filter { $0 != skipped }
    if features.allSatisfy({ numbers[$0] == nil }) { return features.contains { !texts[$0].isEmpty } }
    if let wrong = features.first(where: { numbers[$0] == nil }) {
      throw .malformedLine(
        file: file, line: line, expected: "a header without numbers, or numbers alone (or to be told which it is)",
        found: "both (column \(wrong + 1) is \(excerpt(texts[wrong])))")
    }
    if let skipped, texts.indices.contains(skipped), let second, second.count == texts.count {
      return numbers[skipped] == nil && second[skipped] != nil
    }
    return false
  }

  private mutating func append(_ fields: [CSVRecords.Field], _ line: Int) throws(DataError) {
    if fields.count != columns {
      throw .malformedLine(file: file, line: line, expected: "\(columns) columns", found: "\(fields.count)")
    }
    if values.count + columns > values.capacity { try grow() }
    for (column, field) in fields.enumerated() where column != rowNameIndex {
      if column == labelIndex {
        try growLabels()
        try appendLabel(field, line)
      } else {
        values.append(try float(field, column, line))
      }
    }
    rowCount += 1
  }

  /// Doubles the capacity for numbers if there is memory for both copies.
  private mutating func grow() throws(DataError) {
    let wanted = max(2 * values.capacity, values.count + columns)
    try checkMemory(wanted, of: MemoryLayout<Float>.stride)
    values.reserveCapacity(wanted)
  }

  private func checkMemory(_ count: Int, of size: Int) throws(DataError) {
    do { try HostMemory.check(count, of: size) } catch { throw .unreadable(file: file, reason: "\(error)") }
  }

  /// The bytes per class in addition to its text: in the hash table, which is at most half full, and in the two lists.
  private static let bytesOfClass =
    2 * (MemoryLayout<ByteKey>.stride + MemoryLayout<Int32>.stride) + MemoryLayout<String>.stride
    + MemoryLayout<Int>.stride

  /// Grows the storage for the labels of rows and for the classes, in the same way.
  private mutating func growLabels() throws(DataError) {
    // One of the two arrays stays empty.
    if labelOfRow.count == labelOfRow.capacity && labelValues.count == labelValues.capacity {
      try checkMemory(2 * (labelOfRow.count + labelValues.count), of: MemoryLayout<Int32>.stride)
    }
    if labelTexts.count == labelTexts.capacity { try checkMemory(2 * labelTexts.count, of: CSVTable.bytesOfClass) }
  }

  private mutating func appendLabel(_ field: CSVRecords.Field, _ line: Int) throws(DataError) {
    if case .values = labelKind { return try appendLabelValue(field, line) }
    let text = try text(field, of: records)
    if text.isEmpty { throw .malformedLine(file: file, line: line, expected: "a label", found: "an empty field") }
    let key = ByteKey(text)
    if let index = labels[key] {
      labelOfRow.append(index)
    } else {
      if case .newClasses(let mostNumbers) = labelKind { try checkClass(text, line, mostNumbers) }
      let index = Int32(labelTexts.count)
      labels[key] = index
      labelTexts.append(text)
      labelLines.append(line)
      labelOfRow.append(index)
    }
  }

  /// Rejects a label that is a number with a fraction, or that is one whole number too many.
  private mutating func checkClass(_ text: String, _ line: Int, _ mostNumbers: Int) throws(DataError) {
    let isWhole = WholeNumber(Array(text.utf8)) != nil
    if !isWhole && value(text) != nil {
      valueReason = "the labels have fractions"
    } else if labelsAreNumbers && isWhole && labelTexts.count >= mostNumbers {
      valueReason = "the labels are more than \(mostNumbers) different numbers"
    }
    labelsAreNumbers = labelsAreNumbers && isWhole
    if valueReason == nil { return }
    throw .malformedLine(
      file: file, line: line, expected: "a class (text or an integer; a value to predict has to be asked for)",
      found: text)
  }

  private mutating func appendLabelValue(_ field: CSVRecords.Field, _ line: Int) throws(DataError) {
    guard let number = number(field, of: records), Float(number).isFinite else {
      throw .malformedLine(file: file, line: line, expected: "a number as label", found: excerpt(field))
    }
    labelValues.append(Float(number))
  }

  private func float(_ field: CSVRecords.Field, _ column: Int, _ line: Int) throws(DataError) -> Float {
    guard let value = number(field, of: records) else {
      throw .malformedLine(
        file: file, line: line, expected: "a number in column \(column + 1)", found: excerpt(field))
    }
    let float = Float(value)
    if !float.isFinite {
      throw .malformedLine(
        file: file, line: line, expected: "a number within float32 in column \(column + 1)", found: excerpt(field))
    }
    return float
  }

  private func number(_ field: CSVRecords.Field, of records: CSVRecords) -> Double? {
    records.bytes.withUnsafeBufferPointer { DecimalNumber.parse(UnsafeBufferPointer(rebasing: $0[field.range])) }
  }

  /// The text of a field that contains a name.
  private func text(_ field: CSVRecords.Field, of records: CSVRecords) throws(DataError) -> String {
    guard let text = String(validating: records.contents(field), as: UTF8.self) else {
      throw .malformedLine(
        file: file, line: records.line, expected: "text in UTF-8 (iconv converts a file)",
        found: excerpt(field, of: records))
    }
    if text.isStreamSafe { return text }
    throw .malformedLine(
      file: file, line: records.line, expected: "at most 30 combining marks after one another", found: "more")
  }

  /// A shortened field for a message.
  private func excerpt(_ field: CSVRecords.Field) -> String { excerpt(field, of: records) }

  private func excerpt(_ field: CSVRecords.Field, of records: CSVRecords) -> String {
    excerpt(String(decoding: records.contents(field).prefix(200), as: UTF8.self))
  }

  private func excerpt(_ text: String) -> String {
    text.isEmpty ? "an empty field" : "\"\(text.shortened(to: 40))\""
  }
}

extension CSVTable {
  /// The distinct labels in sorted order: numerically if all are whole numbers, otherwise by their bytes. Labels are
  /// equal if their bytes are equal, or if they are the same whole number.
  func distinctLabels() -> [String] {
    let numbers = labelTexts.map { WholeNumber(Array($0.utf8)) }
    if !numbers.contains(where: { $0 == nil }) {
      return numbers.compactMap(\.self).sorted().map(\.text).reduce(into: []) { names, text in
        if names.last != text { names.append(text) }
      }
    }
    return labelTexts.map(ByteKey.init).sorted().map(\.text)
  }

  /// Rejects a table if there is not enough memory for its tensors in addition to its own numbers and labels.
  func checkMemoryOfTensors() throws(DataError) {
    try checkMemory(values.count + 2 * rowCount, of: MemoryLayout<Float>.stride)
  }

  /// The class index of every row.
  func classIndices(_ names: [String]) throws(DataError) -> [Int32] {
    try checkMemory(names.count, of: CSVTable.bytesOfClass)
    var indices: [ByteKey: Int32] = [:]
    for (index, name) in names.enumerated() { indices[ByteKey(name)] = Int32(index) }
    var mapped: [Int32] = []
    for (number, text) in labelTexts.enumerated() {
      guard
        let index = indices[ByteKey(text)] ?? WholeNumber(Array(text.utf8)).flatMap({ indices[ByteKey($0.text)] })
      else {
        let known = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " …" : "")
        throw .malformedLine(
          file: file, line: labelLines[number], expected: "one of the classes \(known)", found: excerpt(text))
      }
      mapped.append(index)
    }
    return labelOfRow.map { mapped[Int($0)] }
  }

  private func value(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { DecimalNumber.parse($0) }
  }
}
