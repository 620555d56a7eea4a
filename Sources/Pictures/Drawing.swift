import Files
import NeuralNetworks

/// An SVG document under construction. Colors are CSS classes, whose style follows the reader's light or dark scheme.
struct Drawing {
  /// The part of a text that is aligned with its position.
  enum Anchor: String { case start, middle, end }

  /// The purpose of a mark, which determines its color.
  enum Role: String {
    /// Primary text.
    case ink
    /// Secondary text.
    case soft
    /// Grid lines.
    case grid
    /// Outlines.
    case frame
    /// The fill of a box.
    case box
    /// The fill of a less important box.
    case plain
  }

  private var body = ""

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, size: Double = 12, role: Role = .ink,
    isBold: Bool = false, fill: String? = nil, turned: Double? = nil
  ) {
    var attributes = "x=\"\(Drawing.number(x))\" y=\"\(Drawing.number(y))\" font-size=\"\(Drawing.number(size))\""
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if isBold { attributes += " font-weight=\"600\"" }
    if let turned {
      attributes += " transform=\"rotate(\(Drawing.number(turned)) \(Drawing.number(x)) \(Drawing.number(y)))\""
    }
    attributes += fill.map { " fill=\"\($0)\"" } ?? " class=\"\(role.rawValue)\""
    body += "<text \(attributes)>\(Drawing.escaped(text))</text>\n"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, width: Double, height: Double, role: Role? = nil, fill: String? = nil,
    radius: Double = 0, opacity: Double? = nil
  ) {
    var attributes = Drawing.box(x, y, width, height)
    if radius > 0 { attributes += " rx=\"\(Drawing.number(radius))\"" }
    if let role { attributes += " class=\"\(role.rawValue)\"" }
    if let fill { attributes += " fill=\"\(fill)\"" }
    if let opacity { attributes += " fill-opacity=\"\(NumberText.fixed(opacity, digits: 3))\"" }
    body += "<rect \(attributes)/>\n"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, role: Role) {
    body += "<path d=\"M\(Drawing.place(x1, y1))L\(Drawing.place(x2, y2))\" class=\"\(role.rawValue)\"/>\n"
  }

  /// Adds an arbitrary element.
  mutating func add(_ element: String) { body += element + "\n" }

  /// The complete SVG document.
  func svg(width: Double, height: Double) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Drawing.number(width)) \(Drawing.number(height))" \
    width="\(Drawing.number(width))" height="\(Drawing.number(height))" font-family="system-ui, sans-serif">
    <style>\(Drawing.style)</style>
    <rect width="100%" height="100%" class="paper"/>
    \(body)</svg>

    """
  }

  /// The first rules are for everyone; the last ones are for readers who prefer a dark color scheme.
  private static let style = """
    .paper{fill:#fff}.ink{fill:#1b1f24}.soft{fill:#5b6570}.grid{stroke:#e3e6ea;fill:none}.frame{stroke:#9aa3ad;fill:none}\
    .box{fill:#e8f1f8;stroke:#0072b2}.plain{fill:#f4f5f7;stroke:#9aa3ad}.tip{fill:#5b6570}.edge{stroke:#5b6570;fill:none}\
    @media (prefers-color-scheme:dark){.paper{fill:#15181c}.ink{fill:#e8eaed}.soft{fill:#a3acb6}.grid{stroke:#2c3138}\
    .frame{stroke:#6b7580}.box{fill:#13293a;stroke:#4aa3dc}.plain{fill:#22262c;stroke:#6b7580}.tip{fill:#a3acb6}\
    .edge{stroke:#a3acb6}}
    """

  // MARK: SVG helpers

  /// A coordinate with at most one decimal place.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e9 else { return "0" }
    let text = NumberText.fixed(value, digits: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func place(_ x: Double, _ y: Double) -> String { "\(number(x)),\(number(y))" }

  static func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
    "x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\""
  }

  /// Escapes characters with a special meaning in XML, and replaces those that XML cannot contain.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case _ where scalar.value < 0xA0 && scalar.isControl || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += " "
      case _ where scalar.isControl: result += "&#\(scalar.value);"  // as text, terminals or editors would act on it
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The approximate width of a text, based on a wide font, because fonts differ.
  static func width(of text: String, size: Double = 12, isBold: Bool = false) -> Double {
    text.unicodeScalars.reduce(0) { width, scalar in
      let part =
        switch scalar {
        case "i", "l", "j", ".", ",", ":", "'", "|", "!", " ", "[", "]", "(", ")", "t", "f", "r", "/": 0.42
        case "m", "M", "W", "%", "@", "…": 1.0
        case "A"..."Z", "w", "#", "&", "+", "<", "=", ">", "^", "~", "−", "→": 0.84
        case _ where scalar.value >= 0x2E80: 1.05
        default: 0.64
        }
      return width + part * (isBold ? size * boldness : size)
    }
  }

  /// Wraps a text between words.
  /// - Parameters:
  ///   - text: The text to wrap.
  ///   - limit: The maximum width of a line.
  ///   - size: The font size.
  ///   - isBold: Whether the text is bold.
  ///   - most: The maximum number of lines; the last one is shortened if necessary.
  static func lines(
    _ text: String, width limit: Double, size: Double, isBold: Bool = false, most: Int
  ) -> [String] {
    let limit = isBold ? limit / boldness : limit
    var lines: [String] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if let last = lines.last, width(of: "\(last) \(word)", size: size) <= limit || lines.count == most {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { fitted($0, width: limit, size: size) }
  }

  /// The width of bold text relative to regular text.
  private static let boldness = 1.13

  /// A text limited to this width. If it is wider, its end is replaced by an ellipsis.
  static func fitted(_ text: String, width limit: Double, size: Double = 12) -> String {
    if width(of: text, size: size) <= limit { return text }
    // Measured from the start, scalar by scalar, because a text, or one of its characters, may be very long.
    let room = limit - width(of: "…", size: size)
    var kept = String.UnicodeScalarView()
    var total = 0.0
    for scalar in text.unicodeScalars.prefix(1000) {
      total += width(of: String(scalar), size: size)
      if total > room { break }
      kept.append(scalar)
    }
    return String(kept) + "…"
  }
}
