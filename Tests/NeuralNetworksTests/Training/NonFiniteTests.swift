import Testing

@testable import NeuralNetworks

/// The device skips steps whose gradients are not finite, and the host determines the cause.
@Suite struct NonFiniteTests {
  static let devices = TestDevices.all

  /// Points on a line, except for one whose square is beyond the largest number; it is in batch 5 of 12.
  private func data(spoiled: Bool = true) -> TensorDataset {
    var x = (0..<96).map { Float($0 % 16) / 16 }
    let y = x.map { 2 * $0 - 1 }
    if spoiled { x[43] = 1e25 }
    return TensorDataset(Tensor(x, shape: [96, 1]), Tensor(y, shape: [96, 1]))
  }

  private func model(_ device: Device, _ optimizer: Optimizer, _ loss: Loss = .meanSquaredError) -> Sequential {
    let model = Sequential([Dense(4, activation: .relu), Dense(1)])
    model.compile(optimizer: optimizer, loss: loss, device: device)
    return model
  }

  /// Ends training after some steps.
  private final class Stop: Callback {
    let steps: Int
    init(after steps: Int) { self.steps = steps }
    func stepEnded(_ step: Int, _ run: TrainingRun) { if step == steps { run.stop(reason: "enough") } }
  }

  @discardableResult
  private func fit(_ model: Model, _ callbacks: [any Callback], spoiled: Bool = true) throws -> History {
    try model.fit(
      data(spoiled: spoiled), epochs: 2, batchSize: 8, shuffle: false, seed: 3, callbacks: callbacks,
      verbosity: .silent)
  }

