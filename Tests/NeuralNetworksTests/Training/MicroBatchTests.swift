import Testing

@testable import NeuralNetworks

/// Batches that pass through the model in parts give the gradients of the whole batch.
@Suite struct MicroBatchTests {
  struct Recipe: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var loss: Loss = .sparseCategoricalCrossEntropy(fromLogits: true)
    var isWeighted = false
    var regularizer: Regularizer?
    var classWeights: [Int: Double] = [:]

    static let all = [
      Recipe(testDescription: "mean"),
      Recipe(testDescription: "ignored labels", loss: .crossEntropy(ignoring: 1)),
      Recipe(testDescription: "weights, penalty", isWeighted: true, regularizer: .l2(0.1)),
      Recipe(testDescription: "class weights", classWeights: [0: 5, 2: 0.5]),
    ]
  }

  private func model(_ recipe: Recipe, on device: Device) throws -> Model {
    let model = Model(
      Sequential {
        Dense(8, activation: .tanh, regularizer: recipe.regularizer)
        Dense(3)
      })
    model.compile(optimizer: .sgd(learningRate: 0.2, momentum: 0.9), loss: recipe.loss, metrics: [.accuracy])
    try model.build(inputShape: [3], on: device, seed: 4)
    return model
  }

  private func data(_ recipe: Recipe, on device: Device) -> BatchDataset {
    let data = Corners.data(22, seed: 3, on: device)
    let weights = (0..<22).map { Float($0 % 5) }
    return BatchDataset(
      Batch(
        input: data.inputs, target: data.targets, weights: recipe.isWeighted ? Tensor(weights, on: device) : nil))
  }

  @Test(arguments: TestDevices.all, Recipe.all) func sumsOfPartsAreTheWhole(_ device: Device, _ recipe: Recipe) throws {
    var histories: [History] = []
    var numbers: [[Float]] = []
    // Batches of 12 and 10, and parts of 5, 5, and 2, of 12 and 10, and of 1.
    for size in [nil, 5, 12, 1] as [Int?] {
      let model = try model(recipe, on: device)
      histories.append(
        try model.fit(
          data(recipe, on: device), epochs: 4, batchSize: 12, microBatchSize: size, seed: 1,
          classWeights: recipe.classWeights, verbosity: .silent))
      numbers.append(try model.numbers())
      #expect(model.compiled?.optimizer.step == 8)
    }
    for index in 1..<4 {
      for (found, expected) in zip(numbers[index], numbers[0]) { #expect((found - expected).magnitude < 1e-4) }
      for name in ["loss", "accuracy"] {
        for (found, expected) in zip(histories[index][name], histories[0][name]) {
          #expect((found - expected).magnitude < 1e-4, "\(name) on \(device)")
        }
      }
    }
  }

  /// The results of recorded steps, and the number of passes through the model: two steps of each shape are not
  /// replayed.
  @Test(arguments: TestDevices.all) func recordedStepsAreTheSame(_ device: Device) throws {
    var numbers: [[Float]] = []
    for (isReplayable, passes) in [(true, 2 * 3 + 2), (false, 8 * 3 + 4)] {
      let layer = StepReplayTests.Opaque(
        Sequential {
          Dense(8, activation: .gelu, regularizer: .l2(0.01))
          Dropout(0.3)
          Dense(3)
        }, isReplayable: isReplayable)
      let model = Model(layer)
      try model.build(inputShape: [3], on: device, seed: 4)
      let optimizer = Optimizer.nadam(learningRate: 0.05, clipping: .globalNorm(0.5))
      let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
      let step = try TrainingStep(model, optimizer: optimizer, loss: loss, seed: 9, microBatchSize: 5)
      let before = layer.passes
      var losses: [Float] = []
      for index in 0..<12 {
        let data = Corners.data(index % 3 == 2 ? 5 : 12, seed: UInt64(index + 1), on: device)
        let output = try step(Batch(input: data.inputs, target: data.targets))
        #expect(output.predictions[0].shape == [index % 3 == 2 ? 5 : 12, 3])
        losses += try output.loss.scalars()
      }
      #expect(layer.passes - before == passes)
      numbers.append(try losses + model.numbers())
    }
    #expect(numbers[0] == numbers[1])
  }

  /// The micro-batches of a step have masks of their own.
  @Test(arguments: TestDevices.all) func randomNumbersDiffer(_ device: Device) throws {
    let model = Model(
      Sequential {
        Dropout(0.5)
        Dense(1)
      })
    try model.build(inputShape: [32], on: device, seed: 4)
    let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError, microBatchSize: 1)
    let output = try step(Batch(input: .ones([4, 32], on: device), target: .zeros([4, 1], on: device)))
    #expect(Set(try output.predictions[0].scalars()).count == 4)
  }

  /// Parts count by their number of examples if the divisors of several losses differ.
  @Test(arguments: TestDevices.all) func severalOutputs(_ device: Device) throws {
    var numbers: [[Float]] = []
    for size in [nil, 3] as [Int?] {
      let model = SeveralOutputsTests.twin()
      model.compile(
        optimizer: .sgd(learningRate: 0.1),
        loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError], weights: ["price": 0.3]), device: device
      )
      try model.fit(
        SeveralOutputsTests.Pairs(), epochs: 3, batchSize: 8, microBatchSize: size, seed: 2, verbosity: .silent)
      numbers.append(try model.numbers())
    }
    for (a, b) in zip(numbers[0], numbers[1]) { #expect((a - b).magnitude < 1e-5) }
  }

  /// The square of a difference in the second micro-batch overflows.
  @Test func theOriginOfNonFiniteGradientsIsFound() throws {
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    let inputs = Tensor((0..<8).map { $0 == 5 ? 1e25 : Float($0) }, shape: [8, 1])
    let history = try model.fit(
      TensorDataset(inputs, .ones([8, 1])), batchSize: 8, microBatchSize: 3, shuffle: false,
      callbacks: [TerminateOnNonFinite()], verbosity: .silent)
    let reason = try #require(history.stopReason)
    #expect(reason.hasSuffix("the first one came from \"square\" in the forward pass"), "\(reason)")
  }

  @Test func sizesBelowOneAreRefused() throws {
    let model = try model(Recipe.all[0], on: .cpu)
    #expect {
      try model.fit(Corners.data(4), microBatchSize: 0, verbosity: .silent)
    } throws: {
      "\($0)" == "the micro-batch size is at least 1, not 0"
    }
    #expect(throws: TrainingError.self) {
      try TrainingStep(model, optimizer: .sgd(), loss: .crossEntropy(), microBatchSize: -1)
    }
  }
}
