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
  /// Whether the columns have names.
  private(set) var isNamed = false
  /// The first line of a file of scikit-learn.
  private var description: CSVFirstLines.Description?
  /// The receiver of the features; nil to collect them in `values`.
  private let sink: (any CSVFeatureSink)?

  /// The expected content of labels.
  enum Labels {
    case ignored
    case values
    /// Classes named by the caller.
    case knownClasses
    /// Classes found in the table: text, or at most this many distinct whole numbers.
    case newClasses(mostNumbers: Int)
  }

  /// Opens a table.
  /// - Parameters:
  ///   - open: Opens the text; called twice.
  ///   - label: The label column; nil for none.
  ///   - kind: The expected content of the labels.
  ///   - separator: Nil to detect it.
  ///   - header: Whether the first line contains names; nil to detect it.
  ///   - quote: The quote.
  ///   - sink: The receiver of the features; nil to collect them as numbers.
  init(
    _ open: () throws(DataError) -> DataStream, label: CSV.Column?, labels kind: Labels,
    separator: Character?, header: Bool?, quote: Character, sink: (any CSVFeatureSink)? = nil
  ) throws(DataError) {
    self.label = label
    self.sink = sink
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
    _ first: [CSVRecords.Field], _ start: inout CSVRecords
  ) throws(DataError) {
    let head = try CSVFirstLines(first, &start)
    description = header == nil ? head.description : nil
    columns = description?.columns ?? first.count
    var hasHeader = false
    if description == nil {
      hasHeader = try head.hasHeader(label: label, stated: header, acceptsText: sink != nil)
    }
    try locateLabel(hasHeader ? head.texts : nil, head.line)
    if hasHeader || description != nil {
      var fields: [CSVRecords.Field] = []
      _ = try records.next(into: &fields)
    }
  }

  mutating func readAll() throws(DataError) {
    var fields: [CSVRecords.Field] = []
    while try records.next(into: &fields) { try append(fields, records.line) }
    if rowCount == 0 {
      throw .malformed(file: file, offset: nil, expected: "lines of numbers", found: "a header alone")
    }
    if let described = description?.rows, described != rowCount {
      throw .malformed(
        file: file, offset: nil, expected: "\(described) rows, as the first line says", found: "\(rowCount)")
    }
  }

  /// The classes in the first line of a file of scikit-learn, if there are any.
  var describedClasses: [String]? { description.flatMap { $0.classNames.isEmpty ? nil : $0.classNames } }

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
    let features = all.indices.filter { $0 != labelIndex && $0 != rowNameIndex }
    featureNames = features.map { all[$0] }
    isNamed = names != nil
    if labelIndex != columns - 1 { description?.classNames = [] }
    if featureNames.isEmpty {
      throw fault("at least one feature next to the label", "\(columns) column\(columns == 1 ? "" : "s")")
    }
    try sink?.start(CSVHead(file: file, line: line, names: all, isNamed: isNamed, features: features))
  }

  private mutating func append(_ fields: [CSVRecords.Field], _ line: Int) throws(DataError) {
    if fields.count != columns {
      throw .malformedLine(file: file, line: line, expected: "\(columns) columns", found: "\(fields.count)")
    }
    if sink == nil && values.count + columns > values.capacity { try grow() }
    for (column, field) in fields.enumerated() where column != rowNameIndex {
      if column == labelIndex {
        try growLabels()
        try appendLabel(field, line)
      } else if let sink {
        try sink.append(field, column: column, of: records)
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
    switch labelKind {
    case .ignored: return
    case .values: return try appendLabelValue(field, line)
    case .knownClasses, .newClasses: break
    }
    let text = try described(try records.text(field), line)
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

  /// The class name of a label in a table whose first line lists the classes.
  private func described(_ text: String, _ line: Int) throws(DataError) -> String {
    guard let names = description?.classNames, !names.isEmpty else { return text }
    if let index = Int(text), names.indices.contains(index) { return names[index] }
    throw .malformedLine(
      file: file, line: line, expected: "a class from 0 to \(names.count - 1), as the first line lists them",
      found: CSVRecords.excerpt(text))
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
    guard let number = records.number(field), Float(number).isFinite else {
      throw .malformedLine(file: file, line: line, expected: "a number as label", found: records.excerpt(field))
    }
    labelValues.append(Float(number))
  }

  private func float(_ field: CSVRecords.Field, _ column: Int, _ line: Int) throws(DataError) -> Float {
    guard let value = records.number(field) else {
      throw .malformedLine(
        file: file, line: line, expected: "a number in column \(column + 1)", found: records.excerpt(field))
    }
    let float = Float(value)
    if !float.isFinite {
      throw .malformedLine(
        file: file, line: line, expected: "a number within float32 in column \(column + 1)",
        found: records.excerpt(field))
    }
    return float
  }
}

extension CSVTable {
  /// The distinct labels in sorted order: numerically if all are whole numbers, otherwise by their bytes. Labels are
  /// equal if their bytes are equal, or if they are the same whole number.
  func distinctLabels() -> [String] {
    if let names = describedClasses { return names }
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
          file: file, line: labelLines[number], expected: "one of the classes \(known)",
          found: CSVRecords.excerpt(text))
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
