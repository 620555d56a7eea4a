import Testing

@testable import NeuralNetworks

@Suite struct NormalizationLayerTests {
  /// What leaves a normalization has mean 0 and variance 1 where it should.
  @Test(arguments: TestDevices.all) func moments(_ device: Device) throws {
    let x = Tensor.normal([6, 4, 5], mean: 3, deviation: 2, using: RandomStream(seed: 1), on: device)
    func check(_ layer: any Layer, _ axes: [Int], reshaped shape: [Int] = [6, 4, 5]) throws {
      try layer.build(inputShape: [4, 5], on: device)
      let y = layer(x, .training(RandomStream(seed: 2))).reshaped(shape)
      try expectClose(
        y.mean(axes: axes), [Double](repeating: 0, count: y.mean(axes: axes).count), absolute: 1e-5)
      let variance = y.variance(axes: axes)
      try expectClose(variance, [Double](repeating: 1, count: variance.count), absolute: 1e-3)
    }
    try check(LayerNorm(), [2])
    try check(GroupNorm(2), [2], reshaped: [6, 2, 10])
    try check(BatchNorm(), [0, 2])
    try check(LayerNorm(isAffine: false), [2])
    let rms = RMSNorm(isAffine: false)
    let y = rms(x, .inference)
    try expectClose(y.squared().mean(axis: 2), [Double](repeating: 1, count: 24), absolute: 1e-3)
    #expect(rms.parameters.count == 0)
  }

  /// Running statistics after replayed steps are bitwise identical to those after eager steps, and inference uses them.
  @Test(arguments: TestDevices.real) func runningStatistics(_ device: Device) throws {
    func trained(opaque: Bool) throws -> (Sequential, [Float]) {
      let inner = Sequential {
        Dense(6)
        BatchNorm()
        Activation(.relu)
        LayerNorm()
        Dropout(0.2)
        Dense(3)
      }
      try inner.build(inputShape: [Corners.data(1).inputs.shape[1]], seed: 4)
      let model = opaque ? Sequential([StepReplayTests.Opaque(inner)]) : inner
      model.compile(optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), device: device)
      try model.fit(Corners.data(40), epochs: 5, batchSize: 8, seed: 3, verbosity: .silent)
      #expect(model.allowsReplay != opaque)
      let values = try inner.parameters.flatMap { try $0.parameter.value.scalars() }
      return (inner, values)
    }
    let (replayed, values) = try trained(opaque: false)
    let (_, repeated) = try trained(opaque: true)
    #expect(values == repeated)
    let norm = try #require(replayed[1] as? BatchNorm)
    #expect(try norm.runningMean.value.magnitude().max().item() > 0.01)
    let x = try Corners.data(4).batch(at: [0, 1, 2, 3]).input
    let one = try replayed.predict(x[0..<1]).scalars()
    #expect(one.elementsEqual(try replayed.predict(x).scalars().prefix(3)) { abs($0 - $1) < 1e-5 })
  }

  /// One number per channel has no variance.
  @Test func aBatchOfOne() throws {
    let layer = BatchNorm()
    try layer.build(inputShape: [3])
    let y = layer(Tensor([1, 2, 3], shape: [1, 3]), .training(RandomStream(seed: 1)))
    #expect(try y.scalars() == [0, 0, 0])
    #expect(try layer.runningVariance.value.scalars() == [1, 1, 1])
    #expect(try layer.runningMean.value.scalars() == [0.1, 0.2, 0.3])
  }

  @Test func refusals() {
    func message(_ layer: any Layer, _ shape: [Int]) -> String {
      do {
        try layer.build(inputShape: shape)
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(GroupNorm(3), [4, 2]).contains("3 groups do not divide 4 channels"))
    #expect(message(LayerNorm(), []).contains("no axis other than the batch's"))
    #expect(message(LayerNorm(epsilon: -1), [3]).contains("an epsilon of -1.0"))
    #expect(message(BatchNorm(momentum: 2), [3]).contains("a momentum of 2.0"))
    #expect(message(BatchNorm(), []).contains("no axis of channels"))
    #expect(message(SpatialDropout(0.5), [3]).contains("use Dropout"))
    #expect(message(SpatialDropout(1.5), [3, 3]).contains("1.5 is not a probability"))
    #expect(message(GaussianNoise(-1), [3]).contains("a deviation of -1.0"))
  }

  /// A trained layer rejects other widths.
  @Test func otherWidths() throws {
    for layer in [LayerNorm(), RMSNorm(), BatchNorm(), GroupNorm(1)] as [any Layer] {
      try layer.build(inputShape: [4])
      #expect(throws: ModelError.self) { try layer.build(inputShape: [5]) }
    }
  }

  @Test(arguments: TestDevices.all) func spatialDropoutDropsChannels(_ device: Device) throws {
    let x = Tensor.ones([20, 10, 7], on: device)
    let y = SpatialDropout(0.4)(x, .training(RandomStream(seed: 1)))
    let sums = try y.sum(axis: 2).scalars()
    let kept = sums.count { abs($0 - 7 / 0.6) < 1e-4 }
    #expect(kept + sums.count { $0 == 0 } == 200)
    #expect((90...150).contains(kept))
    #expect(try SpatialDropout(0.4)(x, .inference).scalars() == x.scalars())
  }

  @Test(arguments: TestDevices.all) func noise(_ device: Device) throws {
    let x = Tensor.zeros([100, 50], on: device)
    let y = GaussianNoise(0.5)(x, .training(RandomStream(seed: 1)))
    #expect(abs(try y.standardDeviation().item() - 0.5) < 0.02)
    #expect(try GaussianNoise(0.5)(x, .inference).scalars() == x.scalars())
  }
}
