import NeuralNetworks
import Testing

@Suite("Programs of layers and models")
struct ModelProgramTests {
  @Test func parametersAreCounted() throws {
    let small = LayerPrograms.small()
    #expect(try small.summary().parameterCount == 92)
    // 16-32-16, a bottleneck 16-8-16 or none, 16-8 without bias, two of 8, 8-3.
    let shared = (16 * 32 + 32) + (32 * 16 + 16) + 16 * 8 + 2 * 8 + (8 * 3 + 3)
    #expect(try LayerPrograms.mixed(deep: false).summary().parameterCount == shared)
    #expect(try LayerPrograms.mixed(deep: true).summary().parameterCount == shared + (16 * 8 + 8) + (8 * 16 + 16))
  }

  @Test(arguments: TestDevices.all)
  func layersOfOnesOwnRun(_ device: Device) throws {
    let model = LayerPrograms.mixed(deep: true)
    try model.build(inputShape: [4, 4], on: device, seed: 3)
    let x = Tensor.uniform([5, 4, 4], using: RandomStream(seed: 1), on: device)
    let quiet = model(x, .inference)
    #expect(quiet.shape == [5, 3])
    #expect(try quiet.scalars() == model(x, .inference).scalars())
    let random = RandomStream(seed: 2)
    #expect(try model(x, .training(random)).scalars() != quiet.scalars())
  }

  @Test(arguments: TestDevices.all)
  func initialWeightsAreTheSameEverywhere(_ device: Device) throws {
    func weights(_ device: Device) throws -> [Float] {
      let model = LayerPrograms.small()
      try model.build(inputShape: [3], on: device, seed: 11)
      return try model.parameters.flatMap { try $0.parameter.value.scalars() }
    }
    #expect(try weights(device) == weights(.cpu))
  }

  @Test(arguments: TestDevices.all)
  func modulesWithTwoResultsTrain(_ device: Device) throws {
    let (first, last) = try LayerPrograms.trainTwoHeads(on: device, steps: 60)
    #expect(last < first / 2)
  }

  @Test(arguments: TestDevices.all)
  func generativeModelsTrain(_ device: Device) throws {
    let (first, last) = try GenerativePrograms.vae(on: device, steps: 80)
    #expect(first.isFinite && last < first * 0.8)
    let moved = try GenerativePrograms.gan(on: device)
    #expect(moved.generatorMoved == [false, true])
    #expect(moved.criticMoved == [true, false])
  }
}
