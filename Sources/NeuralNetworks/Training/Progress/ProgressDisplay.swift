import HostSystem

/// Shows the progress of `fit`: a bar on a terminal, lines elsewhere, or nothing.
final class ProgressDisplay {
  private enum Style { case silent, lines, bar }

  /// The intervals for redrawing the bar and for reading values. Reading values has to wait for the device; it is more
  /// frequent at the start of an epoch, while the means still change.
  private static let redraw = Duration.milliseconds(100)
  private static let reading = Duration.milliseconds(500)
  private static let lineEvery = Duration.seconds(60)

  private let sink: any ProgressSink
  private let style: Style
  private let now: () -> ContinuousClock.Instant
  private let bar: ProgressBar

  private var title = ""
  private var epochsLeft = 0
  private var batches = 0
  /// The time that the last epoch spent outside its steps, mainly for validation.
  private var secondsOutsideSteps = 0.0
  private var epochStart: ContinuousClock.Instant
  private var lastDrawn: ContinuousClock.Instant
  private var lastRead: ContinuousClock.Instant
  private var values: [(name: String, value: Double)] = []
  private var isLineOpen = false

  init(_ verbosity: Verbosity, sink: any ProgressSink, now: @escaping () -> ContinuousClock.Instant = { .now }) {
    self.sink = sink
    self.now = now
    style =
      switch verbosity {
      case .silent: .silent
      case .lines: .lines
      case .automatic: sink.columns == nil ? .lines : .bar
      }
    bar = ProgressBar(usesColor: sink.usesColor, showsUnicode: sink.showsUnicode)
    epochStart = now()
    lastDrawn = epochStart
    lastRead = epochStart
  }

  /// Starts an epoch of `batches` batches.
  func epochBegan(_ epoch: Int, of epochs: Int, batches: Int) {
    title = "Epoch \(epoch + 1)/\(epochs)"
    epochsLeft = epochs - epoch - 1
    self.batches = batches
    values = []
    epochStart = now()
    if style == .lines {
      lastDrawn = epochStart
    } else {
      // Show the first values as soon as they are available.
      lastDrawn = epochStart - ProgressDisplay.redraw
      lastRead = epochStart - ProgressDisplay.reading
    }
  }

  /// Records a finished batch. `read` returns the values so far; it waits for the device, so it is called rarely.
  /// - Parameters:
  ///   - done: The finished batches of the epoch.
  ///   - examples: The number of finished examples since the epoch started.
  ///   - since: The number of batches of the epoch that were finished before this call of `fit` (in resumed runs).
  func batchEnded(_ done: Int, examples: Int, since: Int, read: () throws -> [(String, Double)]) rethrows {
    guard style != .silent else { return }
    let time = now()
    if time < lastDrawn { wentBack(to: time) }
    guard time - lastDrawn >= (style == .bar ? ProgressDisplay.redraw : ProgressDisplay.lineEvery) else { return }
    lastDrawn = time
    if style == .lines || time - lastRead >= min(ProgressDisplay.reading, (time - epochStart) / 2) {
      values = try read().map { (name: $0.0, value: $0.1) }
      lastRead = now()
    }
    let elapsed = max(ProgressDisplay.seconds(time - epochStart), 0)
    let perBatch = elapsed / Double(max(done - since, 1))
    let batchesLeft = Double(batches - done) + Double(epochsLeft) * Double(batches)
    let left = perBatch * batchesLeft + secondsOutsideSteps * (Double(epochsLeft) + 1)
    show(
      ProgressLine(
        title: title, done: done, total: batches, values: values,
        examplesPerSecond: Double(examples) / max(elapsed, 1e-9),
        secondsLeft: left, seconds: nil))
  }

  /// Adjusts the display when the clock goes back, as the clocks of virtual machines may do.
  private func wentBack(to time: ContinuousClock.Instant) {
    (lastDrawn, lastRead, epochStart) = (time - ProgressDisplay.redraw, min(lastRead, time), min(epochStart, time))
  }

  /// Shows the final line of an epoch, which stays.
  func epochEnded(_ record: EpochRecord, examples: Int, trainingSeconds: Double) {
    guard style != .silent else { return }
    secondsOutsideSteps = max(record.seconds - trainingSeconds, 0)
    let line = ProgressLine(
      title: title, done: batches, total: batches, values: record.names.map { ($0, record[$0] ?? .nan) },
      examplesPerSecond: Double(examples) / max(trainingSeconds, 1e-9), secondsLeft: nil, seconds: record.seconds)
    show(line)
    if style == .bar { sink.write("\n") }
    isLineOpen = false
  }

  /// Keeps the line of an unfinished epoch, so that further output starts on a new line.
  func interrupted() {
    if isLineOpen { sink.write("\n") }
    isLineOpen = false
  }

  /// Shows a permanent separate line.
  func note(_ text: String) {
    guard style != .silent else { return }
    interrupted()
    sink.write(text.onOneLine + "\n")
  }

  private func show(_ line: ProgressLine) {
    guard style == .bar else { return sink.write(line.plain + "\n") }
    // The last column stays empty, because some terminals wrap when it is written.
    let text = line.fitted(columns: max((sink.columns ?? 80) - 1, 1), bar: bar)
    sink.write("\r\(text)\u{1B}[K")
    isLineOpen = true
  }

  private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}
