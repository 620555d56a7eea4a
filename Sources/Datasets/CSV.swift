import NeuralNetworks

/// Tables of numbers in text files (RFC 4180), plain or gzip, one example a line.
///
/// A separator that is not given is the one of comma, semicolon and tab that is most frequent in the first line. A header
/// is recognised by its fields not being numbers. Blanks around unquoted fields do not count. Every line must have the
/// same number of fields; every feature must be a finite decimal number. Faults are `DataError.malformedLine`, with the
/// line.
public enum CSV {
  /// A column of the table.
  public enum Column: Sendable, Hashable {
    case first, last
    /// Counted from 0.
    case index(Int)
    /// By its name in the header.
    case named(String)
  }

  /// What the label column holds.
  public enum Target: Sendable, Hashable {
    /// A class by line: any text, or an integer. Targets become int32 class indices `[count]`.
    ///
    /// `names` fixes the classes and their order (those of a model, say); without it they are the distinct labels, sorted,
    /// as numbers if all are integers.
    case classes(names: [String]? = nil)
    /// A number to predict. Targets become float32 `[count, 1]`.
    case value
  }

  /// Reads labelled examples.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - label: the column of the label; all others are features.
  ///   - target: classes or a value.
  ///   - separator: one ASCII character; `nil`: found out.
  ///   - header: whether the first line names the columns; `nil`: found out.
  ///   - quote: one ASCII character.
  ///   - limit: the most bytes that the file may hold, packed or unpacked.
  /// - Throws: `DataError`.
  public static func load(
    _ path: String, label: Column = .last, target: Target = .classes(), separator: Character? = nil,
    header: Bool? = nil, quote: Character = "\"", limit: Int = 1 << 32
  ) throws -> CSVDataset {
    var table = try CSVTable(path, label: label, separator: separator, header: header, quote: quote, limit: limit)
    try table.readAll()
    let targets: Tensor
    var classNames: [String] = []
    switch target {
    case .classes(let names):
      classNames = try names ?? table.distinctLabels()
      targets = Tensor(try table.classIndices(classNames), shape: [table.rowCount])
    case .value:
      targets = Tensor(try table.labelValues(), shape: [table.rowCount, 1])
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
    var table = try CSVTable(path, label: nil, separator: separator, header: header, quote: quote, limit: limit)
    try table.readAll()
    return (Tensor(table.values, shape: [table.rowCount, table.featureNames.count]), table.featureNames)
  }
}

/// Labelled examples from a table.
public struct CSVDataset: Sendable {
  /// Inputs float32 `[count, features]`; targets int32 `[count]` for classes, float32 `[count, 1]` for values.
  public let data: TensorDataset
  /// The header's names, or "0", "1" … without one.
  public let featureNames: [String]
  /// What each class index stands for; empty for values.
  public let classNames: [String]
}
