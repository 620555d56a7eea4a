import NeuralNetworks

/// Determines the kinds of columns, in memory that depends on the number of columns.
final class CSVScan: CSVFeatureSink {
  private struct Counts {
    var numbers = 0
    var dates = 0
    var texts = 0

    /// The kind of a column with these values.
    var kind: ColumnKind {
      let all = numbers + dates + texts, most = max(numbers, dates)
      if all == 0 { return .number }
      // A few other values among many numbers are mistakes, which are reported when the values are read.
      let isMixed = most < all && (all < 4 || 10 * most < 9 * all)
      return isMixed ? .category : (numbers == most ? .number : .date)
    }
  }

  private let options: CSV.FrameOptions
  private let missing: MissingTexts
  private var counts: [Counts?] = []
  private var stated: [Int: ColumnKind] = [:]

  init(_ options: CSV.FrameOptions) {
    self.options = options
    missing = MissingTexts(options.missing)
  }

  func start(_ head: CSVHead) throws(DataError) {
    stated = try head.kinds(statedBy: options)
    counts = [Counts?](repeating: nil, count: head.names.count)
    for column in try head.chosen(by: options) where stated[column] == nil { counts[column] = Counts() }
  }

  func append(_ field: CSVRecords.Field, column: Int, of records: CSVRecords) throws(DataError) {
    guard counts[column] != nil else { return }
    records.withBytes(of: field) { bytes in
      if missing.contains(bytes) { return }
      if DecimalNumber.parse(bytes) != nil {
        counts[column]?.numbers += 1
      } else if ISO8601.seconds(bytes) != nil {
        counts[column]?.dates += 1
      } else {
        counts[column]?.texts += 1
      }
    }
  }

  /// The kinds of the columns that are read, by column.
  func kinds() -> [Int: ColumnKind] {
    var kinds = stated
    for (column, counts) in counts.enumerated() { if let counts { kinds[column] = counts.kind } }
    return kinds
  }
}

/// The texts that stand for missing values, by their first byte.
struct MissingTexts {
  private var texts = [[[UInt8]]](repeating: [], count: 256)
  private var hasEmpty = false

  init(_ texts: Set<String>) {
    for text in texts {
      let bytes = Array(text.utf8)
      if let first = bytes.first { self.texts[Int(first)].append(bytes) } else { hasEmpty = true }
    }
  }

  func contains(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first else { return hasEmpty }
    return texts[Int(first)].contains { $0.count == bytes.count && $0.elementsEqual(bytes) }
  }
}
