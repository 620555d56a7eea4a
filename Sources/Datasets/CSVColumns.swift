import HostSystem
import NeuralNetworks

/// Reads the values of columns whose kinds are known.
final class CSVColumns: CSVFeatureSink {
  /// The values of one column so far.
  private struct Values {
    let kind: ColumnKind
    var numbers: [Float] = []
    var seconds: [Double] = []
    var codes: [Int32] = []
    var categories: [ByteKey: Int32] = [:]
    var names: [String] = []

    init(_ kind: ColumnKind, rows: Int) {
      self.kind = kind
      switch kind {
      case .number: numbers.reserveCapacity(rows)
      case .date: seconds.reserveCapacity(rows)
      case .category: codes.reserveCapacity(rows)
      }
    }
  }

  private let options: CSV.FrameOptions
  private let missing: MissingTexts
  private let kinds: [Int: ColumnKind]
  private let rows: Int
  private var names: [String] = []
  private var chosen: [Int] = []
  private var columns: [Values?] = []

  /// The bytes of a category in addition to its text: in the hash table, which is at most half full, and in the list.
  private static let bytesOfCategory =
    2 * (MemoryLayout<ByteKey>.stride + MemoryLayout<Int32>.stride) + MemoryLayout<String>.stride

  init(_ options: CSV.FrameOptions, _ kinds: [Int: ColumnKind], rows: Int) {
    self.options = options
    self.kinds = kinds
    self.rows = rows
    missing = MissingTexts(options.missing)
  }

  func start(_ head: CSVHead) throws(DataError) {
    names = head.isNamed ? CSVHead.unique(head.names) : head.names
    chosen = try head.chosen(by: options)
    let size = chosen.reduce(0) { $0 + (kinds[$1] == .date ? MemoryLayout<Double>.stride : MemoryLayout<Float>.stride) }
    try checkMemory(rows, of: size, head.file)
    columns = [Values?](repeating: nil, count: names.count)
    for column in chosen { columns[column] = Values(kinds[column] ?? .category, rows: rows) }
  }

  private func checkMemory(_ count: Int, of size: Int, _ file: String) throws(DataError) {
    do { try HostMemory.check(count, of: size) } catch { throw .unreadable(file: file, reason: "\(error)") }
  }

  func append(_ field: CSVRecords.Field, column: Int, of records: CSVRecords) throws(DataError) {
    guard let kind = columns[column]?.kind else { return }
    let isMissing = records.withBytes(of: field, missing.contains)
    switch kind {
    // Values are computed first: the access to the column must not overlap with another one.
    case .number:
      let number = isMissing ? .nan : try float(field, column, records)
      columns[column]?.numbers.append(number)
    case .date:
      guard let seconds = isMissing ? .nan : records.withBytes(of: field, ISO8601.seconds) else {
        throw fault(field, column, records, expected: "a date such as 2024-02-29")
      }
      columns[column]?.seconds.append(seconds)
    case .category:
      let code = isMissing ? -1 : try code(field, column, records)
      columns[column]?.codes.append(code)
    }
  }

  private func float(_ field: CSVRecords.Field, _ column: Int, _ records: CSVRecords) throws(DataError) -> Float {
    guard let number = records.number(field) else {
      throw fault(field, column, records, expected: "a number")
    }
    let float = Float(number)
    if float.isFinite { return float }
    throw fault(field, column, records, expected: "a number within float32")
  }

  private func code(_ field: CSVRecords.Field, _ column: Int, _ records: CSVRecords) throws(DataError) -> Int32 {
    let text = try records.text(field), key = ByteKey(text)
    if let code = columns[column]?.categories[key] { return code }
    let count = columns[column]?.names.count ?? 0
    if count & (count - 1) == 0 { try checkMemory(2 * count, of: CSVColumns.bytesOfCategory, records.file) }
    columns[column]?.categories[key] = Int32(count)
    columns[column]?.names.append(text)
    return Int32(count)
  }

  private func fault(
    _ field: CSVRecords.Field, _ column: Int, _ records: CSVRecords, expected: String
  ) -> DataError {
    let name = names[column] == "\(column)" ? "" : " (\(names[column].shortened(to: 60)))"
    return .malformedLine(
      file: records.file, line: records.line, expected: "\(expected) in column \(column + 1)\(name)",
      found: records.excerpt(field))
  }

  /// The columns that were read. Their values are moved, because a table may fill half of the memory.
  func frame(rows: Int, isNamed: Bool) -> DataFrame {
    let read = chosen.compactMap { column -> DataFrame.Column? in
      guard let values = columns[column] else { return nil }
      columns[column] = nil
      switch values.kind {
      case .number: return DataFrame.Column(names[column], .numbers(values.numbers))
      case .date: return DataFrame.Column(names[column], .dates(values.seconds))
      case .category: return CSVColumns.sorted(names[column], values.codes, values.names)
      }
    }
    return DataFrame(read, rowCount: rows, isNamed: isNamed)
  }

  /// A column whose categories are in sorted order: numerically if all are whole numbers, otherwise by their bytes.
  private static func sorted(_ name: String, _ codes: [Int32], _ names: [String]) -> DataFrame.Column {
    let numbers = names.compactMap { WholeNumber(Array($0.utf8)) }
    let order =
      numbers.count == names.count
      ? names.indices.sorted { (numbers[$0], ByteKey(names[$0])) < (numbers[$1], ByteKey(names[$1])) }
      : names.indices.sorted { ByteKey(names[$0]) < ByteKey(names[$1]) }
    var place = [Int32](repeating: 0, count: names.count)
    for (index, old) in order.enumerated() { place[old] = Int32(index) }
    return DataFrame.Column(
      name, .categories(codes.map { $0 < 0 ? -1 : place[Int($0)] }, names: order.map { names[$0] }))
  }
}
