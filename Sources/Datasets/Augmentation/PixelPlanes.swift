import BackendCore
import NeuralNetworks

/// One example during augmentation: planes of rows and columns.
struct PixelPlanes {
  private(set) var pixels: [Float]
  /// The shape, without the batch axis.
  private(set) var shape: [Int]

  /// Creates the planes of an example.
  /// - Parameter needsImage: Whether the last two axes are used as rows and columns.
  init(_ pixels: [Float], shape: [Int], needsImage: Bool) throws {
    if needsImage && shape.count < 2 {
      throw DataError.augmentation(reason: "images have rows and columns, and inputs of the shape \(shape) have none")
    }
    self.pixels = pixels
    self.shape = shape
  }

  private var rows: Int { shape[shape.count - 2] }
  private var columns: Int { shape[shape.count - 1] }

  /// Applies an augmentation.
  /// - Parameter source: The source of randomness; nil for none.
  mutating func apply(_ step: Augmentation, _ source: RandomSource?) throws {
    switch step.kind {
    case .shift(let most, let mostColumns, let fill):
      guard let source else { return }
      let words = source.block(0)
      shift(
        down: Int(uniform(words.x, 2 * most + 1)) - most,
        right: Int(uniform(words.y, 2 * mostColumns + 1)) - mostColumns, fill)
    case .flip(let probability):
      guard let source, UInt64(source.block(0).x) < Philox.threshold(probability: probability) else { return }
      mirror()
    case .crop(let height, let width):
      guard height <= rows, width <= columns else {
        throw DataError.augmentation(
          reason: "a window of \(height)x\(width) does not fit into images of \(rows)x\(columns)")
      }
      let words = source?.block(0)
      cut(
        top: words.map { uniform($0.x, rows - height + 1) } ?? (rows - height) / 2,
        left: words.map { uniform($0.y, columns - width + 1) } ?? (columns - width) / 2, height, width)
    case .noise(let deviation):
      guard let source else { return }
      try addNoise(deviation, source)
    }
  }

  /// A number in 0..<count: the upper half of a product, uniform except for a bias below count·2⁻³².
  private func uniform(_ word: UInt32, _ count: Int) -> Int { Int((UInt64(word) &* UInt64(count)) >> 32) }

  private mutating func shift(down: Int, right: Int, _ fill: Float) {
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

  private mutating func mirror() {
    let columns = columns
    for start in stride(from: 0, to: pixels.count, by: columns) {
      for column in 0..<columns / 2 { pixels.swapAt(start + column, start + columns - 1 - column) }
    }
  }

  private mutating func cut(top: Int, left: Int, _ height: Int, _ width: Int) {
    let (rows, columns) = (rows, columns)
    var window: [Float] = []
    for plane in stride(from: 0, to: pixels.count, by: rows * columns) {
      for row in top..<top + height {
        let start = plane + row * columns + left
        window += pixels[start..<start + width]
      }
    }
    pixels = window
    shape.replaceSubrange((shape.count - 2)..., with: [height, width])
  }

  private mutating func addNoise(_ deviation: Double, _ source: RandomSource) throws {
    let numbers = try Tensor.hostNormals(pixels.count, from: source)
    let factor = Float(deviation)
    for index in pixels.indices { pixels[index] += factor * numbers[index] }
  }
}
