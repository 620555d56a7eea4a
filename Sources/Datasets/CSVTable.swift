/// A table while it is read: features as numbers, labels as text.
struct CSVTable {
  private(set) var featureNames: [String] = []
  /// Row-major, `rowCount` rows of the features.
  private(set) var values: [Float] = []
  private(set) var rowCount = 0
  private var labels: [String: Int32] = [:]
  private var labelTexts: [String] = []
  private var labelOfRow: [Int32] = []
  private var labelLines: [Int] = []

  private let file: String
  private let label: CSV.Column?
  private let header: Bool?
  private var records: CSVRecords
  private var columns = 0
  private var labelIndex: Int?

  init(
    _ path: String, label: CSV.Column?, separator: Character?, header: Bool?, quote: Character, limit: Int
  ) throws(DataError) {
    let bytes = try DataFile.read(path, limit: limit)
    self.init(bytes: bytes, path: path, label: label, separator: separator, header: header, quote: quote)
  }

  init(bytes: [UInt8], path: String, label: CSV.Column?, separator: Character?, header: Bool?, quote: Character) {
    file = path
    self.label = label
    self.header = header
    records = CSVRecords(
      bytes, file: path, separator: separator?.asciiValue ?? CSVTable.likelySeparator(bytes),
      quote: quote.asciiValue ?? 0x22)
  }

  /// The most frequent of comma, semicolon and tab in the first line that is not blank; the comma if there is none.
  private static func likelySeparator(_ bytes: [UInt8]) -> UInt8 {
    let isBreak = { (byte: UInt8) in byte == 0x0A || byte == 0x0D }
    let line = bytes.drop(while: isBreak).prefix { !isBreak($0) }
    let candidates: [UInt8] = [0x2C, 0x3B, 0x09]
    let counts = candidates.map { candidate in line.count { $0 == candidate } }
    let most = counts.max() ?? 0
    return candidates[counts.firstIndex(of: most) ?? 0]
  }

  mutating func readAll() throws(DataError) {
    var first: [CSVRecords.Field] = []
    guard try records.next(into: &first) else {
      throw .malformed(file: file, offset: nil, expected: "lines of numbers", found: "an empty file")
    }
    columns = first.count
    let firstLine = records.line
    var fields: [CSVRecords.Field] = []
    let start = records
    let hasSecond = try records.next(into: &fields)
    let hasHeader = try self.hasHeader(first, firstLine, second: hasSecond ? fields : nil)
    records = start
    try locateLabel(hasHeader ? first.map(records.text) : nil, firstLine)
    if !hasHeader { try append(first, firstLine) }
    while try records.next(into: &fields) { try append(fields, records.line) }
    if rowCount == 0 {
      throw .malformed(file: file, offset: nil, expected: "lines of numbers", found: "a header alone")
    }
  }

