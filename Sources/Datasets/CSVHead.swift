import HostSystem
import NeuralNetworks

/// The columns of a table that are not labels.
struct CSVHead {
  let file: String
  let line: Int
  /// The names of all columns; their positions without a header.
  let names: [String]
  let isNamed: Bool
  /// The columns that are neither the label nor row names.
  let features: [Int]

  func fault(_ expected: String, _ found: String) -> DataError {
    .malformedLine(file: file, line: line, expected: expected, found: found)
  }

  /// The position of a column.
  func index(of column: CSV.Column) throws(DataError) -> Int {
    switch column {
    case .first: return 0
    case .last: return names.count - 1
    case .index(let index):
      if index < 0 || index >= names.count { throw fault("a column \(index &+ 1)", "\(names.count) columns") }
      return index
    case .named(let name):
      // Names that occur twice are different in the frame.
      for names in isNamed ? [names, CSVHead.unique(names)] : [names] {
        if let index = names.firstIndex(where: { $0.hasBytes(of: name) }) { return index }
      }
      throw fault("a column \"\(name.shortened(to: 100))\"", isNamed ? CSVHead.list(names) : "no header")
    }
  }

  /// The columns that are read, in the order of the file.
  func chosen(by options: CSV.FrameOptions) throws(DataError) -> [Int] {
    if let preprocessor = options.preprocessor { return try kinds(of: preprocessor).map(\.key).sorted() }
    var wanted = Set(features)
    if let columns = options.columns {
      wanted = []
      for column in columns { wanted.insert(try index(of: column)) }
    }
    for column in options.dropped { wanted.remove(try index(of: column)) }
    let chosen = features.filter(wanted.contains)
    if chosen.isEmpty { throw fault("at least one column to read", "none of \(names.count) columns is chosen") }
    return chosen
  }

  /// The columns of a preprocessor and their kinds: by name if both have names, otherwise in order.
  private func kinds(of preprocessor: TablePreprocessor) throws(DataError) -> [Int: ColumnKind] {
    var kinds: [Int: ColumnKind] = [:]
    if isNamed && preprocessor.isNamed {
      let unique = CSVHead.unique(names)
      let places = Dictionary(features.map { (ByteKey(unique[$0]), $0) }) { first, _ in first }
      for column in preprocessor.columns {
        guard let index = places[ByteKey(column.name)] else {
          throw fault("a column \"\(column.name.shortened(to: 100))\"", CSVHead.list(names))
        }
        kinds[index] = column.kind
      }
      return kinds
    }
    guard features.count == preprocessor.columns.count else {
      throw fault("\(preprocessor.columns.count) columns, as the model takes them", "\(features.count)")
    }
    for (index, column) in zip(features, preprocessor.columns) { kinds[index] = column.kind }
    return kinds
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(20).map { "\"\($0.shortened(to: 40))\"" }.joined(separator: ", ") + (names.count > 20 ? " …" : "")
  }

  /// The kinds that are stated, by column.
  func kinds(statedBy options: CSV.FrameOptions) throws(DataError) -> [Int: ColumnKind] {
    if let preprocessor = options.preprocessor { return try kinds(of: preprocessor) }
    var kinds: [Int: ColumnKind] = [:]
    for (column, kind) in options.kinds {
      if let other = kinds.updateValue(kind, forKey: try index(of: column)), other != kind {
        throw fault("one kind for a column", "\(other.rawValue) and \(kind.rawValue)")
      }
    }
    return kinds
  }

  /// Names that differ from each other: "a", "a.1", as in pandas; "column 3" for an empty one.
  static func unique(_ names: [String]) -> [String] {
    var (known, next): (Set<ByteKey>, [ByteKey: Int]) = (Set(names.map(ByteKey.init)), [:])
    return names.enumerated().map { place, given in
      let name = given.isEmpty ? "column \(place + 1)" : given
      guard let count = next[ByteKey(name)] else {
        next[ByteKey(name)] = 1
        known.insert(ByteKey(name))
        return name
      }
      var number = count
      while !known.insert(ByteKey("\(name).\(number)")).inserted { number += 1 }
      next[ByteKey(name)] = number + 1
      return "\(name).\(number)"
    }
  }
}
