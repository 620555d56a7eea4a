/// Small pictures side by side with a line of text below each, in SVG.
struct ImageSheet {
  private let title: String
  private let columns: Int
  private var pictures: [(rows: [[String]], caption: String)] = []

  init(_ title: String, columns: Int) {
    self.title = title
    self.columns = columns
  }

  /// Adds a grey picture: numbers from 0 (black) to 1 (white), row by row.
  mutating func add(grey pixels: [Float], width: Int, caption: String = "") {
    let colours = pixels.map { value in
      let level = Int((min(max(value, 0), 1) * 15).rounded())
      return "#" + String(repeating: String(level, radix: 16), count: 3)
    }
    add(colours, width, caption)
  }

  /// Adds a picture of red, green and blue numbers from 0 to 1: three planes, one after the other.
  mutating func add(planes: [Float], width: Int, caption: String = "") {
    let area = planes.count / 3
    let colours = (0..<area).map { index in
      "#"
        + [0, 1, 2].map { plane in
          String(Int((min(max(planes[plane * area + index], 0), 1) * 15).rounded()), radix: 16)
        }.joined()
    }
    add(colours, width, caption)
  }

  private mutating func add(_ colours: [String], _ width: Int, _ caption: String) {
    let rows = stride(from: 0, to: colours.count, by: width).map { Array(colours[$0..<min($0 + width, colours.count)]) }
    pictures.append((rows, caption))
  }

  var svg: String {
    let (pixel, gap, caption) = (3, 10, 14)
    let side = pixel * (pictures.map { max($0.rows.count, $0.rows.first?.count ?? 0) }.max() ?? 0)
    let (cellWidth, cellHeight) = (side + gap, side + gap + caption)
    let lines = (pictures.count + columns - 1) / columns
    var body = ""
    for (index, picture) in pictures.enumerated() {
      let (left, top) = (gap + index % columns * cellWidth, 30 + index / columns * cellHeight)
      for (row, colours) in picture.rows.enumerated() {
        for run in ImageSheet.runs(colours) {
          body +=
            "<rect x=\"\(left + run.first * pixel)\" y=\"\(top + row * pixel)\" width=\"\(run.count * pixel)\" "
            + "height=\"\(pixel)\" fill=\"\(run.colour)\"/>\n"
        }
      }
      body +=
        "<text x=\"\(left + side / 2)\" y=\"\(top + side + 12)\" text-anchor=\"middle\">\(picture.caption)</text>\n"
    }
    let (width, height) = (gap + columns * cellWidth, 34 + lines * cellHeight)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" font-family="sans-serif" font-size="10" \
      shape-rendering="crispEdges">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(gap)" y="18" font-size="12">\(title)</text>
      \(body)</svg>

      """
  }

  /// Neighbours of one colour together.
  private static func runs(_ colours: [String]) -> [(first: Int, count: Int, colour: String)] {
    var runs: [(first: Int, count: Int, colour: String)] = []
    for (index, colour) in colours.enumerated() {
      if let last = runs.last, last.colour == colour {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((index, 1, colour))
      }
    }
    return runs
  }
}
