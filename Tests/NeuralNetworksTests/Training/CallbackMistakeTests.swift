import Testing

@testable import NeuralNetworks

/// Callbacks whose methods are never called are rejected before training, and the end or failure of a training run is
/// reported.
@Suite struct CallbackMistakeTests {
  final class WrongLabels: Callback { func epochEnded(epoch: EpochRecord, run: TrainingRun) {} }
  final class WrongType: Callback { func epochEnded(_ epoch: Int, _ run: TrainingRun) throws {} }
  final class WrongOrder: Callback { func stepEnded(_ run: TrainingRun, _ step: Int) {} }
  final class TooFew: Callback { func epochEnded(_ epoch: EpochRecord) {} }
  final class WrongName: Callback { func onEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) {} }
  final class Asynchronous: Callback { func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) async throws {} }
  /// Each method that is async, next to one that is right.
  final class AsyncBegan: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func trainingBegan(_ run: TrainingRun) async {}
  }
  final class AsyncEpoch: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) async throws {}
  }
  final class AsyncStep: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func stepEnded(_ step: Int, _ run: TrainingRun) async -> Bool { true }
  }
  final class AsyncEnded: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func trainingEnded(_ run: TrainingRun) async throws {}
  }
  /// One method is correct, another is not.
  final class HalfRight: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func trainingEnded() {}
  }
  class Empty: Callback {}
  final class Late: Empty { func trainingBegan(_ run: TrainingRun) {} }

  /// Next to a method that is right.
  class Half: Callback { func stepEnded(_ step: Int, _ run: TrainingRun) {} }
  final class HalfKeras: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func onEpochEnd(epoch: Int, logs: [String: Double]) {}
  }
  final class HalfPython: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    // swift-format-ignore: AlwaysUseLowerCamelCase
    func on_epoch_end(_ epoch: EpochRecord, _ run: TrainingRun) throws {}
  }
  final class HalfLightning: Callback {
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) {}
    func onTrainBatchEnd(_ batch: Int, _ run: TrainingRun) -> Bool { true }
  }
  final class HalfLabel: Callback {
    func stepEnded(_ step: Int, _ run: TrainingRun) {}
    func epochEnded(epoch: EpochRecord, _ run: TrainingRun) {}
  }
  final class HalfType: Callback {
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) {}
    func trainingEnded(_ history: History) {}
  }
  final class HalfOrder: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func epochEnded(run: TrainingRun, epoch: EpochRecord) {}
  }
  final class HalfBegan: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func onTrainStart(_ run: TrainingRun) {}
  }
  final class HalfEpochStart: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {}
  }
  final class HalfStepStart: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func stepBegan(step: Int, run: TrainingRun) {}
  }
  final class AsyncValidation: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func validationBegan(_ run: TrainingRun) async {}
  }
  final class HalfValidation: Callback {
    func trainingEnded(_ run: TrainingRun) {}
    func evaluationEnded(_ scores: Scores, _ run: TrainingRun) {}
  }
  /// What other frameworks call it is a method of its own next to the right one.
  final class Both: Callback {
    var epochs = 0
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { onEpochEnd(epoch, run) }
    func onEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) { epochs += 1 }
  }

  @Test func anotherNameNextToTheRightOneIsACustomMethod() throws {
    let both = Both()
    try Corners.compiled().fit(Corners.data(), epochs: 2, callbacks: [both, Half()], verbosity: .silent)
    #expect(both.epochs == 2)
  }

  @Test func whatIsNeverCalledIsRefused() throws {
    let cases: [(any Callback, String)] = [
      (HalfKeras(), "its method onEpochEnd is never called"), (HalfPython(), "its method on_epoch_end is never called"),
      (HalfLightning(), "its method onTrainBatchEnd is never called"),
      (HalfLabel(), "its method epochEnded is never called"), (HalfType(), "its method trainingEnded is never called"),
      (HalfOrder(), "its method epochEnded is never called"), (HalfBegan(), "its method onTrainStart is never called"),
      (WrongLabels(), "its method epochEnded is never called"), (WrongType(), "its method epochEnded is never called"),
      (WrongOrder(), "its method stepEnded is never called"), (TooFew(), "its method epochEnded is never called"),
      (HalfRight(), "its method trainingEnded is never called"), (WrongName(), "its method onEpochEnd is never called"),
      (Asynchronous(), "its method epochEnded (async) is never called"),
      (AsyncBegan(), "its method trainingBegan (async) is never called"),
      (AsyncEpoch(), "its method epochEnded (async) is never called"),
      (AsyncStep(), "its method stepEnded (async) is never called"),
      (AsyncEnded(), "its method trainingEnded (async) is never called"),
      (HalfEpochStart(), "its method onEpochBegin is never called"),
      (HalfStepStart(), "its method stepBegan is never called"),
      (AsyncValidation(), "its method validationBegan (async) is never called"),
      (HalfValidation(), "its method evaluationEnded is never called"), (Empty(), "it has none of the methods"),
      (Late(), "it has none of the methods"),
    ]
    for (callback, text) in cases {
      do {
        try Corners.compiled().fit(Corners.data(), callbacks: [callback], verbosity: .silent)
        Issue.record("\(type(of: callback)) was taken")
      } catch let error as TrainingError {
        #expect(error.description.hasPrefix("the callback \(type(of: callback)): \(text)"), "\(error)")
        #expect(error.description.contains("throws") && !error.description.contains("\n"))
      }
    }
  }

  /// Custom overloads in addition to the correct method are allowed.
  final class Helping: Callback {
    var epochs = 0
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { epochEnded() }
    func epochEnded() { epochs += 1 }
  }
  class Base: Callback {
    var steps = 0
    func stepEnded(_ step: Int, _ run: TrainingRun) throws {}
  }
  final class Derived: Base {
    override func stepEnded(_ step: Int, _ run: TrainingRun) throws { steps += 1 }
  }
  final class Passing<Inner: Callback>: Callback {
    let inner: Inner
    init(_ inner: Inner) { self.inner = inner }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try inner.epochEnded(epoch, run) }
  }

  @Test func whatIsRightIsCalled() throws {
    let (helping, derived, inner) = (Helping(), Derived(), Helping())
    var epochs = 0, steps = 0, ends: [String] = []
    let closures = ClosureCallback(
      trainingBegan: { _ in ends.append("began") }, epochEnded: { _, _ in epochs += 1 },
      stepEnded: { step, run in steps = step }, trainingEnded: { _ in ends.append("ended") })
    try Corners.compiled().fit(
      Corners.data(32), epochs: 3, batchSize: 16, callbacks: [helping, derived, Passing(inner), closures],
      verbosity: .silent)
    #expect(helping.epochs == 3 && inner.epochs == 3 && derived.steps == 6)
    #expect(epochs == 3 && steps == 6 && ends == ["began", "ended"])
  }

  // MARK: What is shown

  private func shown(
    _ model: Model, epochs: Int, _ callbacks: [any Callback], _ verbosity: Verbosity = .lines, columns: Int? = nil
  ) throws -> [Substring] {
    let sink = ProgressTests.Sink(columns: columns)
    _ = try model.fit(Corners.data(), .ofEpochs(epochs, callbacks: callbacks, verbosity), sink: sink)
    return sink.text.split(separator: "\n")
  }

  @Test func earlyStoppingSaysWhyAndWhen() throws {
    func model() -> Sequential {
      let model = Corners.model()
      model.compile(optimizer: .sgd(learningRate: 0), loss: .crossEntropy(), metrics: [.accuracy])
      return model
    }
    let stopping = EarlyStopping(monitor: "loss", patience: 2, restoresBestWeights: true)
    let lines = try shown(model(), epochs: 9, [stopping])
    try #require(lines.count == 5, "three epochs and two notes: \(lines)")
    #expect(lines[3] == "stopped after epoch 3: loss has not improved for 2 epochs")
    #expect(lines[4].hasPrefix("the weights of epoch 1 are back: its loss is 1."))
    #expect(try shown(model(), epochs: 9, [EarlyStopping(monitor: "loss")], .silent).isEmpty)
    // On a terminal, the note has a separate line.
    let bar = try shown(model(), epochs: 9, [EarlyStopping(monitor: "loss")], .automatic, columns: 80)
    #expect(bar.last == "stopped after epoch 2: loss has not improved for 1 epoch")
    #expect(try shown(model(), epochs: 2, []).count == 2)
  }

  @Test func whatACallbackStopsIsShown() throws {
    let stop = ClosureCallback(stepEnded: { step, run in if step == 2 { run.stop(reason: "enough") } })
    #expect(try shown(Corners.compiled(), epochs: 3, [stop]) == ["stopped in epoch 1: enough"])
    let note = ClosureCallback(epochEnded: { epoch, run in run.note("epoch \(epoch.epoch)") })
    #expect(
      try shown(Corners.compiled(), epochs: 2, [note]).filter { $0.hasPrefix("epoch") } == ["epoch 0", "epoch 1"])
  }

  /// A loss that is not finite from the second epoch on.
  private func exploding() -> Sequential {
    let model = Corners.model()
    model.compile(optimizer: .sgd(learningRate: 3e38), loss: .crossEntropy())
    return model
  }

  @Test func aLossThatIsNotFiniteIsSaidOnce() throws {
    let lines = try shown(exploding(), epochs: 4, [])
    let warnings = lines.filter { $0.hasPrefix("warning: ") }
    try #require(warnings.count == 1 && lines.count == 5, "\(lines)")
    #expect(warnings[0].contains("loss is nan in epoch ") && warnings[0].contains("learning rate"))
    #expect(warnings[0].contains("TerminateOnNonFinite()"))
    #expect(try shown(exploding(), epochs: 4, [], .silent).isEmpty)
  }

  @Test func terminateOnNonFiniteSaysWhyAndWhen() throws {
    let lines = try shown(exploding(), epochs: 4, [TerminateOnNonFinite()])
    let last = try #require(lines.last)
    #expect(
      last.hasPrefix("stopped ") && last.contains("epoch") && last.contains("holds a NaN or an infinity"), "\(last)")
    #expect(!lines.contains { $0.hasPrefix("warning") })
  }

  @Test func aValidationLossThatIsNotFiniteIsSaid() throws {
    let model = Model(Spoiled())
    model.compile(optimizer: .sgd(learningRate: 0.01), loss: .crossEntropy())
    let sink = ProgressTests.Sink(columns: nil)
    var options = FitOptions.ofEpochs(2)
    options.validation = .data(Corners.data(8))
    _ = try model.fit(Corners.data(), options, sink: sink)
    let warnings = sink.text.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
    #expect(warnings.count == 1 && warnings[0].hasPrefix("warning: validation_loss is nan in epoch 1"), "\(warnings)")
  }

  /// Returns no finite numbers in inference.
  final class Spoiled: Layer {
    let dense = Dense(3)
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      context.isTraining ? dense(input, context) : dense(input, context) * Double.nan
    }
  }
}
