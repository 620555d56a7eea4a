/// Shows the progress of `fit`: a bar on a terminal, lines elsewhere, or nothing.
final class ProgressDisplay {
  private enum Style { case silent, lines, bar }

  /// A bar is drawn again after this long, values are read from the device after that long (reading waits for it).
  private static let redraw = Duration.milliseconds(100)
  private static let reading = Duration.milliseconds(400)
  private static let lineEvery = Duration.seconds(60)

  private let sink: any ProgressSink
  private let style: Style
  private let now: () -> ContinuousClock.Instant
  private let bar: ProgressBar

  private var title = ""
  private var epochsLeft = 0
  private var batches = 0
  /// What the last epoch took beside its steps: validation.
  private var secondsBesideSteps = 0.0
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
    bar = ProgressBar(usesColour: sink.usesColour, showsUnicode: sink.showsUnicode)
    epochStart = now()
    lastDrawn = epochStart
    lastRead = epochStart
  }

  /// An epoch of `batches` batches begins.
  func epochBegan(_ epoch: Int, of epochs: Int, batches: Int) {
    title = "Epoch \(epoch + 1)/\(epochs)"
    epochsLeft = epochs - epoch - 1
    self.batches = batches
    values = []
    epochStart = now()
    if style == .lines {
      lastDrawn = epochStart
    } else {
      // The first values are shown as soon as there are some.
      lastDrawn = epochStart - ProgressDisplay.redraw
      lastRead = epochStart - ProgressDisplay.reading
    }
  }

  /// A batch is done; `read` gets the values so far and waits for the device, so it is called rarely.
  /// - Parameters:
  ///   - done: The finished batches of the epoch.
  ///   - examples: The finished examples since the epoch began.
  ///   - since: The batches of the epoch that were finished before (resumed runs).
  func batchEnded(_ done: Int, examples: Int, since: Int, read: () throws -> [(String, Double)]) rethrows {
    guard style != .silent else { return }
    let time = now()
    guard time - lastDrawn >= (style == .bar ? ProgressDisplay.redraw : ProgressDisplay.lineEvery) else { return }
    lastDrawn = time
    if style == .lines || time - lastRead >= ProgressDisplay.reading {
      values = try read().map { (name: $0.0, value: $0.1) }
      lastRead = now()
    }
    let elapsed = ProgressDisplay.seconds(time - epochStart)
    let perBatch = elapsed / Double(max(done - since, 1))
    let batchesLeft = Double(batches - done) + Double(epochsLeft) * Double(batches)
    let left = perBatch * batchesLeft + secondsBesideSteps * (Double(epochsLeft) + 1)
    show(
      ProgressLine(
        title: title, done: done, total: batches, values: values,
        examplesPerSecond: Double(examples) / max(elapsed, 1e-9),
        secondsLeft: left, seconds: nil))
  }

  /// The epoch is over; its line stays.
  func epochEnded(_ record: EpochRecord, examples: Int, trainingSeconds: Double) {
    guard style != .silent else { return }
    secondsBesideSteps = max(record.seconds - trainingSeconds, 0)
    let line = ProgressLine(
      title: title, done: batches, total: batches, values: record.names.map { ($0, record[$0] ?? .nan) },
      examplesPerSecond: Double(examples) / max(trainingSeconds, 1e-9), secondsLeft: nil, seconds: record.seconds)
    show(line)
    if style == .bar { sink.write("\n") }
    isLineOpen = false
  }

  /// Leaves the line of an epoch that was not finished, so that what follows starts on a new one.
  func interrupted() {
    if isLineOpen { sink.write("\n") }
    isLineOpen = false
  }

  private func show(_ line: ProgressLine) {
    guard style == .bar else { return sink.write(line.plain + "\n") }
    // The last column stays free: some terminals wrap when it is written.
    let text = line.fitted(columns: max((sink.columns ?? 80) - 1, 1), bar: bar)
    sink.write("\r\(text)\u{1B}[K")
    isLineOpen = true
  }

  private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}
