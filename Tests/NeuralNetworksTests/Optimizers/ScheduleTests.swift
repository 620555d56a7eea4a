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

  // MARK: Against PyTorch 2.15 and Keras 3, in double precision

  private func expectClose(_ schedule: Schedule, _ rates: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    for (step, rate) in rates.enumerated() {
      let found = schedule.rate(at: step)
      #expect(abs(found - rate) < 1e-14, "step \(step): \(found)", sourceLocation: sourceLocation)
    }
  }

  @Test func ramps() {
    expectClose(.linear(from: 0.05, to: 0.2, steps: 4), [0.05, 0.08750000000000001, 0.125, 0.1625, 0.2, 0.2, 0.2])
    expectClose(
      .polynomial(from: 0.2, steps: 5, power: 2.5),
      [0.2, 0.1144866804479893, 0.0557709601853868, 0.02023857702507763, 0.003577708763999662, 0.0, 0.0])
    expectClose(
      .polynomial(from: 0.2, to: 0.02, steps: 5, power: 0.5),
      [0.2, 0.1809968943799849, 0.159427400463467, 0.1338419957660617, 0.1004984471899924, 0.02, 0.02])
    expectClose(
      .inverseTime(from: 0.2, rate: 0.5, every: 4),
      [
        0.2, 0.1777777777777778, 0.16, 0.1454545454545455, 0.1333333333333333, 0.1230769230769231, 0.1142857142857143,
        0.1066666666666667, 0.1,
      ])
  }

  @Test func oneCycle() {
    expectClose(
      .oneCycle(peak: 0.1, steps: 10),
      [
        0.004000000000000004, 0.052, 0.1, 0.09504846320134738, 0.0811745653949763, 0.06112620219362893,
        0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-07,
      ] + [4e-07, 4e-07])
    expectClose(
      .oneCycle(peak: 0.5, steps: 8, risingShare: 0.5, divisor: 10, finalDivisor: 100),
      [0.04999999999999999, 0.1625, 0.3875, 0.5, 0.4268499186013403, 0.25025, 0.07365008139865978, 0.0005])
    // Cycles that are too short for a rise, or have none, and those without a fall.
    expectClose(.oneCycle(peak: 0.5, steps: 3), [0.49720771772545586, 0.23131855133348753, 2e-6, 2e-6])
    expectClose(.oneCycle(peak: 0.5, steps: 2), [0.4058728269748815, 2e-6])
    expectClose(
      .oneCycle(peak: 0.5, steps: 4, risingShare: 0), [0.42677698818985565, 0.250001, 0.07322501181014432, 2e-6])
    expectClose(.oneCycle(peak: 0.5, steps: 2, risingShare: 0.5), [0.5, 2e-6])
    expectClose(.oneCycle(peak: 0.5, steps: 2, risingShare: 1), [0.02, 0.5, 0.5])
    expectClose(.oneCycle(peak: 0.5, steps: 1), [2e-6, 2e-6])
  }

  @Test func cosineRestarts() {
    expectClose(
      .cosineRestarts(from: 0.1, to: 0.01, steps: 3),
      [0.1, 0.0775, 0.03250000000000001, 0.1, 0.0775, 0.03250000000000001, 0.1, 0.0775, 0.03250000000000001, 0.1])
    expectClose(
      .cosineRestarts(from: 0.1, to: 0.01, steps: 2, stepFactor: 2),
      [
        0.1, 0.05500000000000001, 0.1, 0.08681980515339464, 0.05500000000000001, 0.02318019484660536, 0.1,
        0.0965745789630079, 0.08681980515339464, 0.07222075445642905, 0.05500000000000001, 0.03777924554357097,
        0.02318019484660536, 0.0134254210369921, 0.1, 0.09913533761814537,
      ])
    expectClose(
      .cosineRestarts(from: 0.1, to: 0.01, steps: 2, stepFactor: 1.5, peakFactor: 0.8),
      [
        0.1, 0.05500000000000001, 0.08200000000000002, 0.06400000000000002, 0.02800000000000001, 0.06760000000000002,
        0.06086207996182658, 0.0438010675168076, 0.02440000000000001, 0.01173685252136584, 0.05545895381815916,
        0.05068966396946126,
      ])
    #expect(Schedule.cosineRestarts(from: 0.1, steps: 1).rate(at: .max) == 0.1)
    #expect(Schedule.cosineRestarts(from: 0.1, steps: 1, stepFactor: 1e308).rate(at: 1) == 0.1)
    // A hundred million cycles; computed by mpmath.
    let many = Schedule.cosineRestarts(from: 1, steps: 10, stepFactor: 1 + 0x1p-30)
    #expect(abs(many.rate(at: 1_000_000_000) - 0.669747389732) < 1e-6)
    #expect(abs(many.rate(at: 1_000_000_003) - 0.253384008736) < 1e-6)
  }

  @Test func cyclic() {
    expectClose(
      .cyclic(base: 0.1, peak: 0.5, risingSteps: 3, fallingSteps: 2),
      [
        0.1, 0.2333333333333333, 0.3666666666666666, 0.4999999999999999, 0.2999999999999999, 0.1, 0.2333333333333335,
        0.3666666666666666, 0.4999999999999999, 0.3000000000000002, 0.1, 0.2333333333333335,
      ])
    expectClose(
      .cyclic(base: 0.1, peak: 0.5, risingSteps: 2, peakFactor: 0.5),
      [0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3, 0.2, 0.1, 0.15, 0.2, 0.15, 0.1])
  }

  @Test func sequencesAndProducts() {
    let sequence = Schedule.linear(from: 0.05, to: 0.2, steps: 3).then(.cosine(from: 0.2, to: 0.01, steps: 4), after: 3)
    expectClose(sequence, [0.05, 0.1, 0.15, 0.2, 0.172175144212722, 0.105, 0.03782485578727799, 0.01])
    #expect(sequence.name == "linear, cosine")
    expectClose(Schedule.constant(3).then(.constant(2), after: 0), [2])
    let product = Schedule.exponential(from: 0.2, factor: 0.9, every: 1) * .step(from: 1, factor: 0.5, every: 3)
    expectClose(
      product,
      [
        0.2, 0.18, 0.162, 0.07290000000000002, 0.06561000000000002, 0.05904900000000002, 0.02657205000000001,
        0.02391484500000001,
      ])
    #expect(product.name == "exponential * step")
  }

  @Test func invalidSettingsEndTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Schedule.linear(from: 0.1, to: -1, steps: 2) }
    await #expect(processExitsWith: .failure) { _ = Schedule.polynomial(from: 0.1, steps: 2, power: 0) }
    await #expect(processExitsWith: .failure) { _ = Schedule.oneCycle(peak: 0.1, steps: 2, risingShare: 2) }
    await #expect(processExitsWith: .failure) { _ = Schedule.cosineRestarts(from: 0.1, steps: 2, stepFactor: 0.5) }
    await #expect(processExitsWith: .failure) { _ = Schedule.cyclic(base: 0.1, peak: 1, risingSteps: 0) }
    await #expect(processExitsWith: .failure) { _ = Schedule.constant(1).then(.constant(2), after: -1) }
  }
}
