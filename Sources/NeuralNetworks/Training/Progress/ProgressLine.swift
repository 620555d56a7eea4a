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

  /// A part of the line; those of the highest rank are left out first.
  private struct Piece {
    var text: String
    var rank: Int
  }

  /// What to show, in this order: the first value matters most, then the time, then the other values, then the rate.
  private func pieces(short: Bool) -> [Piece] {
    var pieces = values.enumerated().map { index, value in
      Piece(text: "\(value.name) \(NumberText.short(value.value))", rank: index == 0 ? 0 : index + 1)
    }
    if let secondsLeft { pieces.append(Piece(text: "\(NumberText.clock(seconds: secondsLeft)) left", rank: 1)) }
    if let seconds { pieces.append(Piece(text: NumberText.duration(seconds: seconds), rank: 1)) }
    if let rate = examplesPerSecond, rate.isFinite, rate < 1e15 {
      let text = NumberText.grouped(Int(rate.rounded())) + (short ? "/s" : " samples/s")
      pieces.append(Piece(text: text, rank: values.count + 1))
    }
    return pieces
  }

  /// All of it on one line of any length.
  var plain: String { joined(bar: nil, pieces(short: false).map(\.text)) }

  /// A line of at most `columns` characters: the bar shrinks first, then the least important pieces go, then the bar, then the
  /// word "Epoch", the time and the value.
  func fitted(columns: Int, bar style: ProgressBar) -> String {
    let short = pieces(short: true)
    func upTo(_ rank: Int) -> [String] { short.filter { $0.rank <= rank }.map(\.text) }
    let choices = [pieces(short: false).map(\.text)] + (1...values.count + 1).reversed().map(upTo)
    if seconds == nil {
      for choice in choices {
        let left = columns - joined(bar: nil, choice).count - 2
        guard left >= ProgressBar.smallest else { continue }
        let part = total == 0 ? 1 : Double(done) / Double(total)
        return joined(bar: style.drawn(part: part, columns: min(left, ProgressBar.largest)), choice)
      }
    }
    let rest = (seconds == nil ? [upTo(1)] : choices) + [upTo(0), []]
    let texts = rest.lazy.flatMap { [joined(bar: nil, $0), joined(bar: nil, $0, title: number)] }
    return texts.first { $0.count <= columns } ?? String(title.prefix(columns))
  }

  /// "1/5" of "Epoch 1/5".
  private var number: String { title.split(separator: " ").last.map(String.init) ?? title }

  private func joined(bar: String?, _ pieces: [String], title: String? = nil) -> String {
    let head = [title ?? self.title, bar, seconds == nil ? "\(done)/\(total)" : nil].compactMap { $0 }
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
