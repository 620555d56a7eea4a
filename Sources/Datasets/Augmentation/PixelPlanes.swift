import BackendCore
import NeuralNetworks

/// One image during augmentation: planes of rows and columns, one after another.
///
/// The element of a plane at a row and a column is `pixels[(plane * rows + row) * columns + column]`.
public struct PixelPlanes: Sendable {
  /// The elements. Their number must not change.
  public var pixels: [Float]
  /// The shape, without the batch axis; the last two axes are rows and columns.
  public private(set) var shape: [Int]

  /// Creates the planes of an example.
  /// - Parameter needsImage: Whether the last two axes are used as rows and columns.
  init(_ pixels: [Float], shape: [Int], needsImage: Bool) throws {
    if needsImage && shape.count < 2 {
      throw DataError.augmentation(reason: "images have rows and columns, and inputs of the shape \(shape) have none")
    }
    if needsImage && shape.contains(0) {
      throw DataError.augmentation(reason: "images have pixels, and inputs of the shape \(shape) have none")
    }
    self.pixels = pixels
    self.shape = shape
  }

  /// The number of rows.
  public var rows: Int { shape[shape.count - 2] }
  /// The number of columns.
  public var columns: Int { shape[shape.count - 1] }
  /// The number of planes: the channels of an image `[channels, rows, columns]`.
  public var planes: Int { shape.dropLast(2).reduce(1, *) }

  /// The element of a plane at a row and a column.
  public subscript(plane: Int, row: Int, column: Int) -> Float {
    get { pixels[(plane * rows + row) * columns + column] }
    set { pixels[(plane * rows + row) * columns + column] = newValue }
  }

  /// Replaces the pixels and the size of the planes.
  mutating func replace(with pixels: [Float], rows: Int, columns: Int) {
    self.pixels = pixels
    shape.replaceSubrange((shape.count - 2)..., with: [rows, columns])
  }

  mutating func shift(down: Int, right: Int, _ fill: Float) {
    guard down != 0 || right != 0 else { return }
    let (rows, columns, old) = (rows, columns, pixels)
    let kept = max(0, right)..<max(max(0, right), min(columns, columns + right))
    for plane in stride(from: 0, to: old.count, by: rows * columns) {
      for row in 0..<rows {
        let (start, from) = (plane + row * columns, plane + (row - down) * columns - right)
        for column in 0..<columns {
          let isInside = row - down >= 0 && row - down < rows && kept.contains(column)
          pixels[start + column] = isInside ? old[from + column] : fill
        }
      }
    }
  }

  mutating func mirrorColumns() {
    let columns = columns
    for start in stride(from: 0, to: pixels.count, by: columns) {
      for column in 0..<columns / 2 { pixels.swapAt(start + column, start + columns - 1 - column) }
    }
  }

  mutating func mirrorRows() {
    let (rows, columns) = (rows, columns)
    for plane in stride(from: 0, to: pixels.count, by: rows * columns) {
      for row in 0..<rows / 2 {
        let (upper, lower) = (plane + row * columns, plane + (rows - 1 - row) * columns)
        for column in 0..<columns { pixels.swapAt(upper + column, lower + column) }
      }
    }
  }

  mutating func cut(top: Int, left: Int, _ height: Int, _ width: Int) {
    let (rows, columns) = (rows, columns)
    var window: [Float] = []
    window.reserveCapacity(planes * height * width)
    for plane in stride(from: 0, to: pixels.count, by: rows * columns) {
      for row in top..<top + height {
        let start = plane + row * columns + left
        window += pixels[start..<start + width]
      }
    }
    replace(with: window, rows: height, columns: width)
  }
}
