import HostSystem

/// A grid of small images with captions, as SVG, or without captions as PNG.
///
/// ```swift
/// import Pictures
///
/// var sheet = ImageSheet("two dots each", columns: 2)
/// sheet.add(Bitmap(gray: [0, 1], width: 2), caption: "black, white")
/// sheet.add(Bitmap(gray: [1, 0], width: 2), caption: "white, black")
/// print(sheet.svg.count, sheet.bitmap.png.count)
/// ```
public struct ImageSheet {
  private let title: String
  private let columns: Int
  private var pictures: [(bitmap: Bitmap, captions: [String])] = []

  /// Creates an empty sheet.
  public init(_ title: String, columns: Int) {
    self.title = title
    self.columns = max(columns, 1)
  }

  /// Adds an image.
  /// - Parameters:
  ///   - bitmap: The image.
  ///   - caption: The caption below, at most a few lines.
  public mutating func add(_ bitmap: Bitmap, caption: String = "") {
    let lines = caption.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    pictures.append((bitmap, caption.isEmpty ? [] : lines))
  }

  /// The scale factor of the images: images of a few pixels would be too small to see. A single image may be larger.
  private var scale: Int {
    let side = max(pictures.map { max($0.bitmap.width, $0.bitmap.height) }.max() ?? 1, 1)
    return pictures.count == 1 ? max(1, min(640 / side, 24)) : max(1, (84 + side / 2) / side)
  }

  private var cell: (width: Int, height: Int) {
    (
      scale * (pictures.map(\.bitmap.width).max() ?? 0), scale * (pictures.map(\.bitmap.height).max() ?? 0)
    )
  }

  /// The images without captions, on white.
  public var bitmap: Bitmap {
    let gap = 8, lines = pictures.count.dividedRoundingUp(by: columns)
    let used = min(columns, max(pictures.count, 1))
    var sheet = Bitmap(
      width: gap + used * (cell.width + gap), height: gap + lines * (cell.height + gap), color: (255, 255, 255))
    for (index, picture) in pictures.enumerated() {
      sheet.draw(
        picture.bitmap.enlarged(scale), x: gap + index % columns * (cell.width + gap),
        y: gap + index / columns * (cell.height + gap))
    }
    return sheet
  }

  /// The images as SVG, with the title and the captions.
  public var svg: String {
    let size = 10.0, gap = 12.0
    let captions = pictures.map(\.captions.count).max() ?? 0
    // For small images, captions determine the width; very long ones are shortened.
    let widest = pictures.flatMap { $0.captions.map { Drawing.width(of: $0, size: size) } }.max() ?? 0
    let cellWidth = max(Double(cell.width), min(widest, 150))
    let stepX = cellWidth + gap, stepY = Double(cell.height) + gap + 14 * Double(captions)
    var drawing = Drawing()
    drawing.text(title, gap, 20, size: 14, isBold: true)
    for (index, picture) in pictures.enumerated() {
      let large = picture.bitmap.enlarged(scale)
      let left = gap + Double(index % columns) * stepX, top = 34 + Double(index / columns) * stepY
      let inset = (cellWidth - Double(large.width)) / 2
      drawing.add(
        "<image \(Drawing.box(left + inset, top, Double(large.width), Double(large.height))) "
          + "href=\"\(large.dataAddress)\"/>")
      for (line, caption) in picture.captions.enumerated() {
        let text = Drawing.fitted(caption, width: cellWidth + gap - 2, size: size)
        drawing.text(
          text, left + cellWidth / 2, top + Double(cell.height) + 13 + 13 * Double(line), anchor: .middle, size: size,
          role: line == 0 ? .ink : .soft)
      }
    }
    let lines = pictures.count.dividedRoundingUp(by: columns)
    let used = Double(min(columns, max(pictures.count, 1)))
    let width = max(gap + used * stepX, 2 * gap + Drawing.width(of: title, size: 14, isBold: true))
    return drawing.svg(width: width, height: 38 + Double(lines) * stepY)
  }
}
