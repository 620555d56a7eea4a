import NeuralNetworks

/// A confusion matrix as a table. Row r, column c counts the examples of class r that were predicted as c. The larger
/// the fraction of its row, the darker the cell.
///
/// ```swift
/// import Pictures
///
/// let picture = ConfusionPicture([[48, 2], [5, 45]], classNames: ["rose", "lotus"])
/// print(picture.svg.count, picture.accuracy)     // … 0.93
/// ```
public struct ConfusionPicture {
  /// The counts, as returned by `Metric.confusionMatrix()`.
  public let counts: [[Double]]
  /// The names of the classes.
  public let classNames: [String]

  /// Creates a picture of a confusion matrix.
  /// - Parameters:
  ///   - counts: One row per class.
  ///   - classNames: One name per class; numbers starting at 0 if it is empty.
  public init(_ counts: [[Double]], classNames: [String] = []) {
    self.counts = counts
    self.classNames = counts.indices.map { classNames.indices.contains($0) ? classNames[$0] : "\($0)" }
  }

  /// The fraction of all examples that were predicted correctly.
  public var accuracy: Double {
    let total = counts.joined().reduce(0, +)
    return total > 0 ? counts.indices.reduce(0) { $0 + counts[$1][$1] } / total : 0
  }

  /// Returns the fraction of the examples predicted as this class that belong to it; nil if there are none.
  public func precision(_ index: Int) -> Double? {
    let taken = counts.reduce(0) { $0 + $1[index] }
    return taken > 0 ? counts[index][index] / taken : nil
  }

  /// Returns the fraction of the examples of this class that were predicted correctly; nil if there are none.
  public func recall(_ index: Int) -> Double? {
    let present = counts[index].reduce(0, +)
    return present > 0 ? counts[index][index] / present : nil
  }

  /// The table as SVG.
  public var svg: String {
    let largest = counts.joined().max() ?? 0
    let digits = Drawing.width(of: "\(Int(largest))", size: 11)
    let writesCounts = counts.count <= 25
    let cell = writesCounts ? max(34, digits + 10) : max(6, 640 / Double(max(counts.count, 1)))
    let names = classNames.map { Drawing.fitted($0, width: 130, size: 11) }
    let widest = names.map { Drawing.width(of: $0, size: 11) }.max() ?? 0
    let turnsNames = widest > cell - 4
    let left = 40 + widest, top = 58 + (turnsNames ? widest * 0.72 + 8 : 14)
    let side = cell * Double(counts.count)
    let title =
      "\(NumberText.fixed(accuracy * 100, digits: 2)) % of \(Int(counts.joined().reduce(0, +))) examples right"
    var drawing = Drawing()
    drawing.text(title, 16, 22, size: 14, isBold: true)
    drawing.text("predicted", left, 44, size: 11, role: .soft)
    drawing.text("actual", 18, top + side / 2, anchor: .middle, size: 11, role: .soft, turned: -90)
    for (row, numbers) in counts.enumerated() {
      let y = top + cell * Double(row)
      if cell >= 11 { drawing.text(names[row], left - 6, y + cell / 2 + 4, anchor: .end, size: 11) }
      let total = numbers.reduce(0, +)
      for (column, count) in numbers.enumerated() {
        let part = total > 0 ? count / total : 0, x = left + cell * Double(column)
        drawing.rectangle(x, y, width: cell, height: cell, role: .grid)
        if count > 0 {
          // Even a single error must be visible.
          drawing.rectangle(
            x + 0.5, y + 0.5, width: cell - 1, height: cell - 1, fill: Chart.color(row == column ? 0 : 1),
            opacity: min(0.12 + 0.88 * part, 1))
        }
        guard writesCounts, count > 0 else { continue }
        drawing.text(
          "\(Int(count))", x + cell / 2, y + cell / 2 + 4, anchor: .middle, size: 11,
          fill: part > 0.45 ? "#ffffff" : nil)
      }
    }
    for (column, name) in names.enumerated() where cell >= 11 {
      let x = left + cell * (Double(column) + 0.5)
      if turnsNames {
        drawing.text(name, x - 2, top - 6, size: 11, turned: -45)
      } else {
        drawing.text(name, x, top - 6, anchor: .middle, size: 11)
      }
    }
    // The last rotated name extends beyond its column.
    let width = max(
      left + side + (turnsNames ? widest * 0.72 : 0) + 16, 32 + Drawing.width(of: title, size: 14, isBold: true))
    return drawing.svg(width: width, height: top + side + 16)
  }
}
