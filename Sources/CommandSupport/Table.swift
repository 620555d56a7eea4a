import HostSystem
import Files

/// Rows of text in columns, each as wide as its widest entry.
package struct Table {
  package enum Alignment: Sendable { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Creates a table with a title and an alignment for each column.
  package init(_ columns: KeyValuePairs<String, Alignment>) {
    header = columns.map(\.key)
    alignments = columns.map(\.value)
  }

  /// Adds a row; missing entries are empty.
  package mutating func add(_ row: [String]) {
    let missing = Array(repeating: "", count: max(0, header.count - row.count))
    rows.append(row.prefix(header.count).map(\.onOneLine) + missing)
  }

  /// The lines, the header first, without trailing spaces.
  package var lines: [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for (column, entry) in row.enumerated() {
        if column > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[column] - entry.count)
        line += alignments[column] == .left ? entry + padding : padding + entry
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
