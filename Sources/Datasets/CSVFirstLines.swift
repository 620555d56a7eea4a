import NeuralNetworks

/// The first two records of a table, which show whether it has a header.
struct CSVFirstLines {
  /// The first line of scikit-learn's files: the number of rows, the number of features, and the names of the classes,
  /// as in `150,4,setosa,versicolor,virginica`.
  struct Description {
    let rows: Int
    let columns: Int
    /// Empty if the label is not in the last column.
    var classNames: [String]
  }

  let texts: [String]
  /// The line of the first record.
  let line: Int
  private let file: String
  private let numbers: [Double?]
  private let hasDate: Bool
  /// The numbers in the second record; nil if there is none.
  private let second: [Double?]?

  /// Reads the second record.
  init(_ first: [CSVRecords.Field], _ records: inout CSVRecords) throws(DataError) {
    texts = try first.map { field throws(DataError) in try records.text(field) }
    line = records.line
    file = records.file
    numbers = first.map { records.number($0) }
    hasDate = first.contains { records.withBytes(of: $0, ISO8601.seconds) != nil }
    var fields: [CSVRecords.Field] = []
    second = try records.next(into: &fields) ? fields.map { records.number($0) } : nil
  }

  /// The first line as that of a file of scikit-learn; nil if it is not one.
  var description: Description? {
    guard texts.count >= 4, numbers[2...].allSatisfy({ $0 == nil }), let second, !second.contains(where: { $0 == nil }),
      let rows = Int(texts[0]), let features = Int(texts[1]), rows > 0, features == second.count - 1,
      !texts.contains("")
    else { return nil }
    return Description(rows: rows, columns: second.count, classNames: Array(texts[2...]))
  }

  /// Whether the first line is a header: given by the caller, or detected. Fields of a header are not numbers; fields of
  /// data are, unless the table has text. If only the label differs (columns named 0, 1, 2, label), the second line
  /// decides.
  func hasHeader(label: CSV.Column?, stated: Bool?, acceptsText: Bool) throws(DataError) -> Bool {
    if let stated { return stated }
    if case .named = label { return true }
    let skipped: Int? =
      switch label {
      case nil, .named: nil
      case .first: 0
      case .last: texts.count - 1
      case .index(let index): index
      }
    let features = texts.indices.filter { $0 != skipped }
    if features.allSatisfy({ numbers[$0] == nil }) { return !hasDate && features.contains { !texts[$0].isEmpty } }
    if let wrong = features.first(where: { numbers[$0] == nil && !(acceptsText && mayBeData($0)) }) {
      throw .malformedLine(
        file: file, line: line, expected: "a header without numbers, or numbers alone (or to be told which it is)",
        found: "both (column \(wrong + 1) is \(CSVRecords.excerpt(texts[wrong])))")
    }
    if let skipped, texts.indices.contains(skipped), let second, second.count == texts.count {
      return numbers[skipped] == nil && second[skipped] != nil
    }
    return false
  }

  /// Whether a text next to numbers may be a value: the second line has no number there.
  private func mayBeData(_ column: Int) -> Bool {
    guard let second, second.indices.contains(column) else { return true }
    return second[column] == nil || CSV.missingTexts.contains(texts[column])
  }
}
