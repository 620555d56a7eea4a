import HostSystem
import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Models with weights saved by PyTorch give the same results as in PyTorch, and their weights, saved with PyTorch's
/// names, equal PyTorch's. The files come from `Benchmarks/peers/weights.py`.
@Suite struct PyTorchWeightTests {
  /// A model of this package, and the PyTorch model with the same weights.
  struct Pair: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let mapping: WeightMapping
    let makeNetwork: @Sendable () -> any Layer

    init(_ name: String, _ mapping: WeightMapping, _ makeNetwork: @escaping @Sendable () -> any Layer) {
      (testDescription, self.mapping, self.makeNetwork) = (name, mapping, makeNetwork)
    }

    static let all = [
      Pair("perceptron", .pyTorch) {
        Sequential {
          Flatten()
          Dense(8, activation: .relu)
          Dropout(0.5)
          Dense(5, activation: .tanh)
          Dense(3)
        }
      },
      Pair("convolutional", .pyTorch(layers: ["features.conv1", "features.bn1", "conv2", "bn2", "fc"])) {
        Sequential {
          Conv2D(4, kernel: 3, padding: .same)
          BatchNorm()
          Activation(.relu)
          MaxPool2D(2)
          Conv2D(6, kernel: [3, 2], groups: 2, useBias: false)
          BatchNorm()
          Activation(.relu)
          Flatten()
          Dense(3)
        }
      },
      Pair("recurrent", .pyTorch(layers: ["embedding", "lstm", "lstm", "norm", "fc"])) {
        Sequential {
          Embedding(11, 4)
          Bidirectional { LSTM(3, returnsSequence: true) }
          Bidirectional { LSTM(3) }
          LayerNorm()
          Dense(2)
        }
      },
      Pair("gru", .pyTorch(paths: ["encoder": "encoder.cell"])) { Scaled(GRU(4)) },
      Pair("rnn", .pyTorch(paths: ["encoder": "encoder.cell"])) { Scaled(SimpleRNN(4)) },
      Pair("transformer", .pyTorch(layers: ["encoder.layers.0", "encoder.layers.1", "attention", "fc"])) {
        Sequential {
          TransformerEncoderBlock(heads: 2, width: 8, hidden: 12)
          TransformerEncoderBlock(heads: 2, width: 8, hidden: 12)
          SelfAttention(heads: 4, width: 8)
          Dense(2)
        }
      },
    ]

    func file(_ kind: String) -> String {
      let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
      return "/\(folder)/Vectors/PyTorch/\(testDescription)\(kind).safetensors"
    }
  }

  /// A network with a parameter in addition to its layers.
  final class Scaled: Layer {
    let scale = Parameter([3], .ones)
    let encoder: any RecurrentLayer
    let head = Dense(2)

    init(_ encoder: any RecurrentLayer) { self.encoder = encoder }

    func forward(_ x: Tensor, _ context: Context) -> Tensor { head(encoder(x * scale.value, context), context) }
  }

  private func network(_ pair: Pair, on device: Device) throws -> (network: any Layer, input: Tensor, output: Tensor) {
    let data = try Safetensors(pair.file(".data"))
    let input = try #require(try data.tensor("input", on: device))
    let network = pair.makeNetwork()
    try network.build(inputShape: Array(input.shape.dropFirst()), on: device, seed: 1)
    return (network, input, try #require(try data.tensor("output", on: device)))
  }

  @Test(arguments: TestDevices.all, Pair.all)
  func outputsArePyTorchs(_ device: Device, _ pair: Pair) throws {
    let (network, input, output) = try network(pair, on: device)
    try network.loadWeights(from: pair.file(""), mapping: pair.mapping)
    let found = network(input, .inference)
    #expect(found.shape == output.shape && found.device == device)
    #expect(try (found - output).magnitude().max().item() < 1e-5)
  }

  /// The same without known shapes.
  @Test(arguments: Pair.all)
  func modelsAreBuiltByTheFile(_ pair: Pair) throws {
    let data = try Safetensors(pair.file(".data"))
    let network = pair.makeNetwork()
    try network.loadWeights(from: pair.file(""), mapping: pair.mapping)
    let found = network(try #require(try data.tensor("input")), .inference)
    #expect(try close(found.scalars(), try #require(try data.tensor("output")).scalars()))
  }

  @Test(arguments: TestDevices.all, Pair.all)
  func savedWeightsArePyTorchs(_ device: Device, _ pair: Pair) throws {
    let folder = try TemporaryFolder()
    let (network, _, _) = try network(pair, on: device)
    try network.loadWeights(from: pair.file(""), mapping: pair.mapping)
    try network.saveWeights(to: folder("saved"), mapping: pair.mapping, metadata: ["format": "pt"])
    let (saved, original) = (try Safetensors(folder("saved")), try Safetensors(pair.file("")))
    let names = original.names.filter { !$0.hasSuffix("num_batches_tracked") }
    #expect(Set(saved.names) == Set(names))
    for name in names {
      #expect(saved.shape(of: name) == original.shape(of: name), "\(name)")
      #expect(try saved.tensor(name)?.scalars() == original.tensor(name)?.scalars(), "\(name)")
    }
  }

  /// PyTorch itself loads the weights saved with its names, in strict mode.
  @Test(
    .enabled(if: environment("NN_PEERS_PYTHON") != nil, "NN_PEERS_PYTHON names no Python with torch"),
    arguments: Pair.all)
  func pyTorchLoadsWhatIsSaved(_ pair: Pair) throws {
    let folder = try TemporaryFolder()
    let (network, input, _) = try network(pair, on: .cpu)
    try network.saveWeights(to: folder("saved"), mapping: pair.mapping)
    try Safetensors.save([("input", input), ("output", network(input, .inference))], to: folder("data"))
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let script = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    let output = try Python.run(
      environment("NN_PEERS_PYTHON") ?? "", script,
      [root + "/Benchmarks/peers/weights.py", pair.testDescription, folder("saved"), folder("data")])
    let difference = try #require(Float(output.split(whereSeparator: \.isNewline).last ?? ""))
    #expect(difference < 1e-5)
  }
}
