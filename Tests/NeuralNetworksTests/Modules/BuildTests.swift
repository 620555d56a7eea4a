import NeuralNetworks
import Testing

/// Shapes are inferred by a run without numbers; values are functions of the seed and the path.
@Suite struct BuildTests {
  final class Block: Layer {
    let first = Dense(4, activation: .tanh)
    let second = Dense(4)
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      let y = second(first(x, context), context)
      return x + second(y, context)
    }
  }

  /// A user-defined model: properties, `prepare`, `forward`.
  final class Linear: Layer {
    let units: Int
    let weight = Parameter(nil, .heNormal)
    let bias: Parameter
    init(_ units: Int) {
      self.units = units
      bias = Parameter([units], .zeros)
    }
    func prepare(inputShape: [Int]) throws {
      guard let width = inputShape.last else {
        throw ModelError.invalidConfiguration(layer: "Linear", reason: "scalar input")
      }
      weight.declare(shape: [width, units])
    }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.matmul(weight.value) + bias.value }
  }

  static func network() -> Sequential {
    Sequential {
      Flatten()
      Dense(6, activation: .relu)
      Dense(4, activation: .softmax, initializer: .heNormal)
      Block()
      Linear(2)
    }
  }

  private func values(_ module: some Module) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for (path, parameter) in module.parameters { values[path] = try parameter.value.scalars() }
    return values
  }

  @Test func shapesFollowTheInput() throws {
    let model = BuildTests.network()
    #expect(model.parameters.paths.count == 10)
    #expect(model.parameters["1.weight"]?.shape == nil)
    try model.build(inputShape: [3, 2], seed: 1)
    let shapes = Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.path, $0.parameter.shape) })
    #expect(shapes["1.weight"] == [6, 6] && shapes["1.bias"] == [6] && shapes["2.weight"] == [6, 4])
    #expect(shapes["3.first.weight"] == [4, 4] && shapes["4.weight"] == [4, 2] && shapes["4.bias"] == [2])
    #expect(model(.zeros([5, 3, 2]), .inference).shape == [5, 2])
  }

  @Test func oneSeedGivesTheSameBitsOnEveryDevice() throws {
    let expected = BuildTests.network()
    try expected.build(inputShape: [3, 2], on: TestDevices.reference, seed: 7)
    let bits = try values(expected)
    for device in TestDevices.real {
      let model = BuildTests.network()
      try model.build(inputShape: [3, 2], on: device, seed: 7)
      #expect(model.device == device)
      #expect(try values(model) == bits)
    }
    let other = BuildTests.network()
    try other.build(inputShape: [3, 2], seed: 8)
    #expect(try values(other)["1.weight"] != bits["1.weight"])
    #expect(bits["3.first.weight"] != bits["3.second.weight"])
  }

  @Test func valuesThatAreThereStay() throws {
    let model = BuildTests.network()
    try model.build(inputShape: [6], seed: 1)
    let before = try values(model)
    try model.build(inputShape: [6], seed: 2)
    #expect(try values(model) == before)
    try model.build(inputShape: [6], on: TestDevices.reference, seed: 2)
    #expect(try values(model) == before)
    #expect(model.device == TestDevices.reference)
  }

  @Test func aWrongInputIsAnErrorThatNamesTheLayer() throws {
    let model = Sequential(inputShape: [3]) {
      Dense(4)
      Sequential {
        Dropout(0.5)
        Reshape([3, 2])
      }
    }
    #expect { try model.build(inputShape: [3]) } throws: { error in
      "\(error)".contains("1.1 (Reshape)") && "\(error)".contains("[3, 2]") && "\(error)".contains("[4]")
    }
    for (built, name) in [(Dense(4), "Dense"), (Sequential { Dense(4) }, "Sequential")] as [(any Layer, String)] {
      try built.build(inputShape: [3])
      #expect { try built.build(inputShape: [5]) } throws: { error in
        guard case ModelError.inputShape(name, [3], [5]) = error else { return false }
        return true
      }
    }
    let part = Dense(4)
    try part.build(inputShape: [3])
    #expect { try Sequential([Flatten(), part]).build(inputShape: [5]) } throws: { error in
      guard case ModelError.inputShape("1 (Dense)", [3], [5]) = error else { return false }
      return true
    }
    #expect { try Linear(2).build(inputShape: []) } throws: { "\($0)".contains("scalar input") }
    #expect { try Sequential { Dense(0) }.build(inputShape: [3]) } throws: { "\($0)".contains("0 units") }
    #expect { try Sequential { Dropout(.nan) }.build(inputShape: [3]) } throws: { "\($0)".contains("nan") }
    #expect { try Sequential { Dense(2) }.build(inputShape: [0]) } throws: { "\($0)".contains("[0]") }
    #expect { try Sequential { Dense(2) }.build(inputShape: []) } throws: { "\($0)".contains("0 (Dense)") }
  }

  @Test func aParameterThatNoCallReachesIsNamed() {
    final class Idle: Layer {
      let used = Dense(2)
      let unused = Dense(2)
      func forward(_ x: Tensor, _ context: Context) -> Tensor { used(x, context) }
    }
    #expect { try Idle().build(inputShape: [2]) } throws: { error in
      guard case ModelError.notBuilt("unused.weight, unused.bias") = error else { return false }
      return true
    }
  }

  @Test func theFirstCallBuildsWhatIsNotBuilt() throws {
    for device in TestDevices.all {
      let block = Block()
      let (loss, gradient) = valueAndGradient(at: Tensor.ones([2, 4], on: device)) { x in
        block(x, .inference).squared().mean()
      }
      #expect(try loss.item() > 0)
      #expect(gradient.shape == [2, 4])
      #expect(block.parameters["first.weight"]?.value.device == device)
    }
    let (a, b) = (Dense(3), Dense(3))
    let x = Tensor.ones([1, 3])
    #expect(try a(x, .inference).scalars() != b(x, .inference).scalars())
  }

  final class Autoencoder: Module {
    let encoder = Dense(2, activation: .relu)
    let decoder = Dense(5)
    let scale = Parameter([1], .ones)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
      decoder(encoder(x, context), context) * scale.value
    }
  }

  @Test func aModuleWithACallOfItsOwnIsBuiltByIt() throws {
    let model = Autoencoder()
    #expect { try model.build() } throws: { "\($0)".contains("encoder.weight, encoder.bias, decoder.weight") }
    try model.build(seed: 3) { model in _ = model(.zeros([1, 5]), .inference) }
    #expect(model.parameters["encoder.weight"]?.value.shape == [5, 2])
    #expect(model.parameters["decoder.weight"]?.value.shape == [2, 5])
    #expect(model(.ones([4, 5]), .inference).shape == [4, 5])
  }

  @Test func modulesThatAreBuiltInPartsAreWhole() throws {
    final class Pair: Module {
      let encoder = Sequential { Dense(2) }
      let decoder = Sequential(inputShape: [2]) { Dense(3) }
    }
    let pair = Pair()
    try pair.encoder.build(inputShape: [3], seed: 1)
    let before = try pair.encoder.parameters["0.weight"]!.value.scalars()
    try pair.build(seed: 1)
    #expect(try pair.parameters["encoder.0.weight"]!.value.scalars() == before)
    #expect(pair.parameters["decoder.0.weight"]!.value.shape == [2, 3])
  }

  @Test(arguments: TestDevices.all.filter { $0.backend.computes(.float64) })
  func float64IsPossible(_ device: Device) throws {
    let model = BuildTests.network()
    try model.build(inputShape: [6], inputDType: nil, on: device, seed: 1, dtype: .float64)
    #expect(model.parameters["1.weight"]?.value.dtype == .float64)
    _ = try model.summary()
  }
}
