import Testing

@testable import NeuralNetworks

@Suite struct CallbackTests {
  /// Records its calls.
  final class Recorder: Callback {
    let name: String
    var log: Log
    init(_ name: String, _ log: Log) { (self.name, self.log) = (name, log) }
    func trainingBegan(_ run: TrainingRun) throws { log.lines.append("\(name) began") }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
      #expect(run.history.epochs.last == epoch)
      log.lines.append("\(name) epoch \(epoch.epoch)")
    }
    func stepEnded(_ step: Int, _ run: TrainingRun) throws {
      #expect(step == run.optimizer.step)
      log.lines.append("\(name) step \(step)")
    }
    func trainingEnded(_ run: TrainingRun) throws { log.lines.append("\(name) ended") }
  }
  final class Log { var lines: [String] = [] }
  struct Fault: Error {}

  /// Calls closures.
  final class Hooks: Callback {
    var began: (TrainingRun) throws -> Void = { _ in }
    var epoch: (EpochRecord, TrainingRun) throws -> Void = { _, _ in }
    var step: (Int, TrainingRun) throws -> Void = { _, _ in }
    var ended: (TrainingRun) throws -> Void = { _ in }
    func trainingBegan(_ run: TrainingRun) throws { try began(run) }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try self.epoch(epoch, run) }
    func stepEnded(_ step: Int, _ run: TrainingRun) throws { try self.step(step, run) }
    func trainingEnded(_ run: TrainingRun) throws { try ended(run) }
  }

  @Test func order() throws {
    let log = Log()
    try Corners.compiled().fit(
      Corners.data(6), epochs: 2, batchSize: 3, callbacks: [Recorder("a", log), Recorder("b", log)], verbosity: .silent)
    #expect(
      log.lines == [
        "a began", "b began", "a step 1", "b step 1", "a step 2", "b step 2", "a epoch 0", "b epoch 0", "a step 3",
        "b step 3", "a step 4", "b step 4", "a epoch 1", "b epoch 1", "a ended", "b ended",
      ])
  }

  @Test func beginsAndEnds() throws {
    let log = Log()
    let callback = ClosureCallback(
      trainingBegan: { _ in log.lines.append("training") },
      epochBegan: { epoch, run in
        #expect(run.epoch == epoch && run.batch == 0)
        log.lines.append("epoch \(epoch)")
      },
      epochEnded: { epoch, _ in log.lines.append("end of epoch \(epoch.epoch)") },
      stepBegan: { step, run in
        #expect(run.optimizer.step == step)
        log.lines.append("step \(step)")
      },
      stepEnded: { step, _ in log.lines.append("end of step \(step)") },
      validationBegan: { run in log.lines.append("validation of epoch \(run.epoch)") },
      validationEnded: { scores, _ in log.lines.append("end of validation, \(scores.names)") },
      trainingEnded: { _ in log.lines.append("end of training") })
    let history = try Corners.compiled().fit(
      Corners.data(4), epochs: 2, batchSize: 2, validation: .split(0.5), callbacks: [callback], verbosity: .silent)
    #expect(history.epochs.count == 2)
    #expect(
      log.lines == [
        "training", "epoch 0", "step 0", "end of step 1", "validation of epoch 0",
        "end of validation, [\"loss\", \"accuracy\"]", "end of epoch 0", "epoch 1", "step 1", "end of step 2",
        "validation of epoch 1", "end of validation, [\"loss\", \"accuracy\"]", "end of epoch 1", "end of training",
      ])
  }

  @Test func stoppingBeforeAnEpochOrAStep() throws {
    for (callback, steps) in [
      (ClosureCallback(epochBegan: { epoch, run in if epoch == 1 { run.stop(reason: "enough") } }), 3),
      (ClosureCallback(stepBegan: { step, run in if step == 4 { run.stop(reason: "enough") } }), 4),
    ] {
      let model = Corners.compiled()
      let history = try model.fit(
        Corners.data(30), epochs: 9, batchSize: 10, callbacks: [callback], verbosity: .silent)
      #expect(history.epochs.count == 1 && history.stopReason == "enough")
      #expect(model.compiled?.optimizer.step == steps)
    }
  }

  /// An epoch with fewer steps than the data has batches; a resumed one ends at the same step.
  @Test func stepsPerEpoch() throws {
    func fit(_ callbacks: [any Callback] = [], steps: Int?) throws -> (History, Model) {
      let model = Corners.compiled()
      let history = try model.fit(
        Corners.data(30), epochs: 3, batchSize: 8, stepsPerEpoch: steps, seed: 2, callbacks: callbacks,
        verbosity: .silent)
      return (history, model)
    }
    let saver = ResumeTests.Saver(at: 4)
    let (history, model) = try fit([saver], steps: 3)
    #expect(history.epochs.count == 3 && model.compiled?.optimizer.step == 9)
    let (_, resumed) = try fit([ResumeTests.Saver(restoring: try #require(saver.state))], steps: 3)
    #expect(try resumed.numbers() == model.numbers())
    // Within an epoch, the number of steps must be the same; batch 1 of 3 is the last of 1.
    for steps in [1, 2, nil] {
      #expect {
        _ = try fit([ResumeTests.Saver(restoring: try #require(saver.state))], steps: steps)
      } throws: {
        "\($0)".contains(
          "it is from the middle of an epoch with a number of steps of 3, and this run has a number of steps of \(steps ?? 4)"
        )
      }
    }
    // A state from before this number was stored.
    let last = ResumeTests.Saver(at: 5)
    _ = try fit([last], steps: 3)
    let new = try #require(last.state)
    let old = TrainingState(
      epoch: new.epoch, step: new.step, batch: new.batch, batchSize: new.batchSize, seed: new.seed,
      weights: new.weights, optimizer: new.optimizer, history: new.history, values: new.values)
    #expect(try fit([ResumeTests.Saver(restoring: old)], steps: 3).1.numbers() == model.numbers())
    #expect {
      _ = try fit([ResumeTests.Saver(restoring: old)], steps: 1)
    } throws: {
      "\($0)".contains("batch is 2, and the number of steps per epoch of this run is 1")
    }
    let (_, whole) = try fit(steps: 99)
    #expect(whole.compiled?.optimizer.step == 12)
    #expect {
      _ = try fit(steps: 0)
    } throws: {
      "\($0)" == "the number of steps per epoch is at least 1, not 0"
    }
  }

  @Test func stopping() throws {
    let hooks = Hooks()
    hooks.epoch = { epoch, run in if epoch.epoch == 1 { run.stop(reason: "enough") } }
    let history = try Corners.compiled().fit(Corners.data(), epochs: 9, callbacks: [hooks], verbosity: .silent)
    #expect(history.epochs.count == 2 && history.stopReason == "enough")

    // After a step: the epoch is not complete, so it is not recorded.
    let early = Hooks()
    early.step = { step, run in
      if step == 4 { run.stop(reason: "first") }
      if step == 4 { run.stop(reason: "second") }
    }
    let model = Corners.compiled()
    let cut = try model.fit(Corners.data(30), epochs: 9, batchSize: 10, callbacks: [early], verbosity: .silent)
    #expect(cut.epochs.count == 1 && cut.stopReason == "first")
    #expect(model.compiled?.optimizer.step == 4)
  }

  @Test func faultsEndTraining() throws {
    for part in 0..<4 {
      let hooks = Hooks()
      var ended = false
      if part == 0 { hooks.began = { _ in throw Fault() } }
      if part == 1 { hooks.step = { _, _ in throw Fault() } }
      if part == 2 { hooks.epoch = { _, _ in throw Fault() } }
      hooks.ended = { _ in
        ended = true
        if part == 3 { throw Fault() }
      }
      #expect(throws: Fault.self) {
        try Corners.compiled().fit(Corners.data(), callbacks: [hooks], verbosity: .silent)
      }
      #expect(ended == (part == 3))
    }
  }

  @Test func earlyStopping() throws {
    let model = Corners.compiled()
    // The larger the step, the sooner the loss grows.
    model.compile(optimizer: .sgd(learningRate: 0), loss: .crossEntropy(), metrics: [.accuracy])
    let stopping = EarlyStopping(monitor: "validation_loss", patience: 2)
    let history = try model.fit(
      Corners.data(), epochs: 20, validation: .split(0.2), callbacks: [stopping], verbosity: .silent)
    // Nothing changes: the first epoch is the best, and two more are tolerated.
    #expect(history.epochs.count == 3)
    #expect(history.stopReason == "validation_loss has not improved for 2 epochs")
    #expect(stopping.best?.epoch == 0)
  }

  @Test(arguments: TestDevices.real) func bestWeights(_ device: Device) throws {
    let model = Corners.compiled(on: device)
    var best: [Float] = []
    var seen = [Double]()
    let spoiler = Hooks()
    spoiler.epoch = { epoch, run in
      seen.append(epoch["loss"]!)
      if seen.min() == epoch["loss"] { best = try run.model.numbers() }
      // From the third epoch on, every epoch starts with modified weights.
      if epoch.epoch >= 2 {
        for (_, parameter) in run.model.parameters { parameter.value = .zeros(like: parameter.value) }
      }
    }
    let stopping = EarlyStopping(monitor: "loss", patience: 1, restoresBestWeights: true)
    let history = try model.fit(
      Corners.data(), epochs: 20, batchSize: 16, seed: 2, callbacks: [stopping, spoiler], verbosity: .silent)
    #expect(history.epochs.count < 20 && history.stopReason != nil)
    #expect(stopping.best?.value == history["loss"].min())
    #expect(try model.numbers() == best)
  }

  @Test func directions() {
    let automatic = MonitorDirection.automatic
    for name in ["accuracy", "validation_accuracy", "validation_top_3_accuracy", "f1", "recall_2", "kind_precision"] {
      #expect(automatic.prefersLarger(name))
    }
    for name in ["loss", "validation_loss", "mean_squared_error", "peak"] { #expect(!automatic.prefersLarger(name)) }
    #expect(MonitorDirection.larger.isBetter(2, than: 1, by: 0, named: "loss"))
    #expect(!automatic.isBetter(0.95, than: 1, by: 0.1, named: "loss"))
    #expect(automatic.isBetter(0.85, than: 1, by: 0.1, named: "loss"))
    #expect(!automatic.isBetter(.nan, than: 1, by: 0, named: "loss"))
    #expect(automatic.isBetter(1, than: .nan, by: 0, named: "loss"))
  }

  @Test func cancellation() async throws {
    let task = Task {
      let hooks = Hooks()
      var steps = 0
      hooks.step = { _, _ in
        steps += 1
        if steps == 5 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      var ended = false
      hooks.ended = { _ in ended = true }
      let history = try Corners.compiled().fit(
        Corners.data(30), epochs: 1000, batchSize: 10, callbacks: [hooks], verbosity: .silent)
      return (history, steps, ended)
    }
    let (history, steps, ended) = try await task.value
    #expect(history.stopReason == "cancelled" && history.epochs.count == 1)
    #expect(steps == 5 && ended)
  }

  @Test(arguments: [3, 4]) func resuming(_ cut: Int) throws {
    let data = Corners.data(40)
    func fit(_ model: Sequential, _ callbacks: [any Callback], seed: UInt64 = 8) throws -> History {
      try model.fit(data, epochs: 3, batchSize: 16, seed: seed, callbacks: callbacks, verbosity: .silent)
    }
    let whole = Corners.compiled(dropout: 0.1)
    let expected = try fit(whole, [])

    // Three steps per epoch: the state is taken between epochs (3) or in the middle of one (4).
    var state: TrainingState?
    let saver = Hooks()
    saver.step = { step, run in if step == cut && cut == 4 { state = try run.state() } }
    saver.epoch = { epoch, run in if epoch.epoch == 0 && cut == 3 { state = try run.state() } }
    let first = Corners.compiled(dropout: 0.1)
    _ = try fit(first, [saver])
    let saved = try #require(state)
    #expect(saved.step == cut && saved.epoch == 1 && saved.batch == cut - 3 && saved.history.epochs.count == 1)

    let resumer = Hooks()
    resumer.began = { run in try run.restore(saved) }
    let second = Corners.compiled(dropout: 0.1)
    let history = try fit(second, [resumer], seed: 99)
    #expect(try second.numbers() == whole.numbers())
    #expect(history.epochs.count == 3)
    #expect(history["loss"][2] == expected["loss"][2])
  }

  @Test func restoringTooLate() throws {
    let hooks = Hooks()
    hooks.step = { _, run in try run.restore(try run.state()) }
    #expect(throws: TrainingError.self) {
      try Corners.compiled().fit(Corners.data(), callbacks: [hooks], verbosity: .silent)
    }
  }
}
