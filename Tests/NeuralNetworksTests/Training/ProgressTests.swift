import Testing

@testable import NeuralNetworks

@Suite struct ProgressTests {
  /// Stores the output.
  final class Sink: ProgressSink {
    var text = ""
    let columns: Int?
    let usesColor: Bool
    let showsUnicode = false
    init(columns: Int?, usesColor: Bool = false) { (self.columns, self.usesColor) = (columns, usesColor) }
    func write(_ text: String) { self.text += text }
  }
  final class Clock {
    var time = ContinuousClock.now
    func advance(_ milliseconds: Int) { time += .milliseconds(milliseconds) }
  }

  private func options(_ verbosity: Verbosity) -> FitOptions {
    FitOptions(
      epochs: 2, initialEpoch: 0, batchSize: 8, validation: .split(0.25), shuffle: true, seed: 1, callbacks: [],
      classWeights: [:], verbosity: verbosity, progress: .standardOutput)
  }

  @Test func silence() throws {
    let sink = Sink(columns: 80)
    _ = try Corners.compiled().fit(Corners.data(), options(.silent), sink: sink)
    #expect(sink.text.isEmpty)
  }

  /// Tests run in release, where the shared notice prints nothing.
  @Test func aDebugBuildIsMentionedOnceUnlessSilent() {
    let sink = Sink(columns: nil)
    let notice = BuildNotice(isDebugBuild: true)
    notice.show(on: sink, .silent)
    #expect(sink.text.isEmpty)
    notice.show(on: sink, .automatic)
    notice.show(on: sink, .lines)
    #expect(sink.text == BuildNotice.text)
    let release = Sink(columns: nil)
    BuildNotice(isDebugBuild: false).show(on: release, .automatic)
    #expect(release.text.isEmpty)
  }

