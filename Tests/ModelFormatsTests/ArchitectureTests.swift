import ModelFormats
import NeuralNetworks
import Testing

/// Descriptions of models, to JSON and back.
@Suite struct ArchitectureTests {
  final class Padded: ConfigurableLayer {
    struct Configuration: Codable, Sendable { var width: Int }
    let configuration: Configuration
    init(configuration: Configuration) { self.configuration = configuration }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.padded([(0, 0), (configuration.width, 0)]) }
  }

  static let swish = ActivationFunction("swish") { x in x * x.sigmoid() }

  static func network() -> Sequential {
    Sequential(inputShape: [2, 3]) {
      Flatten()
      Dense(4, activation: .leakyReLU(0.25), initializer: .uniform(-0.5, 0.5), regularizer: .l2(0.001))
      Padded(configuration: .init(width: 2))
      Sequential {
        Reshape([3, -1])
        Dropout(0.125)
        Activation(.elu(0.5))
      }
      Dense(2, activation: swish, useBias: false)
    }
  }

  private func json(_ model: Model) throws -> String { try JSONValue(encoding: Architecture(of: model)).text() }

  private func decode(_ text: String) throws -> Architecture {
    let custom: [any ConfigurableLayer.Type] = [Padded.self]
    return try JSONValue(parsing: text).decode(
      Architecture.self, userInfo: [.customLayers: custom, .customActivations: [ArchitectureTests.swish]])
  }

  @Test func everySettingSurvives() throws {
    let model = ArchitectureTests.network()
    let text = try json(model)
    let copy = Sequential(architecture: try decode(text))
    #expect(try json(copy) == text)
    #expect(try copy.summary() == model.summary())
    try model.build(inputShape: [2, 3], seed: 1)
    try copy.build(inputShape: [2, 3], seed: 1)
    let x = Tensor.normal([4, 2, 3], using: RandomStream(seed: 1))
    #expect(try copy(x, .inference).scalars() == model(x, .inference).scalars())
    #expect(try copy.penalty()!.item() == model.penalty()!.item())
  }

  @Test func initializersSurvive() throws {
    let initializers =
      [Initializer.identity(), .identity(gain: 3), .truncatedNormal(mean: 1, deviation: 2), .orthogonal(gain: 2)]
      + Initializer.Fan.allCases.flatMap { fan in
        Initializer.Distribution.allCases.map { .varianceScaling(scale: 2.5, fan: fan, distribution: $0) }
      }
    for initializer in initializers {
      let model = Sequential(inputShape: [3]) { Dense(4, initializer: initializer) }
      let text = try json(model)
      let copy = Sequential(architecture: try decode(text))
      #expect(try json(copy) == text)
      let values = try [model, copy].map { model in
        try model.build(inputShape: [3], seed: 5)
        return try model.parameters["0.weight"]?.value.scalars()
      }
      #expect(values[0] != nil && values[0] == values[1], "\(initializer.name)")
    }
  }

  @Test func theTextIsFitForPeople() throws {
    let model = Sequential(inputShape: [784]) {
      Dense(128, activation: .relu)
      Dropout(0.5)
      Dense(10, initializer: .heNormal)
    }
    let minimal = """
      {"inputShape": [784], "layers": [{"layer": "Dense", "units": 128, "activation": "relu"},
       {"layer": "Dropout", "probability": 0.5}, {"layer": "Dense", "units": 10, "initializer": "he_normal"}]}
      """
    #expect(try json(Sequential(architecture: decode(minimal))) == json(model))
  }

  @Test(arguments: [
    (#"{"layers": [{"layer": "Conv9D"}]}"#, "Conv9D"),
    (#"{"layers": [{"layer": "Dense", "units": 3, "activaton": "relu"}]}"#, "activaton"),
    (#"{"layers": [{"layer": "Dense", "units": 3, "activation": "rellu"}]}"#, "rellu"),
    (#"{"layers": [{"layer": "Dense"}]}"#, "units"),
    (#"{"layers": [{"layer": "Dense", "units": "many"}]}"#, "units"),
    (#"{"layers": [{"layer": "Padded2", "configuration": {"width": 2}}]}"#, "Padded2"),
    (#"{"layer": []}"#, "layers"),
    (#"{"inputShapes": [3], "layers": []}"#, "inputShapes"),
    (#"{"layers": [{"layer": "Flatten", "axis": 1}]}"#, "axis"),
  ])
  func mistakesAreNamed(_ text: String, _ fragment: String) {
    #expect { try decode(text) } throws: { "\($0)".contains(fragment) }
  }

  @Test func windowsSurvive() throws {
    let text = """
      {"inputShape": [4, 20, 20], "layers": [
       {"layer": "Conv2D", "filters": 8, "kernel": 3, "padding": "same", "groups": 2, "activation": "relu"},
       {"layer": "MaxPool2D", "window": 2},
       {"layer": "ConvTranspose2D", "filters": 4, "kernel": [3, 2], "stride": 2, "padding": [1, 0], "outputPadding": [1, 0]},
       {"layer": "UpSampling2D", "factor": 2}, {"layer": "ZeroPadding2D", "bottom": 1},
       {"layer": "AdaptiveAveragePool2D", "output": [4, 5]}, {"layer": "Reshape", "shape": [4, 20]},
       {"layer": "Conv1D", "filters": 6, "kernel": 3, "padding": 1}, {"layer": "AveragePool1D", "window": 2},
       {"layer": "ConvTranspose1D", "filters": 2, "kernel": 4, "stride": 2, "padding": "same"},
       {"layer": "GlobalMaxPool1D"}]}
      """
    let model = Sequential(architecture: try decode(text))
    let written = try json(model)
    let copy = Sequential(architecture: try decode(written))
    #expect(try json(copy) == written)
    #expect(try model.summary() == copy.summary())
    for wrong in [#""kernel": 3, "outputPadding": 1"#, #""kernel": 3, "padding": "some""#] {
      #expect(throws: (any Error).self) { try decode(#"{"layers": [{"layer": "Conv2D", "filters": 8, \#(wrong)}]}"#) }
    }
  }

  /// Activations with their constants, through JSON.
  @Test func activationsSurvive() throws {
    let functions: [ActivationFunction] = [
      .relu6, .selu, .celu(0.5), .geluTanh, .hardSwish, .hardSigmoid, .logSigmoid, .softsign, .tanhShrink,
      .softShrink(0.25), .hardShrink(0), .hardTanh(-2...0.5), .threshold(0.1, value: 20), .squarePlus(3), .exponential,
      .softmin, .sparsemax, .glu,
    ]
    let x = Tensor([-3, -1.25, -0.2, 0, 0.3, 0.75, 2, 8], shape: [1, 8])
    for function in functions {
      let text = try json(Sequential { Activation(function) })
      let copy = Sequential(architecture: try decode(text))
      #expect(try json(copy) == text)
      #expect(try copy(x, .inference).scalars() == function(x).scalars(), "\(function.name)")
    }
    // A file must not end the program.
    for wrong in ["celu(-1)", "celu", "hard_tanh(2, 1)", "soft_shrink(-1)", "square_plus(0)", "elu(nan)", "relu6(1)"] {
      let text = #"{"layers": [{"layer": "Activation", "function": "\#(wrong)"}]}"#
      if wrong == "celu" { #expect(throws: Never.self) { try decode(text) }; continue }
      #expect { try decode(text) } throws: { "\($0)".contains("there is no activation \"\(wrong)\"") }
    }
  }

  @Test func customActivationsMustBeNamed() throws {
    let text = try json(Sequential { Dense(2, activation: ArchitectureTests.swish) })
    #expect { try JSONValue(parsing: text).decode(Architecture.self) } throws: { "\($0)".contains("swish") }
  }

  @Test func aLayerThatCannotBeDescribedIsNamed() {
    final class Plain: Layer {
      func forward(_ x: Tensor, _ context: Context) -> Tensor { x }
    }
    #expect { try Architecture(of: Sequential { Sequential { Plain() } }) } throws: { error in
      "\(error)".contains("0.0.Plain") && "\(error)".contains("ConfigurableLayer")
    }
    #expect { try Architecture(of: Model(Plain())) } throws: { "\($0)".contains("Plain") }
  }
}
