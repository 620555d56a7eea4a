import Testing

@testable import NeuralNetworks

/// Copies of models are independent of the original, and their values take no memory until one of the two changes.
@Suite struct ModelCopyTests {
  /// One layer of each kind that has state.
  private static func model() -> Sequential {
    Sequential {
      Conv2D(4, kernel: 3, padding: .same, activation: .relu)
      BatchNorm()
      Residual { Conv2D(4, kernel: 1, useBias: false) }
      Parallel(joining: .concatenation(axis: 1)) {
        Sequential { Conv2D(2, kernel: 1) }
        Conv2D(3, kernel: 3, padding: .same, activation: .tanh)
      }
      Flatten()
      Rematerialized { Dense(12, activation: .relu, regularizer: .l2(1e-3)) }
      Dropout(0.3)
      Model(Dense(3, initializer: .glorotUniform))
    }
  }

  private static func data(on device: Device = .cpu) -> TensorDataset {
    let x = Tensor.normal([24, 1, 5, 5], using: RandomStream(seed: 5), on: device)
    return TensorDataset(x, Tensor(integers: (0..<24).map { $0 % 3 }, on: device))
  }

  private func compile(_ model: Model, on device: Device? = nil) {
    model.compile(optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), device: device)
  }

  @Test(arguments: TestDevices.all) func aCopyAnswersAndLearnsAlike(_ device: Device) throws {
    let original = Self.model()
    compile(original, on: device)
    let data = Self.data(on: device)
    try original.fit(data, epochs: 2, batchSize: 8, verbosity: .silent)
    original.freeze("0.**")
    let before = try original.numbers()
    let copy = try original.copy()
    #expect(copy.device == device && copy.parameters.paths == original.parameters.paths)
    #expect(copy.parameters.map(\.parameter.isTrainable) == original.parameters.map(\.parameter.isTrainable))
    let answers = try original.predict(data.inputs).scalars()
    #expect(try copy.numbers() == before && copy.predict(data.inputs).scalars() == answers)

    // Training one of them does not change the other, including running statistics.
    compile(copy)
    try copy.fit(data, batchSize: 8, seed: 3, verbosity: .silent)
    #expect(try original.numbers() == before && original.predict(data.inputs).scalars() == answers)
    let learned = try copy.numbers()
    #expect(learned != before)
    compile(original)
    try original.fit(data, batchSize: 8, seed: 3, verbosity: .silent)
    #expect(try original.numbers() == learned && copy.numbers() == learned)
  }

  @Test func aCopySharesMemoryUntilItChanges() throws {
    let model = Corners.model()
    try model.build(inputShape: [3])
    let copy = try model.copy()
    let (a, b) = (try #require(model.parameters["0.weight"]), try #require(copy.parameters["0.weight"]))
    #expect(a !== b)
    #expect(a.value.storage === b.value.storage)
    b.value = .zeros(b.value.shape)
    #expect(a.value.storage !== b.value.storage)
    #expect(try a.value.magnitude().sum().item() > 0)
  }

  @Test func layersThatAreSharedStaySharedInACopy() throws {
    let shared = Dense(3, activation: .tanh)
    let model = Sequential([shared, Residual([shared]), shared])
    try model.build(inputShape: [3], seed: 4)
    let copy = try model.copy()
    #expect(copy.parameters.paths == ["0.weight", "0.bias"])
    #expect(copy[0] === copy[2] && copy[0] !== shared)
    let x = Tensor.normal([4, 3], using: RandomStream(seed: 2))
    #expect(try copy.predict(x).scalars() == model.predict(x).scalars())
    copy.parameters["0.weight"]?.value = .zeros([3, 3])
    #expect(try copy.predict(x).scalars() != model.predict(x).scalars())
  }

  private static func graph(_ merge: any MergeLayer) -> Graph {
    let (left, right) = (Node.input([3]), Node.input([3]))
    let shared = Dense(4, activation: .relu)
    let joined = merge(shared(left, name: "encoder"), shared(right))
    let sum = Concatenate()(joined, Multiply()(shared(left), shared(right)))
    return Graph(
      inputs: ["left": left, "right": right],
      outputs: ["kind": Dense(3)(sum), "price": Dense(1)(joined, name: "price")])
  }

  @Test(arguments: TestDevices.real) func graphs(_ device: Device) throws {
    let graph = Self.graph(Add())
    try graph.build(on: device, seed: 3)
    let copy = try graph.copy()
    #expect(copy.parameters.paths == graph.parameters.paths && copy.inputNames == graph.inputNames)
    #expect(copy.outputNames == graph.outputNames)
    let inputs = [1, 2].map { Tensor.normal([5, 3], using: RandomStream(seed: $0), on: device) }
    let answers = try graph.predict(inputs).map { try $0.scalars() }
    #expect(try copy.predict(inputs).map { try $0.scalars() } == answers)
    copy.compile(
      optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError]))
    try copy.fit(SeveralOutputsTests.Pairs(), verbosity: .silent)
    #expect(try graph.predict(inputs).map { try $0.scalars() } == answers)
    #expect(try copy.predict(inputs).map { try $0.scalars() } != answers)
  }

  @Test func modelsThatAreNotBuilt() throws {
    let model = Sequential(inputShape: [3]) { Dense(2) }
    let copy = try model.copy()
    try model.build(inputShape: [3], seed: 1)
    try copy.build(inputShape: [3], seed: 1)
    #expect(try copy.numbers() == model.numbers())
    #expect(throws: ModelError.self) { try copy.predict(.zeros([1, 4])) }
    let unknown = try Sequential { Dense(2) }.copy()
    #expect(try unknown.predict(.zeros([1, 7])).shape == [1, 2])
  }

  /// A slab that also contains parameters of other models is not shared.
  @Test func partsOfOtherModels() throws {
    let first = Dense(3), second = Dense(2)
    let whole = Sequential([first, second])
    try whole.build(inputShape: [4], seed: 1)
    let part = try Sequential([second], inputShape: [3]).copy()
    let before = try part.numbers()
    #expect(before == (try second.parameters.flatMap { try $0.parameter.value.scalars() }))
    second.weight.value = .zeros([3, 2])
    #expect(try part.numbers() == before)
  }

  // MARK: Custom layers

  final class Doubling: Layer { func forward(_ x: Tensor, _ context: Context) -> Tensor { x * 2 } }
  final class Scale: ConfigurableLayer {
    struct Configuration: Codable, Sendable { var width: Int }
    let configuration: Configuration
    let gain: Parameter
    init(configuration: Configuration) {
      self.configuration = configuration
      gain = Parameter([configuration.width], .ones)
    }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x * gain.value }
  }
  final class Opaque: Layer {
    let dense = Dense(2)
    func forward(_ x: Tensor, _ context: Context) -> Tensor { dense(x, context) }
  }
  final class Sum: MergeLayer {
    let gain = Parameter([1], .ones)
    func forward(_ inputs: [Tensor], _ context: Context) -> Tensor { (inputs[0] + inputs[1]) * gain.value }
  }
  /// Uses the weight of another layer, which its configuration cannot express.
  final class Tied: ConfigurableLayer {
    struct Configuration: Codable, Sendable {}
    let other: Dense?
    init(_ other: Dense) { self.other = other }
    init(configuration: Configuration) { other = nil }
    var configuration: Configuration { Configuration() }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { other.map { $0(x, context) } ?? x }
  }

  @Test func customLayersAreCopiedByTheirConfiguration() throws {
    let model = Sequential([Doubling(), Scale(configuration: .init(width: 3))], inputShape: [3])
    try model.build(inputShape: [3])
    model.parameters["1.gain"]?.value = Tensor([1, 2, 3])
    let copy = try model.copy()
    try expectClose(copy.predict(.ones([1, 3])), [2, 4, 6])
    copy.parameters["1.gain"]?.value = Tensor([0, 0, 0])
    try expectClose(model.predict(.ones([1, 3])), [2, 4, 6])
  }

  @Test func whatCannotBeCopiedIsNamed() throws {
    func reason(_ model: Model) -> String {
      do {
        _ = try model.copy()
        return "copied"
      } catch {
        return "\(error)"
      }
    }
    let opaque = reason(
      Sequential {
        Dense(2); Residual { Opaque() }
      })
    #expect(
      opaque.contains("Opaque") && opaque.contains("ConfigurableLayer") && opaque.contains("1.layers.0"), "\(opaque)")
    #expect(reason(Model(Opaque())).contains("Opaque"))
    #expect(reason(Self.graph(Sum())).contains("Sum"))
    let dense = Dense(3)
    let tied = Sequential([Dense(3), Tied(dense)])
    try tied.build(inputShape: [3])
    #expect(reason(tied).contains("1.other.weight"))
  }
}
