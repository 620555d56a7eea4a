import NeuralNetworks

/// The layers of a model as boxes from top to bottom, in SVG, with what leaves each.
struct ModelPicture {
  private let summary: Summary

  init(_ summary: Summary) { self.summary = summary }

  var svg: String {
    let (width, box, gap) = (260, 34, 22)
    var (body, top) = ("", 40)
    func shape(_ extents: [Int]?) -> String { "\(extents ?? [])" }
    func arrow(_ text: String) {
      body += "<path d=\"M\(width / 2) \(top)v\(gap - 4)\" stroke=\"#444\" marker-end=\"url(#tip)\"/>\n"
      body += "<text x=\"\(width / 2 + 8)\" y=\"\(top + 14)\" fill=\"#666\">\(text)</text>\n"
      top += gap
    }
    arrow(summary.inputShapes.map { shape($0) }.joined(separator: ", "))
    for row in summary.rows {
      body += "<rect x=\"30\" y=\"\(top)\" width=\"\(width - 60)\" height=\"\(box)\" rx=\"5\" fill=\"#e8f1f8\" "
      body +=
        "stroke=\"#0072b2\"/>\n<text x=\"\(width / 2)\" y=\"\(top + 15)\" text-anchor=\"middle\">\(row.layer)</text>\n"
      body += "<text x=\"\(width / 2)\" y=\"\(top + 28)\" text-anchor=\"middle\" fill=\"#666\" font-size=\"10\">"
      body += "\(row.parameterCount) parameters</text>\n"
      top += box
      arrow(shape(row.outputShape))
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(top + 16)" font-family="sans-serif" font-size="12">
      <marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
      <path d="M0 0L8 4L0 8z" fill="#444"/></marker>
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(width / 2)" y="22" text-anchor="middle">\(summary.name), \(summary.parameterCount) parameters</text>
      \(body)</svg>

      """
  }
}
