import HostSystem

/// Errors in the use of a table. Every description is one line.
public enum TableError: NeuralNetworksError, Hashable {
  /// The table does not have this column.
  case missingColumn(String, found: [String])
  /// A table without column names has a different number of columns.
  case columnCount(expected: Int, found: Int)
  /// A column has values of another kind.
  case kind(column: String, expected: ColumnKind, found: ColumnKind)
  /// A row has no value in the column of the targets.
  case missingTarget(column: String, row: Int)
  /// A preprocessor cannot be used as it is.
  case preprocessor(reason: String)

  public var description: String {
    let words =
      switch self {
      case .missingColumn(let name, let found):
        "the table has no column \"\(name.shortened(to: 100))\"; it has "
          + found.prefix(20).map { "\"\($0.shortened(to: 100))\"" }.joined(separator: ", ")
          + (found.count > 20 ? " …" : "")
      case .columnCount(let expected, let found): "expected a table of \(expected) columns, found \(found)"
      case .kind(let column, let expected, let found):
        "the column \"\(column.shortened(to: 100))\": expected the kind \(expected.rawValue), found \(found.rawValue)"
      case .missingTarget(let column, let row):
        "the column \"\(column.shortened(to: 100))\" of the targets has no value in row \(row)"
      case .preprocessor(let reason): "TablePreprocessor: \(reason)"
      }
    return words.shortened(to: 2000).onOneLine
  }
}
