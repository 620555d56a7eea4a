/// A chart with two axes, as SVG: points, lines, and colored regions in data coordinates.
///
/// ```swift
/// import Pictures
///
/// var chart = Chart("y = x²", x: -1...1, y: 0...1)
/// chart.line((-10...10).map { (Double($0) / 10, Double($0 * $0) / 100) }, color: 0, label: "a parabola")
/// print(chart.svg)
/// ```
public struct Chart {
  private let title: String
  private let x: Axis
  private let y: Axis
  private let xLabel: String
  private let yLabel: String
  private var marks: [String] = []
  private var legend: [LegendEntry] = []
  private let left: Double
  private let right: Double
  private let bottom: Double
  private let top = 50.0

  /// The size of the chart in pixels, with one line each for the title and the legend.
  let width: Double, height: Double

  /// A color and its name.
  private struct LegendEntry {
    let color: String
    let label: String
    var isDashed = false
    /// The horizontal position and the line of the entry.
    var x = 0.0
    var line = 0
  }

  /// The line height of the title and the legend.
  private static let lineHeight = 18.0

  /// Colors that can be distinguished, even with color blindness.
  static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888", "#b8a800", "#5b4fc4", "#882255",
  ]

  /// Creates a chart with the given ranges.
  /// - Parameters:
  ///   - title: The title. A long title is wrapped.
  ///   - x: The values from left to right.
  ///   - y: The values from bottom to top.
  ///   - xLabel: The text below the horizontal axis.
  ///   - yLabel: The text next to the vertical axis.
  public init(
    _ title: String, x: ClosedRange<Double>, y: ClosedRange<Double>, xLabel: String = "", yLabel: String = ""
  ) {
    self.init(title, x: Axis(x), y: Axis(y), xLabel: xLabel, yLabel: yLabel)
  }

  init(
    _ title: String, x: Axis, y: Axis, xLabel: String = "", yLabel: String = "", width: Double = 480,
    height: Double = 340
  ) {
    self.title = title
    self.x = x
    self.y = y
    (self.xLabel, self.yLabel) = (xLabel, yLabel)
    (self.width, self.height) = (width, height)
    let widest = y.ticks.map { Drawing.width(of: $0.text, size: 11) }.max() ?? 0
    left = max(16 + widest, 52) + (yLabel.isEmpty ? 0 : 14)
    right = width - 20
    bottom = height - (xLabel.isEmpty ? 30 : 46)
  }

  static func color(_ index: Int) -> String { colors[index % colors.count] }

  private func position(_ a: Double, _ b: Double) -> (Double, Double) {
    (left + x.fraction(a) * (right - left), bottom - y.fraction(b) * (bottom - top))
  }

  /// Adds dots.
  /// - Parameters:
  ///   - points: The positions on both axes.
  ///   - color: The number of one of ten colors.
  ///   - label: The name of the dots in the legend.
  public mutating func points(_ points: [(Double, Double)], color: Int, label: String = "") {
    self.points(points, color: color, radius: 3, outline: nil)
    if !label.isEmpty { name(color: color, label) }
  }

  mutating func points(_ points: [(Double, Double)], color: Int, radius: Double, outline: String?) {
    for point in points where point.0.isFinite && point.1.isFinite {
      let (h, v) = position(point.0, point.1)
      let edge = outline.map { " stroke=\"\($0)\" stroke-width=\"0.7\"" } ?? ""
      marks.append(
        "<circle cx=\"\(Drawing.number(h))\" cy=\"\(Drawing.number(v))\" r=\"\(Drawing.number(radius))\" "
          + "fill=\"\(Chart.color(color))\"\(edge)/>")
    }
  }

  /// Adds a line through points. Points that are not finite leave gaps.
  /// - Parameters:
  ///   - points: The positions on both axes.
  ///   - color: The number of one of ten colors.
  ///   - label: The name of the line in the legend.
  ///   - isDashed: Whether the line is dashed.
  public mutating func line(
    _ points: [(Double, Double)], color: Int, label: String = "", isDashed: Bool = false
  ) {
    let stroke = Chart.color(color)
    let dashes = isDashed ? " stroke-dasharray=\"6 4\"" : ""
    for run in points.split(whereSeparator: { !$0.0.isFinite || !$0.1.isFinite }) {
      if run.count == 1 { self.points(Array(run), color: color) }
      let path = run.map { point in
        let (h, v) = position(point.0, point.1)
        return Drawing.place(h, v)
      }
      marks.append(
        "<polyline points=\"\(path.joined(separator: " "))\" fill=\"none\" stroke=\"\(stroke)\" stroke-width=\"2\" "
          + "stroke-linejoin=\"round\"\(dashes)/>")
    }
    if !label.isEmpty { legend.append(LegendEntry(color: stroke, label: label, isDashed: isDashed)) }
  }

  /// Adds a color with a name to the legend.
  mutating func name(color: Int, _ label: String) {
    legend.append(LegendEntry(color: Chart.color(color), label: label))
  }

  /// Fills the plot area with an image.
  mutating func background(_ picture: Bitmap) {
    marks.append(
      "<image \(Drawing.box(left, top, right - left, bottom - top)) preserveAspectRatio=\"none\" "
        + "href=\"\(picture.dataAddress)\"/>")
  }

  /// The chart as SVG.
  public var svg: String {
    var drawing = Drawing()
    let head = extraHead
    draw(in: &drawing, extraHead: head)
    return drawing.svg(width: width, height: height + head)
  }

  /// The height of the title and the legend beyond one line each.
  var extraHead: Double {
    Chart.lineHeight * Double(max(titleLines.count - 1, 0) + (placedLegend.last?.line ?? 0))
  }

  private var titleLines: [String] { Drawing.lines(title, width: width - left - 8, size: 14, isBold: true, most: 3) }

  /// Draws the chart.
  /// - Parameter extraHead: The distance by which the chart is moved down.
  func draw(in drawing: inout Drawing, extraHead: Double) {
    let titleLines = titleLines
    for (index, line) in titleLines.enumerated() {
      drawing.text(line, left, 20 + Chart.lineHeight * Double(index), size: 14, isBold: true)
    }
    drawLegend(in: &drawing, below: Chart.lineHeight * Double(max(titleLines.count - 1, 0)))
    if extraHead > 0 { drawing.add("<g transform=\"translate(0 \(Drawing.number(extraHead)))\">") }
    drawPlot(in: &drawing)
    if extraHead > 0 { drawing.add("</g>") }
  }

  private func drawPlot(in drawing: inout Drawing) {
    for tick in y.ticks {
      let (_, v) = position(x.range.lowerBound, tick.value)
      drawing.line(left, v, right, v, role: .grid)
      drawing.text(tick.text, left - 6, v + 4, anchor: .end, size: 11, role: .soft)
    }
    for tick in x.ticks {
      let (h, _) = position(tick.value, y.range.lowerBound)
      drawing.line(h, top, h, bottom, role: .grid)
      drawing.text(tick.text, h, bottom + 16, anchor: .middle, size: 11, role: .soft)
    }
    if !xLabel.isEmpty { drawing.text(xLabel, (left + right) / 2, bottom + 34, anchor: .middle, size: 11, role: .soft) }
    if !yLabel.isEmpty {
      drawing.text(yLabel, 14, (top + bottom) / 2, anchor: .middle, size: 11, role: .soft, turned: -90)
    }
    // Dots at the edge are drawn completely. Pictures in one document must not share a clip path.
    let room = 5.0
    let clip = [left, top, right, bottom].map { Drawing.number($0) }.joined(separator: "-")
    drawing.add(
      "<clipPath id=\"clip-\(clip)\"><rect "
        + "\(Drawing.box(left - room, top - room, right - left + 2 * room, bottom - top + 2 * room))/></clipPath>")
    drawing.add("<g clip-path=\"url(#clip-\(clip))\">\n\(marks.joined(separator: "\n"))\n</g>")
    drawing.rectangle(left, top, width: right - left, height: bottom - top, role: .frame)
  }

  /// The legend entries, arranged in lines that fit the width of the chart. A name too wide for a line is shortened.
  private var placedLegend: [LegendEntry] {
    var (x, line) = (left, 0)
    return legend.map { entry in
      let label = Drawing.fitted(entry.label, width: width - left - 32, size: 11)
      let wide = 24 + Drawing.width(of: label, size: 11)
      if x > left, x + wide > width - 8 { (x, line) = (left, line + 1) }
      defer { x += wide + 14 }
      return LegendEntry(color: entry.color, label: label, isDashed: entry.isDashed, x: x, line: line)
    }
  }

  private func drawLegend(in drawing: inout Drawing, below: Double) {
    for entry in placedLegend {
      let y = 36 + below + Chart.lineHeight * Double(entry.line)
      let dashes = entry.isDashed ? " stroke-dasharray=\"5 3\"" : ""
      drawing.add(
        "<path d=\"M\(Drawing.place(entry.x, y))h18\" stroke=\"\(entry.color)\" stroke-width=\"3\"\(dashes)/>")
      drawing.text(entry.label, entry.x + 24, y + 4, size: 11)
    }
  }
}
