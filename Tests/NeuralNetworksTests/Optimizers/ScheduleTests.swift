import NeuralNetworks
import Testing

/// The rates match PyTorch's schedulers where they exist.
@Suite struct ScheduleTests {
  private func expect(
    _ schedule: some LearningRate, _ rates: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (step, rate) in rates.enumerated() {
      #expect(abs(schedule.rate(at: step) - rate) < 1e-15, "step \(step)", sourceLocation: sourceLocation)
    }
  }

  @Test func constant() { expect(Schedule.constant(0.3), [0.3, 0.3, 0.3]) }

  @Test func numbersAreRates() { expect(0.25, [0.25, 0.25]) }

  @Test func step() {
    expect(
      Schedule.step(from: 0.1, factor: 0.5, every: 3),
      [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125])
  }

  @Test func exponential() {
    expect(
      Schedule.exponential(from: 0.1, factor: 0.9, every: 1),
      [0.1, 0.09, 0.081, 0.0729, 0.06561, 0.059049, 0.0531441, 0.04782969])
    #expect(
      abs(Schedule.exponential(from: 0.1, factor: 0.5, every: 1000).rate(at: 1500) - 0.035355339059327376) < 1e-15)
  }

  @Test func cosine() {
    expect(
      Schedule.cosine(from: 0.1, to: 0.01, steps: 10),
      [
        0.1, 0.09779754323328192, 0.09140576474687263, 0.08145033635316129, 0.06890576474687264, 0.055,
        0.04109423525312737, 0.028549663646838717, 0.01859423525312737, 0.012202456766718092, 0.01, 0.01, 0.01,
      ])
  }

  @Test func piecewise() {
    expect(Schedule.piecewise(1, [(step: 4, rate: 0.01), (step: 2, rate: 0.1)]), [1, 1, 0.1, 0.1, 0.01, 0.01])
  }

  @Test func warmUpComesBeforeTheSchedule() {
    let schedule = Schedule.step(from: 1, factor: 0.5, every: 2).warmedUp(steps: 4)
    expect(schedule, [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5, 0.25])
    #expect(schedule.name == "warm_up(step)")
    expect(Schedule.constant(2).warmedUp(steps: 0), [2, 2])
  }

  @Test func ofOnesOwn() {
    let halving = Schedule("halving") { step in 0.01 / Double(1 + step / 1000) }
    #expect(halving.rate(at: 999) == 0.01 && halving.rate(at: 1000) == 0.005)
    let optimizer = Optimizer.adamW(learningRate: .cosine(from: 1e-3, steps: 10_000).warmedUp(steps: 500))
    #expect(optimizer.learningRate(at: 0) == 1e-3 / 500)
  }
}
