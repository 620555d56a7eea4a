import HostSystem

/// The text of one progress line, fitted to the width of the terminal.
struct ProgressLine {
  var title: String
  /// The number of finished batches, and of all batches of the epoch.
  var done: Int
  var total: Int
  var values: [(name: String, value: Double)]
  var examplesPerSecond: Double?
  var secondsLeft: Double?
  /// The duration of the epoch, after it has ended.
  var seconds: Double?

  /// A part of the line; parts with the highest rank are omitted first.
  private struct Piece {
    var text: String
    var rank: Int
  }

  /// Returns the parts in display order. While an epoch runs, the first value is the most important, then the remaining
  /// time, then the other values, then the rate. After it has ended, all values are more important than its duration.
  private func pieces(short: Bool) -> [Piece] {
    let ranks = valueRanks
    var pieces = zip(values, ranks).map { value, rank in
      Piece(text: "\(value.name.onOneLine) \(NumberText.short(value.value))", rank: rank)
    }
    if let secondsLeft { pieces.append(Piece(text: "\(NumberText.clock(seconds: secondsLeft)) left", rank: 1)) }
    if let seconds { pieces.append(Piece(text: NumberText.duration(seconds: seconds), rank: values.count)) }
    if let rate = examplesPerSecond, rate.isFinite, rate < 1e15 {
      let text = NumberText.grouped(Int(rate.rounded())) + (short ? "/s" : " samples/s")
      pieces.append(Piece(text: text, rank: values.count + 1))
    }
    return pieces
  }

  /// The ranks at which values are omitted. After an epoch has ended, validation values are kept longer than training
  /// values, except for the first one, the loss.
  private var valueRanks: [Int] {
    guard seconds != nil else { return values.indices.map { $0 == 0 ? 0 : $0 + 1 } }
    let validation = values.indices.filter { $0 > 0 && values[$0].name.hasPrefix("validation_") }
    let order = values.indices.prefix(1) + validation + values.indices.dropFirst().filter { !validation.contains($0) }
    var ranks = [Int](repeating: 0, count: values.count)
    for (rank, index) in order.enumerated() { ranks[index] = rank }
    return ranks
  }

  /// The complete line, of any length.
  var plain: String { joined(bar: nil, pieces(short: false).map(\.text)) }

  /// Returns a line of at most `columns` characters. The bar shrinks first, then the least important parts are omitted,
  /// then the bar, then the word "Epoch", the time, and the value.
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

  /// The "1/5" in "Epoch 1/5".
  private var number: String { title.split(separator: " ").last.map(String.init) ?? title }

  private func joined(bar: String?, _ pieces: [String], title: String? = nil) -> String {
    let head = [title ?? self.title, bar, seconds == nil ? "\(done)/\(total)" : nil].compactMap { $0 }
    return (head + pieces).joined(separator: "  ")
  }
}

/// The style of a bar.
struct ProgressBar {
  static let smallest = 6
  static let largest = 30
  var usesColor: Bool
  var showsUnicode: Bool

  /// Returns a bar of `columns` characters, filled to the fraction `part` (0 to 1).
  func drawn(part: Double, columns: Int) -> String {
    let full = min(columns, Int(part * Double(columns)))
    let done = String(repeating: showsUnicode ? "━" : "=", count: full)
    let rest = String(repeating: showsUnicode ? "─" : "-", count: columns - full)
    return usesColor ? "\u{1B}[32m\(done)\u{1B}[39m\u{1B}[2m\(rest)\u{1B}[22m" : done + rest
  }
}
