import Testing

@testable import NeuralNetworks

/// Clocks of virtual machines go back, and stand still.
@Suite struct ClockTests {
  /// Goes by a step with each look.
  final class Clock {
    var time = ContinuousClock.now
    let step: Duration
    init(_ step: Duration) { self.step = step }
    func now() -> ContinuousClock.Instant {
      time += step
      return time
    }
  }

  @Test(arguments: [-3_600_000, -1, 0, 1, 3_600_000], [nil, 100] as [Int?])
  func durationsAreNeverNegative(_ milliseconds: Int, _ columns: Int?) throws {
    let clock = Clock(.milliseconds(milliseconds))
    let sink = ProgressTests.Sink(columns: columns)
    var options = FitOptions.ofEpochs(2)
    options.now = clock.now
    options.validation = .split(0.25)
    let history = try Corners.compiled().fit(Corners.data(), options, sink: sink)
    #expect(history.epochs.allSatisfy { $0.seconds >= 0 && $0.seconds.isFinite })
    #expect(!sink.text.contains("-1") && !sink.text.contains("-3") && !sink.text.contains("inf"), "\(sink.text)")
    #expect(sink.text.contains("Epoch 2/2"))
  }

  /// A bar goes on from the time that it is now.
  @Test func aBarDoesNotStandStillUntilAClockHasCaughtUp() {
    let clock = Clock(.zero)
    let sink = ProgressTests.Sink(columns: 80)
    let display = ProgressDisplay(.automatic, sink: sink, now: clock.now)
    display.epochBegan(0, of: 1, batches: 100)
    clock.time += .seconds(1)
    display.batchEnded(1, examples: 8, since: 0) { [("loss", 0.5)] }
    #expect(sink.text.contains("1/100"))
    clock.time -= .seconds(3600)
    for batch in 2...9 {
      clock.time += .milliseconds(200)
      display.batchEnded(batch, examples: 8 * batch, since: 0) { [("loss", 0.25)] }
      #expect(sink.text.contains("\(batch)/100"), "batch \(batch): \(sink.text)")
    }
    #expect(sink.text.contains("0.25"), "values are read again")
  }
}
