/// A picture of gray pixels in text: two rows of pixels in each line, without the blank lines above and below.
struct TextPicture {
  let lines: [String]
  /// The number of characters per line.
  let width: Int

  private static let shades: [Character] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"]

  /// Draws an image.
  /// - Parameter pixels: `height` rows of `width` numbers; the darkest is blank, the brightest is "@".
  init(_ pixels: [Float], height: Int, width: Int) {
    self.width = width
    let low = pixels.min() ?? 0
    let range = max((pixels.max() ?? 1) - low, 1e-12)
    func pixel(_ row: Int, _ column: Int) -> Float { row < height ? (pixels[row * width + column] - low) / range : 0 }
    let all = stride(from: 0, to: height, by: 2).map { row in
      String(
        (0..<width).map { column in
          let gray = max(pixel(row, column), pixel(row + 1, column))
          return Self.shades[min(Int(gray * Float(Self.shades.count)), Self.shades.count - 1)]
        })
    }
    let isBlank = { (line: String) in line.allSatisfy { $0 == " " } }
    let first = all.firstIndex { !isBlank($0) } ?? all.count
    let last = all.lastIndex { !isBlank($0) } ?? all.count - 1
    lines = Array(all[first..<last + 1])
  }
}
