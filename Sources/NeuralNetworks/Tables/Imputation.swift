import HostSystem

/// The value in place of missing numbers (the strategies of scikit-learn's `SimpleImputer`). In JSON, it is "mean",
/// "median", "mostFrequent", or a number.
public enum Imputation: Sendable, Hashable {
  /// The mean, the median, or the most frequent number of the training data; the smallest of equally frequent ones.
  case mean, median, mostFrequent
  /// A number.
  case constant(Double)

  /// The replacement for the missing numbers of a column: 0 for a column without numbers.
  /// - Parameters:
  ///   - column: A column of numbers.
  ///   - rows: The rows of the training data; nil for all.
  /// - Throws: `TableError` for a constant that is not a float32 number.
  func value(for column: DataFrame.Column, of rows: [Int]?) throws -> Double {
    switch self {
    case .mean: return column.statistics(of: rows).mean ?? 0
    case .median: return column.quantile(0.5, of: rows) ?? 0
    case .mostFrequent:
      var counts: [Double: Int] = [:]
      for row in rows ?? Array(0..<column.count) { if let x = column.number(at: row) { counts[x, default: 0] += 1 } }
      return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    case .constant(let value):
      guard Float(value).isFinite else {
        throw TableError.preprocessor(
          reason: "the column \"\(column.name.shortened(to: 100))\": a finite replacement, not \(value)")
      }
      return value
    }
  }
}

extension Imputation: Codable {
  private static let names: KeyValuePairs = ["mean": mean, "median": median, "mostFrequent": mostFrequent]

  /// Encodes a name or a number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .constant(let value) = self { return try container.encode(value) }
    for (name, imputation) in Imputation.names where imputation == self { try container.encode(name) }
  }

  /// Decodes a name or a number. Throws `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Double.self) {
      self = .constant(value)
      return
    }
    let text = try container.decode(String.self)
    guard let known = Imputation.names.first(where: { $0.key == text })?.value else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected \"mean\", \"median\", \"mostFrequent\", or a number, found \"\(text)\"")
    }
    self = known
  }
}
