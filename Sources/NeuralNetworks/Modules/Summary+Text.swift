extension Summary: CustomStringConvertible {
  /// A table, as wide as its texts need:
  /// ```
  /// Sequential, input [28, 28]
  /// name  layer    output  parameters
  /// ─────────────────────────────────
  /// 0     Flatten  [784]            0
  /// 1     Dense    [10]         7,850
  /// ─────────────────────────────────
  /// 7,850 parameters: 7,840 weights and 10 biases; 7,850 trainable, 0 frozen
  /// ```
  public var description: String {
    let header = ["name", "layer", "output", "parameters"]
    let cells = rows.map { row in
      let indentation = String(repeating: "  ", count: max(row.depth, 0))
      return [
        indentation + row.name, row.layer, row.outputShape.map(ModelError.text) ?? "",
        NumberText.grouped(row.parameterCount),
      ]
    }
    let widths = header.indices.map { column in ([header] + cells).map { $0[column].count }.max() ?? 0 }
    func line(_ texts: [String]) -> String {
      let columns = texts.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - texts[column].count)
        return column == texts.count - 1 ? space + texts[column] : texts[column] + space
      }
      return columns.joined(separator: "  ")
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    let inputs = inputShapes.map(ModelError.text).joined(separator: " and ")
    return
      (["\(name), input \(inputs)", line(header), rule] + cells.map(line) + [rule, totals])
      .joined(separator: "\n")
  }

  private var totals: String {
    let numbers = [parameterCount, weightCount, biasCount, trainableCount, frozenCount].map(NumberText.grouped)
    return "\(numbers[0]) parameters: \(numbers[1]) weights and \(numbers[2]) biases; "
      + "\(numbers[3]) trainable, \(numbers[4]) frozen"
  }
}
