import Testing

@testable import Pictures

@Suite struct ChartTests {
  /// A text in a picture: its start, end, or middle, and its size.
  private struct Label {
    let x: Double, y: Double, size: Double
    let anchor: String
    let isBold: Bool, isTurned: Bool
    let text: String
  }

  private func labels(_ svg: String) -> [Label] {
    let pattern = /<text x="([0-9.-]+)" y="([0-9.-]+)" font-size="([0-9.]+)"([^>]*)>([^<]*)</
    return svg.matches(of: pattern).map { match in
      let rest = String(match.4)
      return Label(
        x: Double(match.1) ?? 0, y: Double(match.2) ?? 0, size: Double(match.3) ?? 0,
        anchor: rest.contains("\"middle\"") ? "middle" : rest.contains("\"end\"") ? "end" : "start",
        isBold: rest.contains("font-weight"), isTurned: rest.contains("transform"), text: String(match.5))
    }
  }

  private func size(_ svg: String) -> (width: Double, height: Double) {
    let match = svg.firstMatch(of: /viewBox="0 0 ([0-9.]+) ([0-9.]+)"/)
    return (match.flatMap { Double($0.1) } ?? 0, match.flatMap { Double($0.2) } ?? 0)
  }

  /// No text extends beyond an edge, based on the widths of DejaVu Sans, a wide font.
  private func expectInside(_ svg: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let (width, height) = size(svg)
    for text in labels(svg) where !text.isTurned {
      let wide = text.text.reduce(0.0) { $0 + DejaVu.width($1, isBold: text.isBold) } * text.size
      let start = text.anchor == "start" ? text.x : text.anchor == "end" ? text.x - wide : text.x - wide / 2
      #expect(
        start >= -1 && start + wide <= width + 1, "\(text.text) from \(start) to \(start + wide) of \(width)",
        sourceLocation: sourceLocation)
      #expect(text.y <= height, "\(text.text)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: 1...12) func everyLineIsNamedInTheLegend(_ count: Int) {
    var chart = Chart("lines", x: 0...1, y: 0...1)
    for index in 0..<count { chart.line([(0, 0), (1, 1)], color: index, label: "w = \(index), b = −\(index)") }
    let svg = chart.svg
    for index in 0..<count { #expect(svg.contains(">w = \(index), b = −\(index)<")) }
    expectInside(svg)
  }

  @Test func longTitlesAndNamesAreBrokenOrShortened() {
    let title = "A title that is longer than the picture is wide, and goes on, and on, over several lines of letters"
    var chart = Chart(title, x: 0...1, y: 0...1, xLabel: "x", yLabel: "y")
    chart.line([(0, 0), (1, 1)], color: 0, label: String(repeating: "a very long name ", count: 8))
    chart.points([(0.5, 0.5)], color: 1, label: "dots")
    let svg = chart.svg
    expectInside(svg)
    for word in title.split(separator: " ") { #expect(svg.contains(word), "\(word)") }
    #expect(svg.contains(">dots<") && svg.contains("…"))
    expectInside(Chart(String(repeating: "W", count: 200), x: 0...1, y: 0...1).svg)
  }

  /// With a taller header, the same content is drawn further down.
  @Test func theHeadMakesThePictureTaller() {
    let low = Chart("a", x: 0...1, y: 0...1).svg
    var chart = Chart("a", x: 0...1, y: 0...1)
    for index in 0..<9 { chart.line([(0, 0)], color: index, label: "a name of some length \(index)") }
    #expect(size(chart.svg).height > size(low).height && size(chart.svg).width == size(low).width)
    #expect(chart.svg.contains("translate(0 "))
  }

  /// Two or three ticks on an axis say little; more than a dozen are illegible.
  @Test func axesHaveEnoughTicks() {
    for index in 0..<2000 {
      let low = Double((index * 7919) % 1000) / 500 - 1, span = 0.003 * (1 + Double((index * 104_729) % 997))
      let ticks = Axis(low...low + span).ticks
      #expect((4...11).contains(ticks.count), "\(low)...\(low + span): \(ticks.map(\.text))")
      let positive = Axis(around: [0.001 * (1 + Double(index % 90)), 3 + Double(index)])
      #expect((4...11).contains(positive.ticks.count), "\(positive.range): \(positive.ticks.map(\.text))")
    }
  }

  @Test func predictionsLieAroundTheDiagonal() {
    let picture = PredictionPicture(predicted: [1.1, 1.9, 3.2, .nan], actual: [1, 2, 3, 4])
    let svg = picture.svg
    #expect(
      svg.split(separator: "<circle").count == 4 && svg.contains("predicted = actual") && svg.contains(">actual<"))
    #expect(!svg.contains("nan"))
    #expect(PredictionPicture(predicted: [5, 5], actual: [5, 5]).svg.contains("<circle"))
    #expect(PredictionPicture(predicted: [], actual: []).svg.hasSuffix("</svg>\n"))
    expectInside(svg)
  }
}