  @Test func oneLineAnEpochElsewhere() throws {
    let sink = Sink(columns: nil)
    _ = try Corners.compiled().fit(Corners.data(), options(.automatic), sink: sink)
    let lines = sink.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 3 && lines[2].isEmpty)
    #expect(lines[0].hasPrefix("Epoch 1/2  loss ") && lines[0].contains("validation_accuracy "))
    #expect(!sink.text.contains("\r") && !sink.text.contains("\u{1B}"))
  }

  @Test func linesOnATerminal() throws {
    let sink = Sink(columns: 80)
    _ = try Corners.compiled().fit(Corners.data(), options(.lines), sink: sink)
    #expect(sink.text.split(separator: "\n").count == 2 && !sink.text.contains("\r"))
  }

  /// The visible result of some text on a terminal: the length of the longest overwritten line.
  private func longest(_ text: String) -> Int {
    var plain = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "\u{1B}") {
      plain += rest[..<start]
      guard let end = rest[start...].firstIndex(where: { $0.isLetter }) else { break }
      rest = rest[rest.index(after: end)...]
    }
    plain += rest
    return plain.split { $0 == "\r" || $0 == "\n" }.map(\.count).max() ?? 0
  }

  @Test(arguments: [1, 12, 24, 40, 60, 80, 120, 300], [false, true])
  func neverWraps(_ columns: Int, _ usesColor: Bool) throws {
    let sink = Sink(columns: columns, usesColor: usesColor)
    let clock = Clock()
    let display = ProgressDisplay(.automatic, sink: sink, now: { clock.time })
    let values = [("loss", 0.34125), ("a_metric_with_a_long_name", 123456.789), ("accuracy", 0.8771)]
    for epoch in 0..<2 {
      display.epochBegan(epoch, of: 2, batches: 1688)
      for batch in stride(from: 1, through: 1688, by: 100) {
        clock.advance(150)
        display.batchEnded(batch, examples: batch * 32, since: 0) { values }
      }
      display.epochEnded(
        EpochRecord(epoch: epoch, seconds: 4.2, named: values), examples: 54016, trainingSeconds: 4)
    }
    display.interrupted()
    #expect(longest(sink.text) <= max(columns - 1, 1))
    #expect(sink.text.filter { $0 == "\n" }.count == 2)
    #expect(sink.text.contains("\u{1B}[32m") == (usesColor && columns >= 60))
    if columns >= 120 { #expect(sink.text.contains("loss 0.3413") && sink.text.contains("accuracy 0.8771")) }
    if columns >= 300 { #expect(sink.text.contains("samples/s") && sink.text.contains(" left")) }
  }

  @Test func eightyColumns() {
    let line = ProgressLine(
      title: "Epoch 1/5", done: 844, total: 1688, values: [("loss", 0.3412), ("accuracy", 0.877)],
      examplesPerSecond: 17812, secondsLeft: 2.5, seconds: nil)
    let bar = ProgressBar(usesColor: false, showsUnicode: false)
    #expect(
      line.fitted(columns: 79, bar: bar)
        == "Epoch 1/5  ===----  844/1688  loss 0.3412  accuracy 0.8770  0:03 left  17,812/s")
    #expect(
      line.fitted(columns: 100, bar: bar)
        == "Epoch 1/5  ==========----------  844/1688  loss 0.3412  accuracy 0.8770  0:03 left  17,812 samples/s")
  }

  /// In a narrow terminal, only the first value and the time remain.
  @Test func fortyColumns() {
    var line = ProgressLine(
      title: "Epoch 1/5", done: 844, total: 1688, values: [("loss", 0.3412), ("accuracy", 0.877)],
      examplesPerSecond: 17812, secondsLeft: 2.5, seconds: nil)
    let bar = ProgressBar(usesColor: false, showsUnicode: false)
    let lines = [
      (59, "Epoch 1/5  =======-------  844/1688  loss 0.3412  0:03 left"),
      (49, "Epoch 1/5  844/1688  loss 0.3412  0:03 left"), (39, "1/5  844/1688  loss 0.3412  0:03 left"),
      (30, "1/5  844/1688  loss 0.3412"), (20, "Epoch 1/5  844/1688"), (15, "1/5  844/1688"), (10, "Epoch 1/5"),
      (4, "Epoc"),
    ]
    for (columns, text) in lines { #expect(line.fitted(columns: columns, bar: bar) == text) }
    line.seconds = 12.34
    line.secondsLeft = nil
    #expect(line.fitted(columns: 39, bar: bar) == "Epoch 1/5  loss 0.3412  accuracy 0.8770")
    #expect(line.fitted(columns: 30, bar: bar) == "Epoch 1/5  loss 0.3412")
    #expect(line.fitted(columns: 49, bar: bar) == "Epoch 1/5  loss 0.3412  accuracy 0.8770  12.3 s")
  }

  /// The duration of an epoch is omitted before any validation value.
  @Test(arguments: ["validation_accuracy", "validation_a_long_name"]) func validationStaysAtEightyColumns(
    _ name: String
  ) {
    let line = ProgressLine(
      title: "Epoch 1/5", done: 1688, total: 1688,
      values: [("loss", 0.3412), ("accuracy", 0.877), ("validation_loss", 0.4), (name, 0.86)],
      examplesPerSecond: 17812, secondsLeft: nil, seconds: 12.34)
    let bar = ProgressBar(usesColor: false, showsUnicode: false)
    let text = line.fitted(columns: 79, bar: bar)
    #expect(text.contains("loss 0.3412") && text.contains("validation_loss 0.4000") && text.contains("\(name) 0.8600"))
    #expect(!text.contains(" s") && text.count <= 79, "\(text)")
    #expect(line.fitted(columns: 120, bar: bar).contains("\(name) 0.8600  12.3 s"))
  }

  /// The first batches change the running mean the most, so it is initially read as often as the bar is drawn.
  @Test func theMeanIsReadOftenAtFirst() {
    let sink = Sink(columns: 100)
    let clock = Clock()
    let display = ProgressDisplay(.automatic, sink: sink, now: { clock.time })
    display.epochBegan(0, of: 1, batches: 100)
    var reads: [Int] = []
    for batch in 1...100 {
      clock.advance(100)
      display.batchEnded(batch, examples: batch, since: 0) {
        reads.append(batch)
        return [("loss", 1 / Double(batch))]
      }
    }
    #expect(Array(reads.prefix(5)) == [1, 2, 4, 8, 13])
    #expect(zip(reads, reads.dropFirst()).allSatisfy { $1 - $0 <= 5 } && reads.count <= 30)
    #expect(sink.text.contains("loss 0.5000") && sink.text.contains("loss 0.2500"))
  }

  @Test func theTimeLeftIncludesValidation() {
    let sink = Sink(columns: nil)
    let clock = Clock()
    let display = ProgressDisplay(.lines, sink: sink, now: { clock.time })
    // 100 s of steps and 50 s of validation per epoch.
    for epoch in 0..<2 {
      display.epochBegan(epoch, of: 3, batches: 100)
      for batch in 1...100 {
        clock.advance(1000)
        display.batchEnded(batch, examples: batch, since: 0) { [("loss", 0.5)] }
      }
      clock.advance(50_000)
      display.epochEnded(
        EpochRecord(epoch: epoch, seconds: 150, values: ["loss": 0.5]), examples: 100, trainingSeconds: 100)
    }
    let lines = sink.text.split(separator: "\n")
    #expect(lines[0].contains("4:00 left"))
    #expect(lines[2].contains("4:00 left"), "40 + 50 of this epoch, 150 of the last")
  }

  @Test func isDrawnRarely() throws {
    let sink = Sink(columns: 80)
    let clock = Clock()
    let display = ProgressDisplay(.automatic, sink: sink, now: { clock.time })
    var reads = 0
    display.epochBegan(0, of: 1, batches: 10_000)
    for batch in 1...10_000 {
      clock.advance(1)
      display.batchEnded(batch, examples: batch, since: 0) {
        reads += 1
        return [("loss", 1)]
      }
    }
    // Ten seconds.
    let drawn = sink.text.filter { $0 == "\r" }.count
    #expect(drawn <= 101 && drawn >= 90)
    #expect(reads <= 26 && reads >= 15)
    // An interrupted epoch leaves the cursor on a new line.
    #expect(!sink.text.hasSuffix("\n"))
    display.interrupted()
    #expect(sink.text.hasSuffix("\n"))
  }

  @Test func linesAreRare() throws {
    let sink = Sink(columns: nil)
    let clock = Clock()
    let display = ProgressDisplay(.lines, sink: sink, now: { clock.time })
    display.epochBegan(0, of: 1, batches: 1000)
    for batch in 1...1000 {
      clock.advance(1000)
      display.batchEnded(batch, examples: batch, since: 0) { [("loss", 0.5)] }
    }
    #expect(sink.text.split(separator: "\n").count == 16)
    #expect(sink.text.hasPrefix("Epoch 1/1  60/1000  loss 0.5000  15:40 left  1 samples/s\n"))
  }

  @Test func numbers() {
    let cases: [(Double, String)] = [
      (0, "0.0000"), (0.34125, "0.3413"), (-1.5, "-1.5000"), (1e-4, "1.00e-04"), (9.999e-5, "1.00e-04"),
      (123456.7, "123456.7000"), (1.5e7, "1.50e+07"), (-2.5e-12, "-2.50e-12"), (.nan, "nan"), (-.infinity, "-inf"),
      (1e300, "1.00e+300"),
    ]
    for (value, text) in cases { #expect(NumberText.short(value) == text) }
    #expect([0, 999, 1000, 1_234_567].map(NumberText.grouped) == ["0", "999", "1,000", "1,234,567"])
    #expect([0, 7.2, 754, 11109].map { NumberText.clock(seconds: $0) } == ["0:00", "0:08", "12:34", "3:05:09"])
    #expect([0.846, 12.34, 245].map { NumberText.duration(seconds: $0) } == ["0.85 s", "12.3 s", "4:05"])
  }
}
