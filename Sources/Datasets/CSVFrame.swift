import HostSystem
import NeuralNetworks

extension CSV {
  /// The texts that represent a missing value by default: those of pandas, and `?`.
  public static let missingTexts: Set<String> = [
    "", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  /// How a table with columns of different kinds is read.
  public struct FrameOptions: Sendable {
    /// The columns to read, in any order; nil for all.
    public var columns: [Column]?
    /// Columns to leave out.
    public var dropped: [Column] = []
    /// The kinds of some columns. The kinds of the others are detected.
    public var kinds: [Column: ColumnKind] = [:]
    /// The texts that represent a missing value.
    public var missing = CSV.missingTexts
    /// One ASCII character other than a line break or the quote; nil to detect it.
    public var separator: Character?
    /// Whether the first line contains the column names; nil to detect it.
    public var header: Bool?
    /// One ASCII character other than a line break.
    public var quote: Character = "\""
    /// The maximum size of the file in bytes, compressed or decompressed.
    public var limit = 1 << 32

    /// The preprocessor whose columns are read, with their kinds; nil to choose as stated above.
    package var preprocessor: TablePreprocessor?

    /// Creates the default options.
    public init() {}
  }

  /// Reads a table with columns of numbers, categories, and dates, in which values may be missing.
  ///
  /// The file is read twice: first to determine the kinds, then for the values, so memory use depends on the count of
  /// values. A column whose values are all numbers has numbers; one whose values are all dates (ISO 8601: `2024-02-29`,
  /// `2024-02-29T13:45:00.5+01:00`, with a blank in place of the T, without seconds or an offset; without an offset, a
  /// time counts as UTC) has dates; any other column has categories. But if at least nine of ten values, and three, are
  /// numbers or dates, any other value is an error, which names its line: state its kind, or count it as missing.
  ///
  /// If no value in the first line is a number or a date, it is the header, unless `header` says otherwise; names that
  /// occur twice get a number, as in pandas ("a", "a.1"). Columns without names are called "0", "1", …. The files of
  /// scikit-learn (`iris.csv`) with counts and class names in the first line are recognized.
  /// - Throws: `DataError`, with the line and the column.
  public static func frame(_ path: String, options: FrameOptions = FrameOptions()) throws -> DataFrame {
    try CSVFrameReader(path, options).read(label: nil, labels: .ignored).frame
  }
}

extension CSV {
  /// Reads new rows for a preprocessor: its columns with their kinds, by their names. In a table without column names,
  /// all columns are read in order.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - preprocessor: A preprocessor that was adapted to a table, such as one that was saved with a model.
  ///   - options: The form of the file; the columns and kinds are those of the preprocessor, and so are the texts of
  ///     missing values if it has any.
  /// - Throws: `DataError`, with the line and the column.
  public static func frame(
    _ path: String, for preprocessor: TablePreprocessor, options: FrameOptions = FrameOptions()
  ) throws -> DataFrame {
    try frame(path, options: options.reading(preprocessor))
  }
}

extension CSV.FrameOptions {
  /// These options with the columns of a preprocessor.
  package func reading(_ preprocessor: TablePreprocessor) -> Self {
    var options = self
    options.preprocessor = preprocessor
    if let texts = preprocessor.missingTexts { options.missing = Set(texts) }
    return options
  }
}

/// Reads the columns of a table, and optionally labels, in two passes.
struct CSVFrameReader {
  private let path: String
  private let options: CSV.FrameOptions

  init(_ path: String, _ options: CSV.FrameOptions) { (self.path, self.options) = (path, options) }

  /// Reads the table.
  /// - Parameters:
  ///   - label: The column of the labels, which is not part of the frame; nil for none.
  ///   - labels: The expected content of the labels.
  ///   - isDetecting: Whether to throw `CSV.LabelsAreValues` if the labels are values where classes were expected.
  func read(
    label: CSV.Column?, labels: CSVTable.Labels, isDetecting: Bool = false
  ) throws -> (frame: DataFrame, table: CSVTable) {
    let scan = CSVScan(options)
    var first = try table(label, .ignored, scan)
    try first.readAll()
    let columns = CSVColumns(options, scan.kinds(), rows: first.rowCount)
    var second = try table(label, labels, columns)
    do { try second.readAll() } catch {
      if isDetecting, let reason = second.valueReason { throw CSV.LabelsAreValues(reason: reason) }
      throw error
    }
    return (columns.frame(rows: second.rowCount, isNamed: second.isNamed), second)
  }

  private func table(
    _ label: CSV.Column?, _ labels: CSVTable.Labels, _ sink: any CSVFeatureSink
  ) throws(DataError) -> CSVTable {
    try CSVTable(
      { () throws(DataError) in try DataStream(path, limit: options.limit) }, label: label, labels: labels,
      separator: options.separator, header: options.header, quote: options.quote, sink: sink)
  }
}

/// Receives the fields of a table that are not labels.
protocol CSVFeatureSink: AnyObject {
  /// Called once, before the fields.
  func start(_ head: CSVHead) throws(DataError)
  /// Receives the next field of the current record.
  func append(_ field: CSVRecords.Field, column: Int, of records: CSVRecords) throws(DataError)
}
