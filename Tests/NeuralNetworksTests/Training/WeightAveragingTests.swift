import Testing

@testable import NeuralNetworks

@Suite struct WeightAveragingTests {
  /// Three steps per epoch.
  @discardableResult
  private func fit(
    _ device: Device, _ callbacks: [any Callback], epochs: Int = 4, validation: Validation? = nil,
    isReplayable: Bool = true
  ) throws -> (model: Model, history: History) {
    let model = Model(StepReplayTests.Opaque(Corners.model(dropout: 0.1), isReplayable: isReplayable))
    model.compile(optimizer: .nadam(learningRate: 0.02), loss: .crossEntropy(), metrics: [.accuracy], device: device)
    let history = try model.fit(
      Corners.data(40), epochs: epochs, batchSize: 16, validation: validation, seed: 8, callbacks: callbacks,
      verbosity: .silent)
    return (model, history)
  }

  private func expectEqual(
    _ found: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count && !found.isEmpty, sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      #expect((Double(found) - expected).magnitude < 1e-5, "\(found), \(expected)", sourceLocation: sourceLocation)
    }
  }

  private func weights(_ run: TrainingRun) throws -> [Double] { try run.model.numbers().map(Double.init) }

  @Test(arguments: TestDevices.all, [0, 2]) func exponentialAveragesOfSteps(_ device: Device, _ start: Int) throws {
    var average: [Double]?
    let mean = ClosureCallback(stepEnded: { _, run in
      guard run.epoch >= start else { return }
      let weights = try self.weights(run)
      average = average.map { zip($0, weights).map { 0.9 * $0 + 0.1 * $1 } } ?? weights
    })
    let averaging = WeightAveraging(.exponential(decay: 0.9), startEpoch: start)
    let (model, history) = try fit(device, [averaging, mean])
    try expectEqual(model.numbers(), try #require(average))
    #expect(averaging.count == 3 * (4 - start))
    // Training itself is not affected.
    let (plain, plainHistory) = try fit(device, [])
    #expect(history["loss"] == plainHistory["loss"])
    #expect(try model.numbers() != plain.numbers())
  }

  @Test(arguments: TestDevices.all, [false, true])
  func equalAveragesOfEpochs(_ device: Device, hasValidation: Bool) throws {
    var sum: [Double]?
    // Called before the averages come in.
    func add(_ run: TrainingRun) throws {
      let weights = try self.weights(run)
      sum = sum.map { zip($0, weights).map { $0 + $1 } } ?? weights
    }
    let first = ClosureCallback(
      epochEnded: { epoch, run in if epoch.epoch >= 1 && !hasValidation { try add(run) } },
      validationBegan: { run in if run.epoch >= 1 { try add(run) } })
    let averaging = WeightAveraging(.equal, startEpoch: 1)
    let (model, _) = try fit(
      device, [first, averaging], validation: hasValidation ? .data(Corners.data(12, seed: 5)) : nil)
    try expectEqual(model.numbers(), try #require(sum).map { $0 / 3 })
    #expect(averaging.count == 3)
  }

  /// Validation, and the callbacks that come later, see the averages.
  @Test(arguments: TestDevices.real) func averagesAreValidated(_ device: Device) throws {
    let data = Corners.data(30, seed: 5)
    var ends: [[Float]] = []
    let later = ClosureCallback(epochEnded: { _, run in ends.append(try run.model.numbers()) })
    let stopping = EarlyStopping(patience: 50, restoresBestWeights: true)
    let (model, history) = try fit(
      device, [WeightAveraging(.exponential(decay: 0.8)), stopping, later], validation: .data(data))
    #expect(try model.numbers() == ends.last)
    #expect(stopping.best?.epoch == 3)
    let scores = try model.evaluate(data)
    expectClose(scores.loss, try #require(history["validation_loss"].last))
  }

  /// Recorded steps, whose buffers change when averages come and go.
  @Test(arguments: TestDevices.all, [WeightAveraging.Kind.exponential(decay: 0.9), .equal])
  func recordedStepsAreTheSame(_ device: Device, _ kind: WeightAveraging.Kind) throws {
    let numbers = try [true, false].map { isReplayable in
      try fit(device, [WeightAveraging(kind)], validation: .split(0.1), isReplayable: isReplayable).model.numbers()
    }
    #expect(numbers[0] == numbers[1])
  }

  /// After a step, at the end of an epoch before and after it is recorded, and at the end of the run.
  @Test(arguments: [2, 8, 9, -2, -4], [WeightAveraging.Kind.exponential(decay: 0.9), .equal])
  func aRestoredRunEndsTheSame(cut: Int, _ kind: WeightAveraging.Kind) throws {
    for device in TestDevices.real {
      let expected = try fit(device, [WeightAveraging(kind)])
      let saver = ResumeTests.Saver(at: cut)
      try fit(device, [saver, WeightAveraging(kind)])
      let state = try #require(saver.state)
      let found = try fit(device, [ResumeTests.Saver(restoring: state), WeightAveraging(kind)])
      #expect(try found.model.numbers() == expected.model.numbers())
      #expect(found.history["loss"] == expected.history["loss"])
      // A run that goes on from its last state continues with the weights of training.
      let longer = try fit(device, [WeightAveraging(kind)], epochs: 6)
      let continued = try fit(device, [ResumeTests.Saver(restoring: state), WeightAveraging(kind)], epochs: 6)
      #expect(try continued.model.numbers() == longer.model.numbers())
    }
  }

  /// A run that is interrupted in the validation of an epoch, and adds it once.
  @Test(arguments: [WeightAveraging.Kind.exponential(decay: 0.9), .equal])
  func aRunRestoredInAValidationEndsTheSame(_ kind: WeightAveraging.Kind) throws {
    let validation = Validation.data(Corners.data(12, seed: 5))
    let averaging = WeightAveraging(kind)
    let expected = try fit(.cpu, [averaging], validation: validation)
    var state: TrainingState?
    let saver = ClosureCallback(validationBegan: { run in if run.epoch == 1 { state = try run.state() } })
    try fit(.cpu, [WeightAveraging(kind), saver], validation: validation)
    let resumed = WeightAveraging(kind)
    let found = try fit(
      .cpu, [ResumeTests.Saver(restoring: try #require(state)), resumed], validation: validation)
    #expect(resumed.count == averaging.count)
    #expect(try found.model.numbers() == expected.model.numbers())
    #expect(found.history["validation_loss"] == expected.history["validation_loss"])
  }

  /// A parameter that was frozen when averaging began has the average of the steps since.
  @Test func parametersThatAreUnfrozenJoin() throws {
    let model = Corners.model()
    model.compile(optimizer: .sgd(learningRate: 0.1), loss: .crossEntropy())
    try model.build(inputShape: [3], seed: 1)
    model.freeze("1.**")
    var last: [Float] = []
    let thaw = ClosureCallback(
      epochBegan: { epoch, run in if epoch == 1 { run.model.unfreeze() } },
      stepEnded: { _, run in last = try #require(run.model.parameters["1.weight"]).value.scalars() })
    try model.fit(
      Corners.data(12), epochs: 2, batchSize: 12, callbacks: [thaw, WeightAveraging()], verbosity: .silent)
    expectEqual(try #require(model.parameters["1.weight"]).value.scalars(), last.map(Double.init))
  }

  @Test func statesThatDoNotFitAreRefused() throws {
    for (name, tensor, reason) in [
      ("average/nothing.weight", Tensor.ones([2]), "of no parameter"),
      ("training/network.inner.0.weight", Tensor.ones([2]), "of no parameter"),
      ("average/inner.0.weight", Tensor.ones([2]), "not floats of [3, 8]"),
      ("average/inner.0.bias", Tensor(integers: Array(0..<8)), "not floats of [8]"),
    ] {
      let restore = ClosureCallback(trainingBegan: { run in
        let state = ResumableState(numbers: ["count": 1], tensors: [name: tensor])
        try WeightAveraging().restore(state, run)
      })
      #expect {
        try fit(.cpu, [restore])
      } throws: {
        "\($0)".contains(reason)
      }
    }
  }

  @Test func invalidSettingsEndTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = WeightAveraging(.exponential(decay: 1)) }
    await #expect(processExitsWith: .failure) { _ = WeightAveraging(startEpoch: -1) }
  }
}
