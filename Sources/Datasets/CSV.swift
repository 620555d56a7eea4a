import NeuralNetworks

/// Numeric tables in text files (RFC 4180), plain or gzip, with one example per line.
///
/// If no separator is given, it is the most frequent of comma, semicolon, and tab in the first line. A header is
/// detected by fields that are not numbers; a header of numbers (`2019,2020,2021`) requires `header: true`. An unnamed
/// first column, as written by `DataFrame.to_csv` of pandas and `write.csv` of R, contains row names and is skipped.
/// Blanks around unquoted fields are ignored. Every line must have the same number of fields; every feature must be a
/// finite decimal number; names and labels must be UTF-8. Errors are reported as `DataError.malformedLine`, with the
/// line number. The file is read in chunks: memory use depends on the count of numbers, not on the size of the text.
public enum CSV {
  /// A column of the table.
  public enum Column: Sendable, Hashable {
    case first, last
    /// The index of the column, starting at 0.
    case index(Int)
    /// The name of the column in the header.
    case named(String)
  }

  /// The content of the label column.
  public enum Target: Sendable, Hashable {
    /// A class per line: any text, or an integer. Targets become int32 class indices `[count]`.
    ///
    /// `names` specifies the classes and their order (for example, the classes of a model). Without it, the classes are
    /// the distinct labels in sorted order: numerically if all are integers, which may have any number of digits. Other
    /// labels are compared by their bytes, so é as one scalar and é as two scalars are two classes, as in pandas.
    case classes(names: [String]? = nil)
    /// A number to predict. Targets become float32 `[count, 1]`.
    case value
  }

  /// Reads labeled examples.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - label: The label column; all other columns are features.
  ///   - target: Whether labels are classes or values.
  ///   - separator: One ASCII character other than a line break or the quote; `nil` to detect it.
  ///   - header: Whether the first line contains the column names; `nil` to detect it.
  ///   - quote: One ASCII character other than a line break.
  ///   - limit: The maximum size of the file in bytes, compressed or decompressed.
  /// - Throws: `DataError`.
  public static func load(
    _ path: String, label: Column = .last, target: Target = .classes(), separator: Character? = nil,
    header: Bool? = nil, quote: Character = "\"", limit: Int = 1 << 32
  ) throws -> CSVDataset {
    let labels: CSVTable.Labels =
      switch target {
      case .value: .values
      case .classes(nil): .newClasses(mostNumbers: .max)
      case .classes: .knownClasses
      }
    var table = try CSVTable(
      { () throws(DataError) in try DataStream(path, limit: limit) }, label: label, labels: labels,
      separator: separator, header: header, quote: quote)
    try table.readAll()
    return try dataset(table, target)
  }

  /// The labels of a table are not classes.
  package struct LabelsAreValues: Error {
    /// The reason, such as "the labels have fractions".
    package let reason: String
  }

  private static func dataset(_ table: CSVTable, _ target: Target) throws -> CSVDataset {
    try table.checkMemoryOfTensors()
    let targets: Tensor
    var classNames: [String] = []
    switch target {
    case .classes(let names):
      classNames = names ?? table.distinctLabels()
      targets = Tensor(try table.classIndices(classNames), shape: [table.rowCount])
    case .value:
      targets = Tensor(table.labelValues, shape: [table.rowCount, 1])
    }
    let inputs = Tensor(table.values, shape: [table.rowCount, table.featureNames.count])
    return CSVDataset(
      data: TensorDataset(inputs, targets), featureNames: table.featureNames, classNames: classNames)
  }

  /// Reads a table without labels: every column is a feature. Values are float32 `[count, columns]`.
  ///
  /// - Throws: `DataError`.
  public static func features(
    _ path: String, separator: Character? = nil, header: Bool? = nil, quote: Character = "\"", limit: Int = 1 << 32
  ) throws -> (values: Tensor, names: [String]) {
    var table = try CSVTable(
      { () throws(DataError) in try DataStream(path, limit: limit) }, label: nil, labels: .values,
      separator: separator, header: header, quote: quote)
    try table.readAll()
    try table.checkMemoryOfTensors()
    return (Tensor(table.values, shape: [table.rowCount, table.featureNames.count]), table.featureNames)
  }
}

/// Labeled examples from a table.
public struct CSVDataset: Sendable {
  /// Inputs float32 `[count, features]`; targets int32 `[count]` for classes, float32 `[count, 1]` for values.
  public let data: TensorDataset
  /// The names in the header; "0", "1", … without a header.
  public let featureNames: [String]
  /// The class names by class index; empty for values.
  public let classNames: [String]
}
