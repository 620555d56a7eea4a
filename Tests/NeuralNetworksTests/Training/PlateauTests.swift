import Testing

@testable import NeuralNetworks

/// Compares `ReduceLearningRateOnPlateau` with PyTorch's `ReduceLROnPlateau`, and tests it with a schedule.
@Suite struct PlateauTests {
  static let losses = [
    1.0, 0.9, 0.9, 0.89995, 0.95, 0.95, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.87, .nan, 0.5,
  ]

  /// The learning rate after each epoch, for epochs with these values.
  private func rates(_ values: [Double], _ callback: ReduceLearningRateOnPlateau, _ rate: any LearningRate = 0.1)
    throws -> [Double]
  {
    let optimizer = Optimizer.sgd(learningRate: rate)
    let run = try makeRun(optimizer)
    try callback.trainingBegan(run)
    return try values.enumerated().map { epoch, value in
      try callback.epochEnded(EpochRecord(epoch: epoch, seconds: 0, values: ["loss": value]), run)
      return optimizer.learningRate(at: epoch)
    }
  }

  private func makeRun(_ optimizer: Optimizer) throws -> TrainingRun {
    let options = FitOptions(
      epochs: 9, initialEpoch: 0, batchSize: 8, validation: nil, shuffle: true, seed: 1, callbacks: [],
      classWeights: [:], verbosity: .silent, progress: .standardOutput)
    return TrainingRun(
      model: Corners.model(), optimizer: optimizer, options: options, examples: 9, values: RunningValues([], []))
  }

  private func expect(_ found: [Double], _ expected: [Double], _ location: SourceLocation = #_sourceLocation) {
    #expect(found.count == expected.count, sourceLocation: location)
    for (a, b) in zip(found, expected) { expectClose(a, b, relative: 1e-12, absolute: 0, sourceLocation: location) }
  }

  @Test func ratesArePyTorchs() throws {
    expect(
      try rates(Self.losses, ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.5, patience: 2)),
      [0.1, 0.1, 0.1, 0.1] + [Double](repeating: 0.05, count: 5) + [0.025, 0.025, 0.025]
        + [Double](repeating: 0.0125, count: 4))
    expect(
      try rates(
        Self.losses,
        ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.1, patience: 1, cooldown: 2, minimumRate: 0.004)),
      [0.1, 0.1, 0.1] + [Double](repeating: 0.01, count: 5) + [Double](repeating: 0.004, count: 8))
    expect(
      try rates(
        Self.losses,
        ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.5, patience: 0, threshold: .absolute(0.06))),
      [
        0.1, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.00625, 0.003125, 0.0015625, 0.00078125, 0.000390625, 0.0001953125,
        9.765625e-05, 4.8828125e-05, 2.44140625e-05, 2.44140625e-05,
      ])
    expect(
      try rates(
        [0.1, 0.2, 0.2, 0.20001, 0.3, 0.25, 0.26, 0.2, 0.31, 0.31],
        ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.5, patience: 1, direction: .larger)),
      [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025])
  }

  @Test func itGoesTogetherWithASchedule() throws {
    let schedule = Schedule.exponential(from: 0.1, factor: 0.5, every: 1)
    let found = try rates(
      [1, 1, 1, 1], ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.1, patience: 0), schedule)
    expect(found, [0.1, 0.005, 0.00025, 0.0000125])
  }

  @Test(arguments: TestDevices.real) func theNextStepHasTheSmallerRate(_ device: Device) throws {
    // The rate is 0 after the first reduction: nothing changes any more, including in recorded steps.
    let model = Corners.compiled(on: device)
    let still = Stillness()
    try model.fit(
      Corners.data(), epochs: 3, callbacks: [still], verbosity: .silent)
    #expect(still.moved == [true, true, false])
  }

  /// Sets the scale to 0 after the second epoch.
  private final class Stillness: Callback {
    var moved: [Bool] = []
    private var last: [Float] = []
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
      let now = try run.model.numbers()
      moved.append(now != last)
      last = now
      if epoch.epoch == 1 { run.optimizer.learningRateScale = 0 }
    }
  }

  @Test func aScaleThatMakesNoSenseIsRefused() throws {
    let model = Corners.compiled()
    for scale in [-1, .nan, .infinity] {
      model.compiled?.optimizer.learningRateScale = scale
      #expect(throws: ModelError.self) { try model.fit(Corners.data(), verbosity: .silent) }
    }
  }
}
