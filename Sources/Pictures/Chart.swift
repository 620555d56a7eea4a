/// A picture with two axes, in SVG: points, lines and coloured regions at coordinates of their own.
///
/// ```swift
/// import Pictures
///
/// var chart = Chart("y = x²", x: -1...1, y: 0...1)
/// chart.line((-10...10).map { (Double($0) / 10, Double($0 * $0) / 100) }, colour: 0, label: "a parabola")
/// print(chart.svg)
/// ```
public struct Chart {
  private let title: String
  private let x: Axis
  private let y: Axis
  private let xLabel: String
  private var marks: [String] = []
  private var legend: [(colour: String, label: String, isDashed: Bool)] = []
  private let left: Double
  private let right: Double
  private let bottom: Double
  private let top = 50.0

  /// The size of the picture, in pixels.
  let width: Double, height: Double

  /// Colours that can be told apart, also by people who see few.
  static let colours = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888", "#b8a800", "#5b4fc4", "#882255",
  ]

  /// A chart of these ranges.
  public init(_ title: String, x: ClosedRange<Double>, y: ClosedRange<Double>) {
    self.init(title, x: Axis(x), y: Axis(y))
  }

  init(_ title: String, x: Axis, y: Axis, xLabel: String = "", width: Double = 480, height: Double = 340) {
    self.title = title
    self.x = x
    self.y = y
    self.xLabel = xLabel
    (self.width, self.height) = (width, height)
    left = max(16 + (y.ticks.map { Drawing.width(of: $0.text, size: 11) }.max() ?? 0), 52)
    right = width - 20
    bottom = height - (xLabel.isEmpty ? 30 : 46)
  }

  static func colour(_ index: Int) -> String { colours[index % colours.count] }

  private func position(_ a: Double, _ b: Double) -> (Double, Double) {
    (left + x.fraction(a) * (right - left), bottom - y.fraction(b) * (bottom - top))
  }

  /// Adds dots.
  /// - Parameters:
  ///   - points: Places on both axes.
  ///   - colour: The number of a colour; there are ten.
  public mutating func points(_ points: [(Double, Double)], colour: Int) {
    self.points(points, colour: colour, radius: 3, outline: nil)
  }

  mutating func points(_ points: [(Double, Double)], colour: Int, radius: Double, outline: String?) {
    for point in points where point.0.isFinite && point.1.isFinite {
      let (h, v) = position(point.0, point.1)
      let edge = outline.map { " stroke=\"\($0)\" stroke-width=\"0.7\"" } ?? ""
      marks.append(
        "<circle cx=\"\(Drawing.number(h))\" cy=\"\(Drawing.number(v))\" r=\"\(Drawing.number(radius))\" "
          + "fill=\"\(Chart.colour(colour))\"\(edge)/>")
    }
  }

  /// Adds a line through points; those that are no numbers leave gaps.
  /// - Parameters:
  ///   - points: Places on both axes.
  ///   - colour: The number of a colour; there are ten.
  ///   - label: What the line is called above the chart.
  ///   - isDashed: Whether the line has gaps.
  public mutating func line(
    _ points: [(Double, Double)], colour: Int, label: String = "", isDashed: Bool = false
  ) {
    let stroke = Chart.colour(colour)
    let dashes = isDashed ? " stroke-dasharray=\"6 4\"" : ""
    for run in points.split(whereSeparator: { !$0.0.isFinite || !$0.1.isFinite }) {
      if run.count == 1 { self.points(Array(run), colour: colour) }
      let path = run.map { point in
        let (h, v) = position(point.0, point.1)
        return Drawing.place(h, v)
      }
      marks.append(
        "<polyline points=\"\(path.joined(separator: " "))\" fill=\"none\" stroke=\"\(stroke)\" stroke-width=\"2\" "
          + "stroke-linejoin=\"round\"\(dashes)/>")
    }
    if !label.isEmpty { legend.append((stroke, label, isDashed)) }
  }

  /// Names a colour above the chart.
  mutating func name(colour: Int, _ label: String) { legend.append((Chart.colour(colour), label, false)) }

  /// Fills the area between the axes with a picture.
  mutating func background(_ picture: Bitmap) {
    marks.append(
      "<image \(Drawing.box(left, top, right - left, bottom - top)) preserveAspectRatio=\"none\" "
        + "href=\"\(picture.dataAddress)\"/>")
  }

  /// The picture.
  public var svg: String {
    var drawing = Drawing()
    draw(in: &drawing)
    return drawing.svg(width: width, height: height)
  }

  func draw(in drawing: inout Drawing) {
    drawing.text(title, left, 20, size: 14, isBold: true)
    drawLegend(in: &drawing)
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
    // Pictures that stand in one document must not share a clip.
    let clip = [left, top, right, bottom].map { Drawing.number($0) }.joined(separator: "-")
    drawing.add(
      "<clipPath id=\"clip-\(clip)\"><rect \(Drawing.box(left, top, right - left, bottom - top))/></clipPath>")
    drawing.add("<g clip-path=\"url(#clip-\(clip))\">\n\(marks.joined(separator: "\n"))\n</g>")
    drawing.rectangle(left, top, width: right - left, height: bottom - top, role: .frame)
  }

  private func drawLegend(in drawing: inout Drawing) {
    var h = left
    for entry in legend {
      let text = Drawing.width(of: entry.label, size: 11)
      guard h + 24 + text <= width || h == left else { return }
      let dashes = entry.isDashed ? " stroke-dasharray=\"5 3\"" : ""
      drawing.add(
        "<path d=\"M\(Drawing.place(h, 36))h18\" stroke=\"\(entry.colour)\" stroke-width=\"3\"\(dashes)/>")
      drawing.text(entry.label, h + 24, 40, size: 11)
      h += 24 + text + 14
    }
  }
}