  /// PyTorch's formula in tensor operations, which backends do not know.
  private struct OwnMomentum: UpdateRule {
    let learningRate: any LearningRate = 0.01
    var stateNames: [String] { ["velocity"] }
    func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
      state[0] = 0.9 * state[0] + gradient
      return parameter - step.learningRate * state[0]
    }
  }

  private static let optimizers: [@Sendable () -> Optimizer] = [
    { .adam() }, { .sgd(learningRate: 0.01, momentum: 0.9, clipping: .globalNorm(1)) },
    { .rmsProp(clipping: .value(0.5), groups: [ParameterGroup("**.bias", learningRateScale: 2)]) },
    { Optimizer(OwnMomentum()) },
  ]

  @Test(arguments: devices, 0..<4) func trainingEndsBeforeTheStep(_ device: Device, kind: Int) throws {
    let expected = model(device, Self.optimizers[kind]())
    try fit(expected, [Stop(after: 5)])
    let found = model(device, Self.optimizers[kind]())
    let terminator = TerminateOnNonFinite()
    let history = try fit(found, [terminator])
    let reason = try #require(history.stopReason)
    #expect(reason.hasPrefix("step 6 was left out: the gradient of 0."), "\(reason)")
    #expect(reason.contains("in the forward pass") && terminator.finding == reason)
    #expect(history.epochs.isEmpty && found.compiled?.optimizer.step == 5)
    #expect(try found.numbers() == expected.numbers())
    let states = try [found, expected].map { model in
      try (model.compiled?.optimizer.stateTensors() ?? []).flatMap { try $0.value.scalars() }
    }
    #expect(states[0] == states[1] && states[0].allSatisfy(\.isFinite))
    #expect(found.compiled?.optimizer.skipsNonFiniteGradients == false)
  }

  /// The fault of batch 6 is found after batch 12, or when the run is saved.
  @Test(arguments: devices, [0, 7]) func skippedStepsAreNotAveraged(_ device: Device, savedAfter step: Int) throws {
    for kind in 0..<4 {
      let expected = model(device, Self.optimizers[kind]()), found = model(device, Self.optimizers[kind]())
      let averagings = [WeightAveraging(.exponential(decay: 0.5)), WeightAveraging(.exponential(decay: 0.5))]
      try fit(expected, [averagings[0], Stop(after: 5)])
      let saver = ResumeTests.Saver(at: step)
      try fit(found, [averagings[1], TerminateOnNonFinite(), saver])
      #expect((saver.state != nil) == (step == 7))
      #expect(averagings.map(\.count) == [5, 5])
      #expect(try found.numbers() == expected.numbers())
      if let state = saver.state { #expect(state.callbacks["WeightAveraging"]?.numbers["count"] == 5) }
    }
  }

  @Test func theOperationIsNamed() throws {
    let model = model(.cpu, .adam())
    let reason = try #require(try fit(model, [TerminateOnNonFinite()]).stopReason)
    #expect(reason.hasSuffix("holds a NaN or an infinity; the first one came from \"square\" in the forward pass"))
  }

  @Test(arguments: devices) func anOperationOfTheBackwardPassIsNamed(_ device: Device) throws {
    // √0 is 0, and its derivative is not finite.
    let loss = Loss("root") { p, _ in (p - p).squareRoot().reshaped([p.shape[0]]) }
    let model = model(device, .adam(), loss)
    let reason = try #require(try fit(model, [TerminateOnNonFinite()], spoiled: false).stopReason)
    #expect(reason.hasPrefix("step 1 was left out: the gradient of 0."))
    #expect(reason.contains("in the backward pass"), "\(reason)")
  }

  @Test(arguments: TestDevices.real, [GradientClipping.none, .globalNorm(0.1)])
  func aRunThatIsFineIsTheSame(_ device: Device, clipping: GradientClipping) throws {
    let (plain, watched) = (model(device, .adam(clipping: clipping)), model(device, .adam(clipping: clipping)))
    let expected = try fit(plain, [], spoiled: false)
    let terminator = TerminateOnNonFinite()
    let history = try fit(watched, [terminator], spoiled: false)
    #expect(history.stopReason == nil && terminator.finding == nil)
    #expect(history["loss"] == expected["loss"])
    #expect(try watched.numbers() == plain.numbers())
  }

  @Test func aRunIsNotSavedAfterTheStep() throws {
    for step in [6, 8] {
      let saver = ResumeTests.Saver(at: step)
      let model = model(.cpu, .adam())
      let history = try fit(model, [saver, TerminateOnNonFinite()])
      let state = try #require(saver.state)
      #expect(state.step == 5 && state.batch == 5 && history.stopReason?.hasPrefix("step 6") == true)
      // The saved state leads to the same end.
      let again = self.model(.cpu, .adam())
      let resumed = try fit(again, [ResumeTests.Saver(restoring: state), TerminateOnNonFinite()])
      #expect(resumed.stopReason == history.stopReason)
      #expect(try again.numbers() == model.numbers())
    }
  }

  @Test(arguments: TestDevices.real) func loopsOfOnesOwnAskTheOptimizer(_ device: Device) throws {
    let model = Sequential([Dense(1)])
    try model.build(inputShape: [1], on: device, seed: 1)
    let optimizer = Optimizer.adam()
    let step = try TrainingStep(model, optimizer: optimizer, loss: .meanSquaredError)
    func batch(_ x: Float) -> Batch {
      Batch(input: Tensor([x, 1], shape: [2, 1], on: device), target: Tensor([1, 2], shape: [2, 1], on: device))
    }
    optimizer.skipsNonFiniteGradients = true
    for _ in 0..<4 { _ = try step(batch(1)) }
    #expect(try optimizer.skippedSteps() == 0)
    let before = try model.numbers()
    _ = try step(batch(1e25))
    _ = try step(batch(1))
    _ = try step(batch(1e25))
    #expect(try optimizer.skippedSteps() == 3 && model.numbers() == before)
    // After a reset, it continues.
    optimizer.skipsNonFiniteGradients = true
    _ = try step(batch(1))
    #expect(try optimizer.skippedSteps() == 0 && model.numbers() != before)
    // Without it, a recorded step applies every gradient.
    optimizer.skipsNonFiniteGradients = false
    for _ in 0..<3 { _ = try step(batch(1)) }
    #expect(try model.numbers().allSatisfy(\.isFinite))
    _ = try step(batch(1e25))
    #expect(try model.numbers().contains { !$0.isFinite })
  }

  @Test func aLossThatIsNotFiniteEndsTraining() throws {
    // The loss overflows, but its gradient does not.
    let loss = Loss("large") { p, _ in (p * 0 + 3e38).reshaped([p.shape[0]]) }
    let history = try fit(model(.cpu, .sgd(), loss), [TerminateOnNonFinite()], spoiled: false)
    #expect(history.epochs.count == 1 && history.stopReason == "the loss of epoch 1 is inf")
  }
}
