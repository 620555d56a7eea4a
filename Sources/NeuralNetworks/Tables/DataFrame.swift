import HostSystem

/// A table in memory: named columns of numbers, categories, or dates, in which values may be missing.
///
/// ```swift
/// let people = DataFrame([
///   .init("age", numbers: [31, nil, 58]),
///   .init("city", categories: ["Kyiv", "Lima", "Kyiv"]),
/// ])
/// print(people["age"].statistics.mean as Any)       // 44.5
/// ```
///
/// `CSV.frame` reads one from a file. A `TablePreprocessor` turns its columns into inputs of a model.
public struct DataFrame: Sendable {
  /// The columns, in order.
  public let columns: [Column]
  /// The number of rows.
  public let rowCount: Int
  /// Whether the columns have names. Columns of a file without a header are named "0", "1", … by their position.
  public let isNamed: Bool

  /// Creates a table from columns of equal length with different names.
  public init(_ columns: [Column]) {
    self.init(columns, rowCount: columns.first?.count ?? 0, isNamed: true)
  }

  package init(_ columns: [Column], rowCount: Int, isNamed: Bool) {
    if let other = columns.first(where: { $0.count != rowCount }) {
      ProgrammerError.end(
        "DataFrame: the column \"\(other.name)\" has \(other.count) rows, not \(rowCount) as the first one")
    }
    var names: Set<ByteKey> = []
    if let twice = columns.first(where: { !names.insert(ByteKey($0.name)).inserted }) {
      ProgrammerError.end("DataFrame: two columns are named \"\(twice.name)\"")
    }
    self.columns = columns
    self.rowCount = rowCount
    self.isNamed = isNamed
  }

  /// The names of the columns, in order.
  public var columnNames: [String] { columns.map(\.name) }

  /// Returns the column with a name; nil if there is none.
  public func column(named name: String) -> Column? { columns.first { $0.name.hasBytes(of: name) } }

  /// The column with this name. A name that does not exist ends the program with a message that lists the names.
  public subscript(name: String) -> Column {
    if let column = column(named: name) { return column }
    ProgrammerError.end("\(TableError.missingColumn(name, found: columnNames))")
  }

  /// Returns a table of the named columns, in this order. A name that does not exist ends the program.
  public func selecting(_ names: [String]) -> DataFrame {
    DataFrame(names.map { self[$0] }, rowCount: rowCount, isNamed: isNamed)
  }

  /// Returns a table without the named columns. A name that does not exist ends the program.
  public func dropping(_ names: [String]) -> DataFrame {
    let dropped = Set(names.map { ByteKey(self[$0].name) })
    return DataFrame(
      columns.filter { !dropped.contains(ByteKey($0.name)) }, rowCount: rowCount, isNamed: isNamed)
  }

  /// Returns the rows at these positions, in this order. A position out of range ends the program.
  public func rows(at indices: [Int]) -> DataFrame {
    checkRows(indices)
    return DataFrame(columns.map { $0.rows(at: indices) }, rowCount: indices.count, isNamed: isNamed)
  }

  /// Returns columns of numbers and dates as float32 `[rows, columns]`. Missing values are NaN; dates are days since
  /// 1970-01-01.
  /// - Parameter names: The columns, in this order; nil for all.
  /// - Throws: `TableError` for a column that does not exist or that has categories, which a `TablePreprocessor`
  ///   encodes.
  public func tensor(of names: [String]? = nil) throws -> Tensor {
    let chosen = try names.map { try $0.map { try existing($0) } } ?? columns
    if let column = chosen.first(where: { $0.kind == .category }) {
      throw TableError.kind(column: column.name, expected: .number, found: .category)
    }
    var numbers: [Float] = []
    numbers.reserveCapacity(rowCount * chosen.count)
    for row in 0..<rowCount { for column in chosen { numbers.append(column.float(at: row)) } }
    return Tensor(numbers, shape: [rowCount, chosen.count])
  }

  /// Returns examples whose inputs are columns of numbers and dates, as in `tensor(of:)`, and whose target is another
  /// column: float32 `[rows, 1]` for numbers and dates, int32 `[rows]` for categories, whose names are
  /// `self[target].categories`.
  /// - Parameters:
  ///   - inputs: The columns of the inputs; nil for all except the target.
  ///   - target: The column of the targets.
  /// - Throws: `TableError`, also for a row without a target.
  public func dataset(inputs: [String]? = nil, target: String) throws -> TensorDataset {
    let names = inputs ?? columnNames.filter { !$0.hasBytes(of: target) }
    return TensorDataset(try tensor(of: names), try targets(target))
  }

  /// Returns a column as targets: float32 `[rows, 1]` for numbers and dates, int32 `[rows]` for categories.
  /// - Throws: `TableError` for a column that does not exist, or a row in which the value is missing.
  public func targets(_ name: String) throws -> Tensor {
    let column = try existing(name)
    if let row = (0..<rowCount).first(where: { column.isMissing(at: $0) }) {
      throw TableError.missingTarget(column: name, row: row)
    }
    if case .categories(let codes, _) = column.values { return Tensor(codes) }
    return Tensor((0..<rowCount).map { column.float(at: $0) }, shape: [rowCount, 1])
  }

  /// Ends the program if a position is out of range.
  func checkRows(_ indices: [Int]) {
    if let bad = indices.first(where: { !(0..<rowCount).contains($0) }) {
      ProgrammerError.end("DataFrame: there is no row \(bad) among \(rowCount)")
    }
  }

  func existing(_ name: String) throws -> Column {
    guard let column = column(named: name) else { throw TableError.missingColumn(name, found: columnNames) }
    return column
  }
}

extension DataFrame: CustomStringConvertible {
  /// The number of rows, and a line for each column.
  public var description: String {
    (["\(rowCount) rows, \(columns.count) columns"] + columns.map { "  \($0)" }).joined(separator: "\n")
  }
}
