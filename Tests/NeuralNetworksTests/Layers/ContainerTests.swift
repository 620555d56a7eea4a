import BackendCore
import BackendReference
import Testing

@testable import NeuralNetworks

@Suite struct ContainerTests {
  private let input = Tensor.normal([3, 4], using: RandomStream(seed: 9))

  @Test func residualAdds() throws {
    let layer = Residual {
      Dense(8, activation: .relu)
      Dense(4)
    }
    try layer.build(inputShape: [4], seed: 1)
    let change = layer.layers.applied(to: input, .inference)
    #expect(try layer(input, .inference).scalars() == (input + change).scalars())
    #expect(layer.parameters.paths == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"])
  }

  @Test func parallelJoins() throws {
    let layers: [any Layer] = [Dense(4), Dense(4, activation: .tanh)]
    let joined = Parallel(layers)
    try joined.build(inputShape: [4], seed: 1)
    let (a, b) = (layers[0](input, .inference), layers[1](input, .inference))
    #expect(try joined(input, .inference).scalars() == Tensor.concatenated([a, b], axis: 1).scalars())
    #expect(try Parallel(layers, joining: .sum)(input, .inference).scalars() == (a + b).scalars())
  }

  @Test func refusals() {
    func message(_ layer: any Layer, _ shape: [Int] = [4]) -> String {
      do {
        try layer.build(inputShape: shape)
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(Residual { Dense(5) }).contains("the layers make [5] of [4]"))
    #expect(message(Sequential { Residual { Dense(5) } }).hasPrefix("0 (Residual)"))
    let sum = Parallel(joining: .sum) {
      Dense(5)
      Dense(4)
    }
    #expect(message(sum).contains("the inputs have shapes [5] and [4]"))
    #expect(message(Parallel(joining: .concatenation(axis: 3)) { Dense(5) }).contains("axis 3 is none of"))
    #expect(message(Parallel(joining: .concatenation(axis: 0)) { Dense(5) }).contains("axis 0 is"))
    #expect(message(Parallel {}).contains("nothing to join"))
  }

  /// Gradients of recomputed layers equal those of layers whose results were kept: with dropout, shared parameters,
  /// frozen ones, nesting, and running statistics that are updated once.
  @Test(arguments: TestDevices.all) func rematerializedGradients(_ device: Device) throws {
    func layers() -> [any Layer] {
      let shared = Dense(6, activation: .tanh)
      return [Dense(6, activation: .gelu), Dropout(0.3), shared, BatchNorm(), shared, Residual { Dense(6) }]
    }
    func results(_ layer: any Layer, inner: Sequential) throws -> [[Float]] {
      inner.freeze("0.bias")
      let x = input.moved(to: device)
      let random = Context.training(RandomStream(seed: 4))
      var output = Tensor(0)
      let (value, gradients) = valueAndGradient(at: layer) { layer in
        output = layer(x, random)
        return output.squared().sum()
      }
      let (_, dx) = valueAndGradient(at: x) { layer($0, random).squared().sum() }
      let norm = try #require(inner[3] as? BatchNorm)
      var all: [[Float]] = [[Float(try value.item())], try output.scalars(), try dx.scalars()]
      all.append(try norm.runningMean.value.scalars())
      for path in gradients.paths { all.append(try #require(gradients[path]).scalars()) }
      return all
    }
    func built() throws -> Sequential {
      let model = Sequential(layers())
      try model.build(inputShape: [4], on: device, seed: 5)
      return model
    }
    let plain = try built()
    let kept = try results(plain, inner: plain)
    let inner = try built()
    let again = try results(Rematerialized([inner]), inner: inner)
    #expect(kept.count == again.count)
    for (a, b) in zip(kept, again) { #expect(a.elementsEqual(b) { abs($0 - $1) <= 1e-5 * max(1, abs($0)) }) }
  }

  /// Second derivatives pass through recomputed layers.
  @Test func rematerializedTwice() throws {
    let device = TestDevices.reference
    let dense = Dense(3, activation: .tanh)
    try dense.build(inputShape: [2], inputDType: .float64, on: device, seed: 1, dtype: .float64)
    func gradientOfGradients(_ layer: any Layer) throws -> [Double] {
      let x = Tensor([0.3, -0.7], shape: [1, 2], dtype: .float64, on: device)
      return try valueAndGradient(at: x) { x in
        valueAndGradient(at: x) { layer($0, .inference).sum() }.gradient.squared().sum()
      }.gradient.scalars(as: Double.self)
    }
    let (plain, again) = (try gradientOfGradients(dense), try gradientOfGradients(Rematerialized([dense])))
    #expect(zip(plain, again).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(plain.contains { abs($0) > 1e-3 })
  }

  /// Fewer bytes are live at the end of the forward pass.
  @Test func rematerializedMemory() throws {
    func peak(_ wrap: ([any Layer]) -> any Layer) throws -> Int {
      let backend = ReferenceBackend()
      let device = Device(backend)
      let blocks = (0..<6).map { _ in wrap([Dense(64, activation: .tanh), Dense(64, activation: .tanh)]) }
      let model = Sequential(blocks)
      try model.build(inputShape: [64], on: device, seed: 1)
      let x = Tensor.ones([50, 64], on: device)
      let parameters = backend.memoryStatistics().liveBytes
      var bytes = 0
      _ = valueAndGradient(at: model) { model in
        let y = model(x, .inference)
        bytes = backend.memoryStatistics().liveBytes
        return y.sum()
      }
      return bytes - parameters
    }
    let (kept, again) = (try peak { Sequential($0) }, try peak { Rematerialized($0) })
    #expect(Double(again) < 0.7 * Double(kept), "\(again) of \(kept) bytes")
  }

  @Test func describesItself() throws {
    let model = Sequential(inputShape: [2, 6]) {
      PositionalEncoding(dropout: 0.1)
      TransformerEncoderBlock(heads: 2, width: 6, activation: .gelu, normalizesFirst: true)
      SelfAttention(heads: 3, width: 6, isCausal: true)
      PositionalEmbedding(4)
      Rematerialized { Residual { LayerNorm(epsilon: 1e-3) } }
      Parallel(joining: .concatenation(axis: 1)) {
        RMSNorm(isAffine: false)
        Sequential {
          GaussianNoise(0.2)
          BatchNorm(momentum: 0.2)
        }
      }
      SpatialDropout(0.1)
      GroupNorm(2)
    }
    let again = Sequential(architecture: try Architecture(of: model))
    for network in [model, again] { try network.build(inputShape: [2, 6], seed: 5) }
    let x = Tensor.normal([2, 2, 6], using: RandomStream(seed: 1))
    #expect(try model(x, .inference).scalars() == again(x, .inference).scalars())
    #expect(model.parameters.paths == again.parameters.paths)
    #expect(try model.summary().parameterCount == again.summary().parameterCount)
  }
}
