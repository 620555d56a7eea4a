/// The text of one line of progress, made to fit.
struct ProgressLine {
  var title: String
  /// Finished and all batches of the epoch.
  var done: Int
  var total: Int
  var values: [(name: String, value: Double)]
  var examplesPerSecond: Double?
  var secondsLeft: Double?
  /// How long the epoch took, when it is over.
  var seconds: Double?

  /// What to show, the most important first.
  private func pieces(short: Bool) -> [String] {
    var pieces = values.map { "\($0.name) \(NumberText.short($0.value))" }
    if let secondsLeft { pieces.append("\(NumberText.clock(seconds: secondsLeft)) left") }
    if let seconds { pieces.append(NumberText.duration(seconds: seconds)) }
    if let rate = examplesPerSecond, rate.isFinite, rate < 1e15 {
      pieces.append(NumberText.grouped(Int(rate.rounded())) + (short ? "/s" : " samples/s"))
    }
    return pieces
  }

  /// All of it on one line of any length.
  var plain: String { joined(bar: nil, pieces(short: false)) }

  /// A line of at most `columns` characters: the bar shrinks first, then the least important pieces go, then the bar.
  func fitted(columns: Int, bar style: ProgressBar) -> String {
    let short = pieces(short: true)
    let choices = [pieces(short: false)] + (0..<short.count).map { Array(short.dropLast($0)) }
    if seconds == nil {
      for choice in choices {
        let left = columns - joined(bar: nil, choice).count - 2
        guard left >= ProgressBar.smallest else { continue }
        let part = total == 0 ? 1 : Double(done) / Double(total)
        return joined(bar: style.drawn(part: part, columns: min(left, ProgressBar.largest)), choice)
      }
    }
    let texts = (choices + [[]]).lazy.map { joined(bar: nil, $0) }
    return texts.first { $0.count <= columns } ?? String(joined(bar: nil, []).prefix(columns))
  }

  private func joined(bar: String?, _ pieces: [String]) -> String {
    let head = [title, bar, seconds == nil ? "\(done)/\(total)" : nil].compactMap { $0 }
    return (head + pieces).joined(separator: "  ")
  }
}

/// How a bar is drawn.
struct ProgressBar {
  static let smallest = 6
  static let largest = 30
  var usesColour: Bool
  var showsUnicode: Bool

  /// `columns` characters, of which `part` (0 to 1) are full.
  func drawn(part: Double, columns: Int) -> String {
    let full = min(columns, Int(part * Double(columns)))
    let done = String(repeating: showsUnicode ? "━" : "=", count: full)
    let rest = String(repeating: showsUnicode ? "─" : "-", count: columns - full)
    return usesColour ? "\u{1B}[32m\(done)\u{1B}[39m\u{1B}[2m\(rest)\u{1B}[22m" : done + rest
  }
}
