import Testing

@testable import NeuralNetworks

/// A run restored from the state of another run continues with bitwise identical results: weights, history, callbacks.
@Suite struct ResumeTests {
  /// Takes the state after a step of the whole run, or after some epochs (negative); or restores one.
  final class Saver: SavingCallback {
    let step: Int
    var state: TrainingState?
    init(at step: Int) { self.step = step }
    init(restoring state: TrainingState) { (step, self.state) = (0, state) }
    func trainingBegan(_ run: TrainingRun) throws { if let state { try run.restore(state) } }
    func stepEnded(_ step: Int, _ run: TrainingRun) throws { if step == self.step { state = try run.state() } }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
      if -run.epoch == step { state = try run.state() }
    }
  }

  private let metrics: [Metric] = [
    .accuracy, .f1, .recall(class: 1), .confusionMatrix(), .topK(2), .auc, .auc(curve: .precisionRecall), .meanIoU,
    .perplexity, .matthewsCorrelation(), .cohenKappa(),
  ]

  private func fit(_ device: Device, _ saver: Saver?, weighted: Bool = false) throws -> (
    numbers: [Float], history: [[Double]], rate: Double, stop: String?
  ) {
    let model = Corners.compiled(on: device, dropout: 0.1, metrics: metrics)
    var data = Corners.data(40)
    if weighted {
      let weights = Tensor((0..<40).map { Float($0 % 5) / 2 })
      data = TensorDataset(data.inputs, data.targets, weights: weights)
    }
    // The loss decreases, and both callbacks expect an increase, so that they become active.
    let callbacks: [any Callback] = [
      ReduceLearningRateOnPlateau(monitor: "loss", factor: 0.5, patience: 1, direction: .larger),
      EarlyStopping(monitor: "loss", patience: 4, restoresBestWeights: true, direction: .larger),
      EarlyStopping(monitor: "loss", patience: 90),
    ]
    let history = try model.fit(
      data, epochs: 12, batchSize: 16, seed: 8, callbacks: (saver.map { [$0] } ?? []) + callbacks, verbosity: .silent)
    let values = history.epochs.map { epoch in epoch.names.map { epoch[$0] ?? .nan } }
    let scale = model.compiled?.optimizer.learningRateScale ?? 0
    return (try model.numbers(), values, scale, history.stopReason)
  }

  /// Three steps per epoch: after the first, within an epoch, and at the end of an epoch before and after it is
  /// recorded.
  @Test(arguments: TestDevices.real, [1, 8, 9, -3, -4]) func aRestoredRunEndsTheSame(_ device: Device, cut: Int) throws
  {
    let expected = try fit(device, nil)
    #expect(expected.stop != nil && expected.rate < 1, "the callbacks had nothing to do")
    let saver = Saver(at: cut)
    _ = try fit(device, saver)
    let found = try fit(device, Saver(restoring: try #require(saver.state)))
    #expect(found.numbers == expected.numbers)
    #expect(found.history == expected.history && found.rate == expected.rate && found.stop == expected.stop)
  }

  @Test func weightsOfExamplesAreGoneOnWith() throws {
    let expected = try fit(.cpu, nil, weighted: true)
    let saver = Saver(at: 5)
    _ = try fit(.cpu, saver, weighted: true)
    let found = try fit(.cpu, Saver(restoring: try #require(saver.state)), weighted: true)
    #expect(found.numbers == expected.numbers && found.history == expected.history)
  }

  @Test func aRunThatWasOverStaysOver() throws {
    let expected = try fit(.cpu, nil)
    let saver = Saver(at: -expected.history.count)
    _ = try fit(.cpu, saver)
    let state = try #require(saver.state)
    #expect(state.epoch == expected.history.count)
    let found = try fit(.cpu, Saver(restoring: state))
    #expect(found.numbers == expected.numbers && found.stop == expected.stop && found.history == expected.history)
  }

  @Test func callbacksOfOneNameAreToldApart() throws {
    let saver = Saver(at: -1)
    _ = try fit(.cpu, saver)
    let names = try #require(saver.state).callbacks.keys.sorted()
    #expect(names == ["EarlyStopping loss", "EarlyStopping loss 2", "ReduceLearningRateOnPlateau loss"])
  }

  @Test func saversComeFirstAndLast() throws {
    final class Log { var lines: [String] = [] }
    final class Plain: Callback {
      let log: Log
      init(_ log: Log) { self.log = log }
      func trainingBegan(_ run: TrainingRun) { log.lines.append("plain began") }
      func stepEnded(_ step: Int, _ run: TrainingRun) { log.lines.append("plain step") }
      func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { log.lines.append("plain epoch") }
      func trainingEnded(_ run: TrainingRun) { log.lines.append("plain ended") }
    }
    final class Saving: SavingCallback {
      let log: Log
      init(_ log: Log) { self.log = log }
      func trainingBegan(_ run: TrainingRun) { log.lines.append("saver began") }
      func stepEnded(_ step: Int, _ run: TrainingRun) { log.lines.append("saver step") }
      func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { log.lines.append("saver epoch") }
      func trainingEnded(_ run: TrainingRun) { log.lines.append("saver ended") }
    }
    for saverIsFirst in [false, true] {
      let log = Log()
      let callbacks: [any Callback] = [Saving(log), Plain(log)]
      try Corners.compiled().fit(
        Corners.data(6), batchSize: 6, callbacks: saverIsFirst ? callbacks : callbacks.reversed(), verbosity: .silent)
      #expect(
        log.lines == [
          "saver began", "plain began", "plain step", "saver step", "plain epoch", "saver epoch", "saver ended",
          "plain ended",
        ])
    }
  }

  @Test func anotherNumberOfExamplesIsRefused() throws {
    let saver = Saver(at: -1)
    _ = try fit(.cpu, saver)
    let state = try #require(saver.state)
    #expect(throws: TrainingError.state(reason: "it is of a run on 40 examples, and this run has 41")) {
      try Corners.compiled(dropout: 0.1).fit(
        Corners.data(41), batchSize: 16, callbacks: [Saver(restoring: state)], verbosity: .silent)
    }
  }
}
