import Testing

@testable import NeuralNetworks

/// Scaling of the loss for gradients in float16.
@Suite struct LossScalingTests {
  /// A loss whose gradient is `slope`, and +∞ in float16 if the scale of the loss times the slope is above 65504.
  private static func linear(_ slope: Double) -> Loss {
    Loss("linear", allowsReplay: true) { y, _ in (y * slope).sum(axis: 1) }
  }

  private func model(_ slope: Double, _ optimizer: Optimizer, on device: Device) -> Sequential {
    let model = Sequential { Dense(1, useBias: false, initializer: .zeros) }
    model.compile(optimizer: optimizer, loss: Self.linear(slope), device: device, precision: .mixedFloat16)
    return model
  }

  private let one = TensorDataset(.ones([1, 1]), .ones([1, 1]))

  private func weight(of model: Sequential) throws -> Double {
    try #require(model.parameters["0.weight"]).value.item()
  }

  /// The gradient is 2⁻²⁶, which float16 rounds to zero.
  @Test(arguments: TestDevices.all) func smallGradientsArrive(_ device: Device) throws {
    for (scaling, expected) in [(nil, 0), (LossScaling(), -0x1p-16)] as [(LossScaling?, Double)] {
      let optimizer = Optimizer.sgd(learningRate: 1024)
      let model = model(0x1p-26, optimizer, on: device)
      #expect(optimizer.lossScaling == LossScaling())
      optimizer.lossScaling = scaling
      try model.fit(one, verbosity: .silent)
      #expect(try weight(of: model) == expected)
    }
  }

  /// Scales of 2¹⁸ and 2¹⁷ are too large for a gradient of 1/2: two steps are skipped. Later ones are recorded and replayed.
  @Test(arguments: TestDevices.all) func stepsThatOverflowAreSkipped(_ device: Device) throws {
    let optimizer = Optimizer.adam(learningRate: 0.25)
    let model = model(0.5, optimizer, on: device)
    optimizer.lossScaling = LossScaling(initialScale: 0x1p18)
    let step = try TrainingStep(model, optimizer: optimizer, loss: Self.linear(0.5))
    let batch = Batch(input: .ones([1, 1]), target: .ones([1, 1]))
    var weights: [Double] = []
    for _ in 0..<6 {
      _ = try step(batch)
      weights.append(try weight(of: model))
    }
    #expect(weights[0] == 0 && weights[1] == 0 && weights[2] < 0)
    #expect(zip(weights[2...], weights[3...]).allSatisfy { $0 > $1 })
    #expect(try optimizer.lossScale() == 0x1p16)
    #expect(try optimizer.overflowedSteps() == 2 && optimizer.step == 6)
    #expect(try optimizer.skippedSteps() == 0)
  }