  /// Sets the label's column and the names of the others.
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
      guard let index = names.firstIndex(of: name) else {
        throw fault("a column \"\(name)\"", names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", "))
      }
      labelIndex = index
    }
    let all = names ?? (0..<columns).map(String.init)
    featureNames = all.indices.filter { $0 != labelIndex }.map { all[$0] }
    if featureNames.isEmpty { throw fault("at least one feature beside the label", "\(columns) column") }
  }

  /// Told by the caller, or found out: the fields of a header are no numbers, those of data are. Where only the label
  /// differs (columns named 0, 1, 2, label), the second line decides.
  private func hasHeader(
    _ first: [CSVRecords.Field], _ line: Int, second: [CSVRecords.Field]?
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
    let features = first.indices.filter { $0 != skipped }
    let numbers = features.count { number(first[$0]) != nil }
    if numbers == 0 { return !features.isEmpty && features.allSatisfy { !first[$0].range.isEmpty } }
    if let wrong = features.first(where: { number(first[$0]) == nil }) {
      throw .malformedLine(
        file: file, line: line, expected: "a header without numbers, or numbers alone",
        found: "both (column \(wrong + 1) is \(excerpt(first[wrong])))")
    }
    if let skipped, first.indices.contains(skipped), let second, second.count == first.count {
      return number(first[skipped]) == nil && number(second[skipped]) != nil
    }
    return false
  }

  private mutating func append(_ fields: [CSVRecords.Field], _ line: Int) throws(DataError) {
    if fields.count != columns {
      throw .malformedLine(file: file, line: line, expected: "\(columns) columns", found: "\(fields.count)")
    }
    for (column, field) in fields.enumerated() {
      if column == labelIndex {
        try appendLabel(field, line)
      } else {
        values.append(try float(field, column, line))
      }
    }
    rowCount += 1
  }

  private mutating func appendLabel(_ field: CSVRecords.Field, _ line: Int) throws(DataError) {
    let text = records.text(field)
    if text.isEmpty { throw .malformedLine(file: file, line: line, expected: "a label", found: "an empty field") }
    if let index = labels[text] {
      labelOfRow.append(index)
    } else {
      let index = Int32(labelTexts.count)
      labels[text] = index
      labelTexts.append(text)
      labelLines.append(line)
      labelOfRow.append(index)
    }
  }

  private func float(_ field: CSVRecords.Field, _ column: Int, _ line: Int) throws(DataError) -> Float {
    guard let value = number(field) else {
      throw .malformedLine(file: file, line: line, expected: "a number in column \(column + 1)", found: excerpt(field))
    }
    let float = Float(value)
    if !float.isFinite {
      throw .malformedLine(
        file: file, line: line, expected: "a number within float32 in column \(column + 1)", found: excerpt(field))
    }
    return float
  }

  private func number(_ field: CSVRecords.Field) -> Double? {
    records.bytes.withUnsafeBufferPointer { DecimalNumber.parse(UnsafeBufferPointer(rebasing: $0[field.range])) }
  }

  /// A field for a message: short, whatever it holds.
  private func excerpt(_ field: CSVRecords.Field) -> String {
    if field.range.isEmpty { return "an empty field" }
    let text = records.text(field)
    return "\"\(text.prefix(40))\(text.count > 40 ? "…" : "")\""
  }
}

extension CSVTable {
  /// The labels that occur, sorted: as numbers if all are integers, else as text.
  func distinctLabels() throws(DataError) -> [String] {
    let numbers = labelTexts.map { integer($0) }
    if !numbers.contains(nil) { return Set(numbers.compactMap { $0 }).sorted().map(String.init) }
    if let index = labelTexts.firstIndex(where: { integer($0) == nil && value($0) != nil }) {
      throw .malformedLine(
        file: file, line: labelLines[index],
        expected: "a class (text or an integer; a value to predict has to be asked for)",
        found: labelTexts[index])
    }
    return labelTexts.sorted()
  }

  /// The class index of every row.
  func classIndices(_ names: [String]) throws(DataError) -> [Int32] {
    var indices: [String: Int32] = [:]
    for (index, name) in names.enumerated() { indices[name] = Int32(index) }
    var mapped: [Int32] = []
    for (number, text) in labelTexts.enumerated() {
      guard let index = indices[text] ?? integer(text).flatMap({ indices[String($0)] }) else {
        let known = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " …" : "")
        throw .malformedLine(
          file: file, line: labelLines[number], expected: "one of the classes \(known)", found: "\"\(text.prefix(40))\""
        )
      }
      mapped.append(index)
    }
    return labelOfRow.map { mapped[Int($0)] }
  }

  /// The label of every row as a number.
  func labelValues() throws(DataError) -> [Float] {
    var numbers: [Float] = []
    for (index, text) in labelTexts.enumerated() {
      guard let number = value(text), Float(number).isFinite else {
        throw .malformedLine(
          file: file, line: labelLines[index], expected: "a number as label", found: "\"\(text.prefix(40))\"")
      }
      numbers.append(Float(number))
    }
    return labelOfRow.map { numbers[Int($0)] }
  }

  private func value(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { DecimalNumber.parse($0) }
  }

  /// An integer, also when it is written as 3.0.
  private func integer(_ text: String) -> Int? { value(text).flatMap { Int(exactly: $0) } }
}
