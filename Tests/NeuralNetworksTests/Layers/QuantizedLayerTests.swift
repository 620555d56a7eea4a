import BackendCPU
import NeuralNetworks
import TestSupport
import Testing

/// Layers that multiply with weights in blocks.
@Suite struct QuantizedLayerTests {
  private static func weight(_ format: BlockFormat) throws -> QuantizedMatrix {
    try QuantizedMatrix(quantizing: .normal([1000, 1024], using: RandomStream(seed: 1)), as: format)
  }

  /// A recording has the bits of the layer, and the weights are not decoded: they would take 4 MB.
  @Test(arguments: [BlockFormat.q80, .q40, .q41]) func recordingsMultiplyWithBlocks(_ format: BlockFormat) throws {
    let device = Device(CPUBackend(threads: 2))
    let weight = try Self.weight(format)
    let model = Sequential { Lambda(allowsReplay: true) { x in x.quantizedMatmul(weight).relu() } }
    try model.build(inputShape: [1024], on: device)
    #expect(model.allowsReplay)
    let predictor = Predictor(model)
    for seed in 2..<5 as Range<UInt64> {
      let x = Tensor.normal([3, 1024], using: RandomStream(seed: seed), on: device)
      let y = try predictor.predict(x)
      #expect(y.shape == [3, 1000])
      #expect(try y.scalars() == x.quantizedMatmul(weight).relu().scalars())
    }
    #expect(device.memoryStatistics().peakBytes < 1 << 20)
  }

  /// A backend that passes its calls on to the CPU receives one call, and no weights.
  @Test func callsArePassedOn() throws {
    let counter = UploadCounter()
    let device = Device(counter)
    let weight = try Self.weight(.q80)
    let x = Tensor([Float](repeating: 0.5, count: 2048), shape: [2, 1024], on: device)
    let expected = try x.moved(to: .cpu).quantizedMatmul(weight).scalars()
    let before = counter.count.withLock { $0 }
    #expect(try x.quantizedMatmul(weight).scalars() == expected)
    #expect(counter.count.withLock { $0 } == before)
  }

  /// Shapes are inferred without weights.
  @Test func shapesAreInferred() throws {
    let weight = try Self.weight(.q41)
    let model = Sequential {
      Lambda { x in x.quantizedMatmul(weight) }
      Dense(3)
    }
    try model.build(inputShape: [7, 1024])
    #expect(try model.summary().parameterCount == 3003)
    #expect(model(.ones([2, 7, 1024]), .inference).shape == [2, 7, 3])
  }
}
