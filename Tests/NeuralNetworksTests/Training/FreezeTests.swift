import Testing

@testable import NeuralNetworks

/// `freeze()` stops parameters, as in PyTorch; `freeze(statistics: true)` stops running statistics too, as in Keras.
@Suite struct FreezeTests {
  private func model(on device: Device) throws -> Sequential {
    let model = Sequential {
      Dense(4)
      BatchNorm()
      Dense(3)
    }
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .crossEntropy(), device: device)
    // Statistics that do not match any batch.
    try model.build(inputShape: [3], on: device, seed: 1)
    model.parameters["1.runningMean"]?.value = Tensor([1, -2, 0.5, 3], on: device)
    model.parameters["1.runningVariance"]?.value = Tensor([4, 0.25, 1, 9], on: device)
    return model
  }

  private let paths = ["1.weight", "1.bias", "1.runningMean", "1.runningVariance"]

  private func values(_ model: Model) throws -> [[Float]] {
    try paths.map { try model.parameters[$0]?.value.scalars() ?? [] }
  }

  /// Several epochs, so that there are eager, recorded, and replayed steps.
  @Test(arguments: TestDevices.all) func statisticsMoveUnlessTheyAreFrozenToo(_ device: Device) throws {
    let model = try model(on: device)
    let begin = try values(model)
    model.freeze("1.**")
    try model.fit(Corners.data(), epochs: 3, verbosity: .silent)
    let moved = try values(model)
    #expect(moved[0] == begin[0] && moved[1] == begin[1])
    #expect(moved[2] != begin[2] && moved[3] != begin[3])

    model.freeze("1.**", statistics: true)
    try model.fit(Corners.data(), epochs: 3, verbosity: .silent)
    #expect(try values(model) == moved)
    #expect(model.parameters["1.runningMean"]?.isFrozen == true)

    model.unfreeze("1.**")
    try model.fit(Corners.data(), epochs: 3, verbosity: .silent)
    #expect(try zip(values(model), moved).allSatisfy { $0 != $1 })
  }

  /// A layer with frozen statistics computes the same in training as in inference: (x − μ)/√(σ² + ε).
  @Test(arguments: TestDevices.all) func frozenStatisticsAreWhatTrainingNormalizesWith(_ device: Device) throws {
    let layer = BatchNorm(epsilon: 0)
    try layer.build(inputShape: [2], on: device)
    layer.runningMean.value = Tensor([1, 3], on: device)
    layer.runningVariance.value = Tensor([4, 0.25], on: device)
    let x = Tensor([[3, 3], [1, 4], [5, 2]] as [[Float]], on: device)
    let random = RandomStream(seed: 1)
    layer.freeze(statistics: true)
    try expectClose(layer(x, .training(random)), [1, 0, 0, 2, 2, -2])
    layer.unfreeze()
    layer.freeze()
    // (x − mean)/deviation of the batch: means 3 and 3, deviations √(8/3) and √(2/3).
    try expectClose(layer(x, .training(random)), [0, 0, -1.2247449, 1.2247449, 1.2247449, -1.2247449])
  }

  @Test func statisticsFollowThePattern() throws {
    let model = Sequential {
      BatchNorm()
      BatchNorm()
      Dense(3)
    }
    model.compile(optimizer: .adam(), loss: .crossEntropy())
    try model.build(inputShape: [3])
    model.freeze("0.**", statistics: true)
    try model.fit(Corners.data(), verbosity: .silent)
    #expect(try model.parameters["0.runningMean"]?.value.scalars() == [0, 0, 0])
    #expect(try model.parameters["1.runningMean"]?.value.scalars() != [0, 0, 0])
  }
}
