import HostSystem

/// Converts the columns of a table to inputs of a model (Keras' `FeatureSpace`, scikit-learn's `ColumnTransformer`).
///
/// ```swift
/// var preprocessor = TablePreprocessor()
/// try preprocessor.adapt(to: people)                 // decides for each column, from the training data
/// preprocessor.decisions.forEach { print($0) }
/// let inputs = try preprocessor.inputs(of: people)   // float32 [rows, preprocessor.featureNames.count]
/// ```
///
/// - A number stays a number; the median of the training data replaces a missing one.
/// - A category becomes a feature for each category of the training data: 1 for the category of the row, else 0. An
///   unknown category gives zeros.
/// - A date becomes parts of it: days since the first date of the training data by default.
///
/// If values are missing in the training data, another feature is 1 where they are. Numbers are not scaled: put a
/// `Normalization` layer in front of the model, adapted with `adapt(to:features:)` to the features `scaledFeatures`.
/// The decisions are `Codable`: `ModelInformation` saves them with the model. New tables need the same columns, in any
/// order; a table without column names needs the same number of columns in the same order.
public struct TablePreprocessor: Sendable, Hashable, Codable {
  /// How a column is treated.
  public enum Treatment: Sendable, Hashable {
    /// Use the number, with a value in place of a missing one.
    case number(missing: Imputation = .median)
    /// Encode the most frequent categories, at most this many, with a feature each. The others share one more feature.
    case category(maximum: Int = 64)
    /// Use these parts of the date.
    case date([DatePart] = [.days])
  }

  /// The columns with the decisions about them; empty before `adapt(to:rows:)`.
  public private(set) var columns: [Column] = []
  /// The treatment of columns for which the default is not wanted, by their names.
  public let treatments: [String: Treatment]
  /// Whether the columns of the training data had names.
  public private(set) var isNamed = true

  /// The texts that stand for missing values in files with new rows; nil for the default of the reader.
  public var missingTexts: [String]?

  private enum CodingKeys: CodingKey { case columns, isNamed, missingTexts }

  /// Creates a preprocessor.
  /// - Parameter treatments: The treatment of some columns, by their names. The others are treated as described above.
  public init(treatments: [String: Treatment] = [:]) { self.treatments = treatments }

  /// Decides about each column.
  /// - Parameters:
  ///   - table: The inputs, without the column of the targets.
  ///   - rows: The rows of the training data; nil for all. Only they determine replacements and categories. A position
  ///     out of range ends the program.
  /// - Throws: `TableError` for a treatment that does not fit a column, or a table without rows or columns.
  public mutating func adapt(to table: DataFrame, rows: [Int]? = nil) throws {
    if let unknown = treatments.keys.sorted().first(where: { table.column(named: $0) == nil }) {
      throw TableError.missingColumn(unknown, found: table.columnNames)
    }
    guard !table.columns.isEmpty, rows.map({ !$0.isEmpty }) ?? (table.rowCount > 0) else {
      throw TableError.preprocessor(reason: "the table has no columns or no rows to adapt to")
    }
    if let rows { table.checkRows(rows) }
    columns = try table.columns.map { try Column($0, treatments[$0.name] ?? .standard(for: $0.kind), rows) }
    isNamed = table.isNamed
  }

  /// The names of the features, such as "age", "city=Lima", "city missing", and "born month".
  public var featureNames: [String] { columns.flatMap(\.featureNames) }

  /// The positions of the features that are numbers, rather than 0 or 1. Scale these.
  public var scaledFeatures: [Int] {
    var (places, start) = ([Int](), 0)
    for column in columns {
      places += start..<start + column.scaledCount
      start += column.featureCount
    }
    return places
  }

  /// A line for each column: its name, its kind, the treatment, and peculiarities.
  public var decisions: [String] { columns.map(\.decision) }

  /// Converts rows of a table to features.
  /// - Parameters:
  ///   - table: A table with the columns that the preprocessor was adapted to; others are ignored.
  ///   - rows: The positions of the rows; nil for all. A position out of range ends the program.
  /// - Returns: float32 `[rows, features]`.
  /// - Throws: `TableError` for a missing column or one of another kind; `DeviceError` if there is not enough memory.
  public func inputs(of table: DataFrame, rows: [Int]? = nil) throws -> Tensor {
    if columns.isEmpty { throw TableError.preprocessor(reason: "call adapt(to:) first") }
    if let rows { table.checkRows(rows) }
    let sources = try matching(table)
    let encoders = zip(columns, sources).map { $0.encoder(of: $1) }
    let width = columns.reduce(0) { $0 + $1.featureCount }, count = rows?.count ?? table.rowCount
    return try Tensor(shape: [count, width], pieceSize: max((1 << 16) / max(width, 1), 1) * width) { places in
      var numbers: [Float] = []
      numbers.reserveCapacity(places.count)
      for place in places.lowerBound / max(width, 1)..<places.upperBound / max(width, 1) {
        let row = rows?[place] ?? place
        for encoder in encoders { encoder.append(row, &numbers) }
      }
      return numbers
    }
  }

  /// The columns of a table, in the order of the preprocessor.
  private func matching(_ table: DataFrame) throws -> [DataFrame.Column] {
    let sources: [DataFrame.Column]
    if isNamed && table.isNamed {
      let places = Dictionary(table.columns.map { (ByteKey($0.name), $0) }) { first, _ in first }
      sources = try columns.map { column in
        if let source = places[ByteKey(column.name)] { return source }
        throw TableError.missingColumn(column.name, found: table.columnNames)
      }
    } else {
      guard table.columns.count == columns.count else {
        throw TableError.columnCount(expected: columns.count, found: table.columns.count)
      }
      sources = table.columns
    }
    for (column, source) in zip(columns, sources) where column.kind != source.kind {
      throw TableError.kind(column: source.name, expected: column.kind, found: source.kind)
    }
    return sources
  }
}

extension TablePreprocessor.Treatment {
  /// The default for columns of a kind.
  static func standard(for kind: ColumnKind) -> Self {
    switch kind {
    case .number: .number()
    case .category: .category()
    case .date: .date()
    }
  }

  var kind: ColumnKind {
    switch self {
    case .number: .number
    case .category: .category
    case .date: .date
    }
  }
}

extension TablePreprocessor {
  /// Decodes the decisions. Throws `DecodingError`, also if they contradict themselves.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    treatments = [:]
    isNamed = try container.decode(Bool.self, forKey: .isNamed)
    missingTexts = try container.decodeIfPresent([String].self, forKey: .missingTexts)
    columns = try container.decode([Column].self, forKey: .columns)
    if let column = columns.first(where: { !$0.isValid }) {
      throw DecodingError.dataCorruptedError(
        forKey: .columns, in: container,
        debugDescription: "the settings of the column \"\(column.name.shortened(to: 100))\" are not those of its kind")
    }
    if Set(columns.map { ByteKey($0.name) }).count < columns.count {
      throw DecodingError.dataCorruptedError(
        forKey: .columns, in: container, debugDescription: "two columns have the same name")
    }
  }
}
