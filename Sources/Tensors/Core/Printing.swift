import BackendCore

extension Tensor: CustomStringConvertible {
  /// The elements in rows and aligned columns, as printed by NumPy. A tensor of more than a thousand elements is
  /// abbreviated: only the edges are printed, with "…" between them and the shape below. Waits for the device. A tensor
  /// whose computation failed prints the error.
  public var description: String {
    let heading = "Tensor \(extents), \(dtype)"
    if device.isShapeOnly { return "\(heading), shape only" }
    let isSummary = count > TensorPrinter.limit
    do {
      let printed = isSummary ? edges() : detached()
      let words = try printed.words()
      if words.isEmpty { return "\(heading): no elements" }
      if rank == 0 { return words[0] }
      let width = words.lazy.map(\.count).max() ?? 0
      var printer = TensorPrinter(words: words, width: width, whole: extents, printed: printed.extents)
      return printer.text() + (isSummary ? "\nshape \(extents)" : "")
    } catch {
      return "\(heading): \(error)"
    }
  }

  /// Returns the elements as they are printed.
  private func words() throws -> [String] {
    switch dtype {
    case .bool: return try scalars(as: Bool.self).map { $0 ? "true" : "false" }
    case .int8, .uint8, .int16, .int32, .int64: return try scalars(as: Int64.self).map { String($0) }
    case .float32, .float64, .float16, .bfloat16:
      let numbers = try scalars(as: Double.self)
      let format = NumberFormat(fitting: numbers)
      return numbers.map { format($0) }
    }
  }

  /// Returns the first three and the last three elements along each long axis.
  private func edges() -> Tensor {
    let edge = TensorPrinter.edge
    return extents.axes.reduce(detached()) { x, axis in
      let extent = x.extents[axis]
      if extent <= 2 * edge { return x }
      let first = x.narrowed(axis: axis, from: 0, count: edge)
      let last = x.narrowed(axis: axis, from: extent - edge, count: edge)
      return Tensor.concatenated([first, last], axis: axis)
    }
  }
}

/// Arranges words in nested brackets, one level for each axis.
private struct TensorPrinter {
  /// The maximum number of elements that are printed in full.
  static let limit = 1000
  /// The number of elements printed on each side of an omission.
  static let edge = 3
  private static let lineWidth = 100

  let words: [String]
  let width: Int
  /// The shape of the tensor, and the shape of its printed part.
  let whole, printed: Shape
  private var next = 0

  init(words: [String], width: Int, whole: Shape, printed: Shape) {
    self.words = words
    self.width = width
    self.whole = whole
    self.printed = printed
  }

  mutating func text() -> String { axis(0) }

  private mutating func axis(_ axis: Int) -> String {
    if axis == printed.rank - 1 { return row(indent: axis + 1) }
    // One line break between matrices, and one more for each outer axis.
    let separator = String(repeating: "\n", count: printed.rank - 1 - axis) + String(repeating: " ", count: axis + 1)
    var parts: [String] = []
    for index in 0..<printed[axis] {
      if index == TensorPrinter.edge && printed[axis] < whole[axis] { parts.append("…") }
      parts.append(self.axis(axis + 1))
    }
    return "[" + parts.joined(separator: "," + separator) + "]"
  }

  private mutating func row(indent: Int) -> String {
    let count = printed[printed.rank - 1]
    var result = "["
    var column = indent
    for index in 0..<count {
      if index == TensorPrinter.edge && count < whole[whole.rank - 1] { add("…", to: &result, &column, indent, index) }
      let word = words[next]
      next += 1
      add(String(repeating: " ", count: width - word.count) + word, to: &result, &column, indent, index)
    }
    return result + "]"
  }

  /// Appends a word to a row, on a new line if the current line is full.
  private func add(_ word: String, to row: inout String, _ column: inout Int, _ indent: Int, _ index: Int) {
    if index > 0 {
      row += ","
      if column + word.count + 2 > TensorPrinter.lineWidth {
        row += "\n" + String(repeating: " ", count: indent)
        column = indent
      } else {
        row += " "
        column += 2
      }
    }
    row += word
    column += word.count
  }
}
