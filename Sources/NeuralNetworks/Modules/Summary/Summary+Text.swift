import HostSystem

extension Summary: CustomStringConvertible {
  /// A table, as wide as its contents:
  /// ```
  /// Sequential, input [28, 28]
  /// name  layer    output  parameters
  /// ─────────────────────────────────
  /// 0     Flatten  [784]            0
  /// 1     Dense    [10]         7,850
  /// ─────────────────────────────────
  /// 7,850 parameters: 7,840 weights and 10 biases; 7,850 trainable, 0 frozen
  /// ```
  /// If layers have activations, the table has a column for them. If the model is or contains a `Graph`, a column lists
  /// the inputs of each layer.
  public var description: String {
    var columns = [Column("name", rows.map { String(repeating: "  ", count: max($0.depth, 0)) + $0.name })]
    columns.append(Column("layer", rows.map(\.layer)))
    columns.append(Column("activation", rows.map { $0.activation ?? "" }))
    columns.append(Column("output", rows.map { $0.outputShape.map(ModelError.text) ?? "" }))
    columns.append(Column("parameters", rows.map { NumberText.grouped($0.parameterCount) }, isRight: true))
    columns.append(Column("from", rows.map { $0.connections.joined(separator: ", ") }))
    columns = columns.filter { ["name", "layer", "output", "parameters"].contains($0.title) || $0.hasText }
    let widths = columns.map(\.width)
    func line(_ index: Int?) -> String {
      var line = ""
      for column in columns {
        if !line.isEmpty { line += "  " }
        line += column.padded(index)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    let inputs = inputShapes.map(ModelError.text).joined(separator: " and ")
    return
      (["\(name.onOneLine), input \(inputs)", line(nil), rule] + rows.indices.map(line) + [rule, totals])
      .joined(separator: "\n")
  }

  private var totals: String {
    let numbers = [parameterCount, weightCount, biasCount, trainableCount, frozenCount].map(NumberText.grouped)
    return "\(numbers[0]) parameters: \(numbers[1]) weights and \(numbers[2]) biases; "
      + "\(numbers[3]) trainable, \(numbers[4]) frozen"
  }
}

/// A column of the table.
private struct Column {
  let title: String
  private let texts: [String]
  private let isRight: Bool
  let width: Int

  init(_ title: String, _ texts: [String], isRight: Bool = false) {
    let texts = texts.map(\.onOneLine)
    (self.title, self.texts, self.isRight) = (title, texts, isRight)
    width = ([title] + texts).map(\.count).max() ?? 0
  }

  var hasText: Bool { texts.contains { !$0.isEmpty } }

  /// Returns the text of a row, or the title, padded to the width of the column.
  func padded(_ row: Int?) -> String {
    let text = row.map { texts[$0] } ?? title
    let space = String(repeating: " ", count: width - text.count)
    return isRight ? space + text : text + space
  }
}
