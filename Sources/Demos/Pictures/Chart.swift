/// A picture with two axes, in SVG: points, lines and coloured regions at coordinates of its own.
struct Chart {
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  private var marks: [String] = []
  private var legend: [(colour: String, label: String)] = []
  private let width = 480.0
  private let height = 360.0
  private let margin = 44.0
  private let title: String

  /// Colours that can be told apart, also by people who see few.
  static let colours = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#f0e442", "#332288", "#882255",
  ]

  init(_ title: String, x: ClosedRange<Double>, y: ClosedRange<Double>) {
    self.title = title
    self.x = x
    self.y = y
  }

  private func place(_ a: Double, _ b: Double) -> String {
    let (h, v) = position(a, b)
    return "\(Stage.text(h, digits: 1)),\(Stage.text(v, digits: 1))"
  }

  private func position(_ a: Double, _ b: Double) -> (Double, Double) {
    let h = margin + (a - x.lowerBound) / (x.upperBound - x.lowerBound) * (width - 2 * margin)
    let v = height - margin - (b - y.lowerBound) / (y.upperBound - y.lowerBound) * (height - 2 * margin)
    return (h, v)
  }

  mutating func points(_ points: [(Double, Double)], colour: Int) {
    for point in points {
      let (h, v) = position(point.0, point.1)
      marks.append(
        "<circle cx=\"\(Stage.text(h, digits: 1))\" cy=\"\(Stage.text(v, digits: 1))\" r=\"3\" "
          + "fill=\"\(Chart.colours[colour % Chart.colours.count])\"/>")
    }
  }

  /// - Parameter label: What the line is called in the corner.
  mutating func line(_ points: [(Double, Double)], colour: Int, label: String = "") {
    let path = points.map { place($0.0, $0.1) }.joined(separator: " ")
    let stroke = Chart.colours[colour % Chart.colours.count]
    marks.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(stroke)\" stroke-width=\"2\"/>")
    if !label.isEmpty { legend.append((stroke, label)) }
  }

  var svg: String {
    let (left, right, top, bottom) = (margin, width - margin, margin, height - margin)
    let names = legend.enumerated().map { index, entry in
      "<text x=\"\(left + 8)\" y=\"\(top + 16 + 15 * Double(index))\" fill=\"\(entry.colour)\">\(entry.label)</text>"
    }
    func text(_ h: Double, _ v: Double, _ anchor: String, _ text: String) -> String {
      "<text x=\"\(h)\" y=\"\(v)\" text-anchor=\"\(anchor)\">\(text)</text>"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="sans-serif" \
      font-size="12">
      <clipPath id="inside"><rect x="\(left)" y="\(top)" width="\(right - left)" height="\(bottom - top)"/></clipPath>
      <rect width="100%" height="100%" fill="white"/>
      <rect x="\(left)" y="\(top)" width="\(right - left)" height="\(bottom - top)" fill="none" stroke="#888"/>
      \(text(width / 2, 20, "middle", title))
      \(text(left, bottom + 16, "middle", Stage.text(x.lowerBound, digits: 1)))
      \(text(right, bottom + 16, "middle", Stage.text(x.upperBound, digits: 1)))
      \(text(left - 4, bottom, "end", Stage.text(y.lowerBound, digits: 1)))
      \(text(left - 4, top + 8, "end", Stage.text(y.upperBound, digits: 1)))
      <g clip-path="url(#inside)">
      \(marks.joined(separator: "\n"))
      </g>
      \(names.joined(separator: "\n"))
      </svg>

      """
  }
}