  @Test(arguments: TestDevices.all) func theScaleGrows(_ device: Device) throws {
    let optimizer = Optimizer.sgd(learningRate: 0.5)
    let model = model(0.5, optimizer, on: device)
    optimizer.lossScaling = LossScaling(initialScale: 0x1p14, growthInterval: 3)
    var scales: [Double] = []
    for epoch in 0..<12 {
      try model.fit(one, epochs: epoch + 1, initialEpoch: epoch, verbosity: .silent)
      scales.append(try #require(try optimizer.lossScale()))
    }
    // 2¹⁷ is too large: the thirteenth step would find it, and the tenth finds it after growing in the ninth.
    #expect(scales == [14, 14, 15, 15, 15, 16, 16, 16, 17, 16, 16, 16].map { Double(1 << $0) })
    #expect(try weight(of: model) == -0.25 * 11)
    #expect(try optimizer.overflowedSteps() == 1)
  }

  /// Rules that are composed of tensor operations, several micro-batches, and penalties.
  @Test(arguments: TestDevices.all) func everyRuleSkips(_ device: Device) throws {
    for makeOptimizer in [
      { Optimizer.lion(learningRate: 0.5) }, { .adamW(learningRate: 0.5) }, { .muon(learningRate: 0.5) },
    ]
      as [() -> Optimizer]
    {
      let optimizer = makeOptimizer()
      let model = Sequential { Dense(2, useBias: false, initializer: .constant(1), regularizer: .l2(1)) }
      model.compile(optimizer: optimizer, loss: Self.linear(0.5), device: device, precision: .mixedFloat16)
      optimizer.lossScaling = LossScaling(initialScale: 0x1p20)
      let data = TensorDataset(.ones([4, 2]), .ones([4, 1]))
      try model.fit(data, batchSize: 4, microBatchSize: 2, verbosity: .silent)
      #expect(try model.numbers() == [1, 1, 1, 1])
      #expect(try optimizer.lossScale() == 0x1p19 && optimizer.overflowedSteps() == 1)
    }
  }

  /// The penalty is scaled with the loss, in one batch and in micro-batches.
  @Test(arguments: [nil, 1]) func penaltiesAreScaled(microBatchSize: Int?) throws {
    let optimizer = Optimizer.sgd(learningRate: 1)
    let model = Sequential { Dense(1, useBias: false, initializer: .constant(1), regularizer: .l2(0.25)) }
    model.compile(optimizer: optimizer, loss: Self.linear(0.125), precision: .mixedFloat16)
    let data = TensorDataset(.ones([2, 1]), .ones([2, 1]))
    try model.fit(data, microBatchSize: microBatchSize, verbosity: .silent)
    #expect(try weight(of: model) == 1 - 0.125 - 0.5)
  }

  @Test(arguments: TestDevices.all) func explicitLoopsScale(_ device: Device) throws {
    let optimizer = Optimizer.sgd(learningRate: 1024)
    optimizer.lossScaling = LossScaling()
    let model = model(1, .sgd(), on: device)
    try model.build(inputShape: [1], on: device)
    let x = Tensor.ones([1, 1], on: device)
    let (_, gradients) = valueAndGradient(at: model) {
      optimizer.scaled((($0 as Sequential)(x, .inference) * 0x1p-26).sum())
    }
    try optimizer.update(model, with: gradients)
    #expect(try weight(of: model) == -0x1p-16)
  }

  /// An update would divide gradients of a loss that was not scaled.
  @Test func gradientsThatAreNotScaledAreRefused() throws {
    let optimizer = Optimizer.sgd(learningRate: 1)
    optimizer.lossScaling = LossScaling(initialScale: 8)
    let model = model(1, .sgd(), on: .cpu)
    try model.build(inputShape: [1])
    func gradients(scaling: Bool) -> Gradients {
      valueAndGradient(at: model) { model in
        let loss = model(.ones([1, 1]), .inference).sum()
        return scaling ? optimizer.scaled(loss) : loss
      }.gradient
    }
    func expectRefusal() throws {
      let error = #expect(throws: ModelError.self) { try optimizer.update(model, with: gradients(scaling: false)) }
      #expect("\(try #require(error))".hasSuffix("differentiate optimizer.scaled(loss) before each update"))
    }
    try expectRefusal()
    #expect(try optimizer.step == 0 && weight(of: model) == 0)
    try optimizer.update(model, with: gradients(scaling: true))
    #expect(try optimizer.step == 1 && weight(of: model) == -1)
    try expectRefusal()
    optimizer.lossScaling = nil
    try optimizer.update(model, with: gradients(scaling: false))
    #expect(try weight(of: model) == -2)
  }

  @Test func lossesOfOtherTypesAreScaled() throws {
    let optimizer = Optimizer.sgd()
    optimizer.lossScaling = LossScaling(initialScale: 8)
    let loss = optimizer.scaled(Tensor([0.1], dtype: .float64, on: TestDevices.reference))
    #expect(try loss.dtype == .float64 && loss.item() == 0.8)
    let half = optimizer.scaled(Tensor([60_000], dtype: .float16, on: TestDevices.reference))
    #expect(try half.dtype == .float32 && half.item() == 480_000)
  }

  /// With a scale of 1, the gradients themselves are not finite, and training ends.
  @Test func hopelessRunsEnd() throws {
    let optimizer = Optimizer.sgd(learningRate: 1)
    let model = model(1e30, optimizer, on: .cpu)
    optimizer.lossScaling = LossScaling(initialScale: 8)
    let history = try model.fit(
      one, epochs: 20, callbacks: [TerminateOnNonFinite()], verbosity: .silent)
    #expect(history.stopReason != nil && history.epochs.count <= 4)
    #expect(try weight(of: model) == 0)
    #expect(try optimizer.lossScale() == 1)
  }

  /// A run restored in the middle goes on with the same scale, and with the same bits.
  @Test(arguments: TestDevices.real, [2, 5]) func theScaleIsSaved(_ device: Device, cut: Int) throws {
    func run(_ saver: ResumeTests.Saver?) throws -> (numbers: [Float], scale: Double?, overflowed: Int) {
      let optimizer = Optimizer.adam(learningRate: 0.02)
      let model = Corners.model(dropout: 0.1)
      model.compile(optimizer: optimizer, loss: .crossEntropy(), device: device, precision: .mixedFloat16)
      optimizer.lossScaling = LossScaling(initialScale: 0x1p22, growthInterval: 2)
      try model.fit(
        Corners.data(40), epochs: 4, batchSize: 16, seed: 8, callbacks: saver.map { [$0] } ?? [], verbosity: .silent)
      return (try model.numbers(), try optimizer.lossScale(), try optimizer.overflowedSteps())
    }
    let expected = try run(nil)
    #expect(expected.overflowed > 0)
    let saver = ResumeTests.Saver(at: cut)
    _ = try run(saver)
    let found = try run(ResumeTests.Saver(restoring: try #require(saver.state)))
    #expect(found == expected)
  }

  @Test func settingsAreChecked() throws {
    for scaling in [
      LossScaling(initialScale: 0.5), LossScaling(initialScale: 3), LossScaling(initialScale: .nan),
      LossScaling(growthInterval: 0),
    ] {
      let optimizer = Optimizer.sgd()
      let model = model(1, optimizer, on: .cpu)
      optimizer.lossScaling = scaling
      #expect(throws: ModelError.self) { try model.fit(one, verbosity: .silent) }
    }
  }

  @Test func hostileStatesAreRefused() throws {
    let optimizer = Optimizer.sgd()
    for numbers in [[1, 2, 3], [-1, 0, 0, 0], [.nan, 0, 0, 0], [4, 0, -2, 0]] as [[Float]] {
      let state = OptimizerState(step: 1, tensors: [(LossScale.name, Tensor(numbers))])
      #expect(throws: ModelError.self) { try optimizer.restore(state) }
    }
    #expect(optimizer.step == 0)
  }
}
