/// A report on a training run: facts and pictures in one HTML file that loads nothing else and follows the reader's
/// light or dark color scheme.
public struct RunPage {
  private let title: String
  private var body = ""

  /// Creates an empty page.
  public init(_ title: String) { self.title = title }

  /// Adds a table of names and values.
  public mutating func add(_ heading: String, facts: [(name: String, value: String)]) {
    let rows = facts.map { "<dt>\(Drawing.escaped($0.name))</dt><dd>\(Drawing.escaped($0.value))</dd>" }
    add(heading, "<dl>\n\(rows.joined(separator: "\n"))\n</dl>")
  }

  /// Adds a picture.
  /// - Parameters:
  ///   - heading: The heading above the picture.
  ///   - svg: SVG from other types of this module.
  ///   - note: A sentence below the picture.
  public mutating func add(_ heading: String, svg: String, note: String = "") {
    let text = note.isEmpty ? "" : "\n<p>\(Drawing.escaped(note))</p>"
    add(heading, "<figure>\n\(svg)</figure>\(text)")
  }

  /// Adds a table.
  public mutating func add(_ heading: String, header: [String], rows: [[String]]) {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>\(cells.map { "<\(tag)>\(Drawing.escaped($0))</\(tag)>" }.joined())</tr>"
    }
    let lines = [row(header, "th")] + rows.map { row($0, "td") }
    add(heading, "<div class=\"wide\"><table>\n\(lines.joined(separator: "\n"))\n</table></div>")
  }

  private mutating func add(_ heading: String, _ content: String) {
    body += "<section>\n<h2>\(Drawing.escaped(heading))</h2>\n\(content)\n</section>\n"
  }

  /// The page as HTML.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(Drawing.escaped(title))</title>
    <style>\(RunPage.style)</style>
    </head>
    <body>
    <h1>\(Drawing.escaped(title))</h1>
    \(body)</body>
    </html>

    """
  }

  private static let style = """
    :root{--paper:#fff;--ink:#1b1f24;--soft:#5b6570;--rule:#e3e6ea}
    @media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e8eaed;--soft:#a3acb6;--rule:#2c3138}}
    body{margin:2rem auto;padding:0 1rem;max-width:64rem;background:var(--paper);color:var(--ink);\
    font:15px/1.5 system-ui,sans-serif}
    h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--rule);\
    padding-bottom:.3rem}
    p{color:var(--soft)}figure{margin:0;overflow-x:auto}svg{max-width:100%;height:auto}.wide{overflow-x:auto}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:0}
    dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{padding:.2rem .8rem;text-align:right;border-bottom:1px solid var(--rule)}
    th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
    """
}
