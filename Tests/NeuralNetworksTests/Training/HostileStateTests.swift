import Testing

@testable import NeuralNetworks

/// A state may come from a file and contain anything. If it is impossible, `fit` reports that before the first step, or
/// instead of a value.
@Suite struct HostileStateTests {
  /// Takes the state after the second of three steps of the second epoch, or restores one.
  final class Saver: SavingCallback {
    var state: TrainingState?
    private let restores: Bool
    init() { restores = false }
    init(restoring state: TrainingState) { (self.state, restores) = (state, true) }
    func trainingBegan(_ run: TrainingRun) throws { if restores, let state { try run.restore(state) } }
    func stepEnded(_ step: Int, _ run: TrainingRun) throws { if step == 5 && !restores { state = try run.state() } }
  }

  static let badCounts = [1e300, -1, 0.5, .nan, .infinity, 0x1p54]

  private func fit(_ saver: Saver) throws -> History {
    try Corners.compiled(metrics: [.accuracy, .recall(class: 1), .confusionMatrix(), .f1, .auc]).fit(
      Corners.data(40), epochs: 3, batchSize: 16, seed: 8,
      callbacks: [
        saver, EarlyStopping(monitor: "loss", patience: 9), ReduceLearningRateOnPlateau(monitor: "loss", patience: 9),
      ],
      verbosity: .silent)
  }

  private func saved() throws -> TrainingState {
    let saver = Saver()
    _ = try fit(saver)
    return try #require(saver.state)
  }

  /// The reason why a state is rejected; nil if it is not.
  private func reason(_ state: TrainingState) throws -> String? {
    do { _ = try fit(Saver(restoring: state)) } catch TrainingError.state(let reason) { return reason }
    return nil
  }

  @Test func places() throws {
    let state = try saved()
    #expect(try reason(state) == nil)
    for count in [Int.max, Int.min, -1, 1 << 53 + 1] {
      #expect(
        try reason(state.with(stepsPerEpoch: count))
          == "the number of steps per epoch is \(count), not a count from 1 to 2^53")
      #expect(
        try reason(state.with(microBatchSize: count)) == "the micro-batch size is \(count), not a count from 1 to 2^53")
      #expect(try reason(state.with(epoch: count)) == "epoch is \(count), not a count from 0 to 2^53")
      #expect(try reason(state.with(step: count)) == "step is \(count), not a count from 0 to 2^53")
      #expect(try reason(state.with(batch: count))?.isEmpty == false)
      let history = History(epochs: [EpochRecord(epoch: count, seconds: 1, values: ["loss": 1])])
      #expect(try reason(state.with(history: history))?.contains("an epoch of the history is \(count)") == true)
    }
    // The largest counts that can be restored.
    let most = 1 << 53
    #expect(try reason(state.with(epoch: most)) == nil)
    #expect(try reason(state.with(step: most)) == nil)
    #expect(try reason(state.with(batch: most))?.contains("batch is \(most), and an epoch of") == true)
  }

  @Test(arguments: badCounts) func countsOfCallbacks(_ count: Double) throws {
    let state = try saved()
    var names: [String] = []
    for (callback, kept) in state.callbacks {
      for name in kept.numbers.keys where name != "best" {
        var callbacks = state.callbacks
        callbacks[callback]?.numbers[name] = count
        names.append(name)
        let expected = "\(callback): \(name) is \(count), not a count from 0 to 2^53"
        #expect(try reason(state.with(callbacks: callbacks)) == expected)
      }
    }
    #expect(names.sorted() == ["badEpochs", "coolingEpochs", "epoch", "reductions", "waited"])
  }

  @Test(arguments: badCounts) func countsOfValues(_ count: Double) throws {
    let state = try saved()
    for (name, owner) in [("loss/count", "loss: count"), ("loss/size", "loss: size"), ("0/count", "accuracy: count")] {
      var values = state.values
      #expect(values.numbers[name] != nil)
      values.numbers[name] = count
      #expect(try reason(state.with(values: values)) == "\(owner) is \(count), not a count from 0 to 2^53")
    }
  }

  @Test func tensorsOfValues() throws {
    let state = try saved()
    let names = state.values.tensors.keys.sorted()
    #expect(names == ["0/total", "1/counts", "2/counts", "3/counts", "4/counts", "loss/run"])
    for name in names + ["loss/total", "loss/weight", "0/weight"] {
      for tensor in [Tensor.ones([2]), .ones([3, 1]), .ones([2, 3]), .ones([0]), Tensor.full([], 1, dtype: .int32)] {
        var values = state.values
        values.tensors[name] = tensor
        let metric =
          ["0": "accuracy", "1": "recall_1", "2": "confusion_matrix", "3": "f1", "4": "auc"][String(name.prefix(1))]
          ?? "loss"
        let own = name.split(separator: "/")[1]
        #expect(
          try reason(state.with(values: values))?.hasPrefix("\(metric): \(own) has elements of") == true, "\(name)")
      }
    }
  }

  /// Only batches show the number of classes of a model.
  @Test func countsOfOtherClasses() throws {
    let state = try saved()
    for (name, shape) in [("1/counts", [3, 5]), ("2/counts", [5, 5]), ("3/counts", [3, 2])] {
      var values = state.values
      values.tensors[name] = .ones(shape)
      let found = try reason(state.with(values: values))
      #expect(found?.hasPrefix("counts of the shape \(shape), where the model's have") == true)
    }
  }

  /// Sums of a run on another device may have another element type.
  @Test func doublesAreGoneOnWith() throws {
    let state = try saved()
    var values = state.values
    values.tensors = values.tensors.mapValues { $0.moved(to: TestDevices.reference).cast(to: .float64) }
    let expected = try fit(Saver(restoring: state)), found = try fit(Saver(restoring: state.with(values: values)))
    #expect(found.epochs.map { $0["loss"] } == expected.epochs.map { $0["loss"] })
    #expect(found.epochs.map { $0["f1"] } == expected.epochs.map { $0["f1"] })
  }
}

extension TrainingState {
  /// The same except for the named parts.
  fileprivate func with(
    epoch: Int? = nil, step: Int? = nil, batch: Int? = nil, history: History? = nil,
    stepsPerEpoch: Int? = nil, microBatchSize: Int? = nil, callbacks: [String: ResumableState]? = nil,
    values: ResumableState? = nil
  ) -> TrainingState {
    let optimizer = OptimizerState(
      step: step ?? self.step, learningRateScale: self.optimizer.learningRateScale, tensors: self.optimizer.tensors)
    return TrainingState(
      epoch: epoch ?? self.epoch, step: step ?? self.step, batch: batch ?? self.batch, batchSize: batchSize, seed: seed,
      weights: weights, optimizer: optimizer, history: history ?? self.history, examples: examples,
      stepsPerEpoch: stepsPerEpoch, microBatchSize: microBatchSize, callbacks: callbacks ?? self.callbacks,
      values: values ?? self.values)
  }
}
