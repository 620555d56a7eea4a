import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct ModelFileTests {
  /// A custom layer.
  final class Padded: ConfigurableLayer {
    struct Configuration: Codable, Sendable { var width: Int }
    let configuration: Configuration
    init(configuration: Configuration) { self.configuration = configuration }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.padded([(0, 0), (configuration.width, 0)]) }
  }

  static let swish = ActivationFunction("swish") { x in x * x.sigmoid() }

  func network(_ extra: [any Layer] = []) throws -> Sequential {
    let model = Sequential(inputShape: [2, 3]) {
      Flatten()
      Dense(5, activation: .leakyReLU(0.1), initializer: .heNormal, regularizer: .l2(0.01))
      extra
      Dropout(0.25)
      Sequential([Dense(4, useBias: false), Activation(.gelu), Reshape([2, 2]), Flatten()])
      Dense(3, activation: .softmax)
    }
    try model.build(inputShape: [2, 3], seed: 4)
    return model
  }

  let x = Tensor([Float(1), -2, 3, 0.5, 0, -1], shape: [1, 2, 3])

  @Test func aModelComesBackWhole() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    let information = ModelInformation(inputScaling: .pixels, classNames: ["a", "b \"", "ç"])
    try model.save(to: folder("m"), information: information)
    let copy = try Sequential.load(from: folder("m"))
    #expect(try copy(x, .inference).scalars() == model(x, .inference).scalars())
    #expect(copy.parameters.paths == model.parameters.paths)
    #expect(try JSONValue(encoding: Architecture(of: copy)) == JSONValue(encoding: Architecture(of: model)))
    #expect(try ModelInformation.load(from: folder("m")) == information)
    try copy.save(to: folder("again"), information: information)
    #expect(try FileReader.read(folder("m"), limit: 1 << 20) == FileReader.read(folder("again"), limit: 1 << 20))
  }

  @Test func layersAndActivationsOfUsersComeBack() throws {
    let folder = try TemporaryFolder()
    let model = try network([Padded(configuration: .init(width: 2)), Activation(Self.swish)])
    try model.save(to: folder("m"))
    let copy = try Sequential.load(from: folder("m"), custom: [Padded.self], activations: [Self.swish])
    #expect(try copy(x, .inference).scalars() == model(x, .inference).scalars())
    #expect((copy[2] as? Padded)?.configuration.width == 2)
    #expect(try fault(folder("m")).contains("Padded"))
  }

  /// The error of loading, as text without the path.
  func fault(_ path: String, custom: [any ConfigurableLayer.Type] = []) throws -> String {
    do {
      _ = try Sequential.load(from: path, custom: custom)
      return "none"
    } catch let error as FormatError {
      #expect(error.description.hasPrefix("\(path): "))
      return String(error.description.dropFirst(path.count + 2))
    }
  }

  @Test func whatCannotBeDescribedIsRefusedBeforeWriting() throws {
    final class Own: Layer {
      func forward(_ x: Tensor, _ context: Context) -> Tensor { x }
    }
    let folder = try TemporaryFolder()
    let model = try network([Own()])
    #expect(throws: ModelError.self) { try model.save(to: folder("m")) }
    #expect(throws: ModelError.self) { try Model(Own()).save(to: folder("m")) }
    #expect(throws: ModelError.self) { try Sequential([Dense(3)]).save(to: folder("m")) }
    #expect(try Folder.names(in: folder.path) == [])
  }

  @Test func weightsAloneAreNoModel() throws {
    let folder = try TemporaryFolder()
    try network().saveWeights(to: folder("w"))
    #expect(try fault(folder("w")).contains("loadWeights"))
    #expect(try ModelInformation.load(from: folder("w")) == ModelInformation())
  }

  /// A file with a custom architecture and the tensors of a layer `[3, 2]`.
  func write(_ architecture: String, _ folder: TemporaryFolder) throws -> String {
    let tensors = [
      ("0.weight", Tensor([Float](repeating: 1, count: 6), shape: [3, 2])), ("0.bias", Tensor([Float(0), 0])),
    ]
    try Safetensors.save(tensors, metadata: ["architecture": architecture], to: folder("m"))
    return folder("m")
  }

  @Test func hostileArchitecturesAreRefused() throws {
    let folder = try TemporaryFolder()
    let good = #"{"inputShape":[3],"layers":[{"layer":"Dense","units":2}]}"#
    #expect(try fault(write(good, folder)) == "none")
    let cases = [
      "", "[]", "{}", "nonsense", #"{"layers":1}"#, #"{"layers":[{}]}"#, #"{"layers":[{"layer":"Sense","units":2}]}"#,
      #"{"layers":[{"layer":"Dense"}]}"#, #"{"layers":[{"layer":"Dense","units":"2"}]}"#,
      #"{"layers":[{"layer":"Dense","units":2.5}]}"#, #"{"layers":[{"layer":"Dense","unit":2}]}"#,
      #"{"layers":[{"layer":"Dense","units":2,"activation":"warp"}]}"#,
      #"{"inputShape":[3],"layers":[{"layer":"Dense","units":3}]}"#,
      #"{"inputShape":[4],"layers":[{"layer":"Dense","units":2}]}"#,
      #"{"inputShape":[3],"layers":[]}"#,
      #"{"inputShape":[3],"layers":[{"layer":"Dense","units":2},{"layer":"Dense","units":2}]}"#,
      #"{"layers":[{"layer":"Padded","configuration":{"width":1}}]}"#,
    ]
    for architecture in cases {
      let words = try fault(write(architecture, folder))
      #expect(words != "none", "\(architecture)")
    }
    let deep = String(repeating: #"{"layer":"Sequential","layers":["#, count: 5000)
    #expect(try fault(write(deep, folder)).contains("inside one another"))
  }

  /// Numbers beyond the memory of any computer must not end the program.
  @Test(arguments: [
    #"{"inputShape":[3],"layers":[{"layer":"Dense","units":9223372036854775807}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Dense","units":-1}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Dense","units":0}]}"#,
    #"{"inputShape":[9223372036854775807,9223372036854775807],"layers":[{"layer":"Flatten"},{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[-7],"layers":[{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[],"layers":[{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[1,1,1,1,1,1,1,1,3],"layers":[{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Reshape","shape":[9223372036854775807,3]},{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Reshape","shape":[0]},{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[2147483648,1],"layers":[{"layer":"Dense","units":2147483648}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Dense","units":99999999},{"layer":"Dense","units":99999999}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Reshape","shape":[4294967296,4294967296,-1]},{"layer":"Dense","units":2}]}"#,
    #"{"inputShape":[3],"layers":[{"layer":"Dropout","probability":7},{"layer":"Dense","units":2}]}"#,
  ])
  func impossibleNumbersAreRefused(architecture: String) throws {
    let folder = try TemporaryFolder()
    do {
      let model = try Sequential.load(from: write(architecture, folder))
      try model.build(inputShape: [3])
      Issue.record("it was built")
    } catch { #expect(error is any NeuralNetworksError, "\(error)") }
  }

  @Test func architecturesAreFilesOfTheirOwn() throws {
    let folder = try TemporaryFolder()
    let architecture = try Architecture(of: network())
    try architecture.save(to: folder("a.json"))
    #expect(try JSONValue(encoding: Architecture.load(from: folder("a.json"))) == JSONValue(encoding: architecture))
    try folder.write("{\"layers\": [\n  {\"layer\": \"Dense\" \"units\": 2}]}", "b.json")
    #expect(
      throws: FormatError.malformed(
        path: folder("b.json"), reason: "the architecture, line 2, column 21: expected ',' or '}', found '\"'")
    ) { try Architecture.load(from: folder("b.json")) }
    try folder.write([0xFF], "c.json")
    #expect(throws: FormatError.self) { try Architecture.load(from: folder("c.json")) }
  }

  @Test func everyTruncationIsAnError() throws {
    let folder = try TemporaryFolder()
    try network().save(to: folder("m"))
    let bytes = try FileReader.read(folder("m"), limit: 1 << 20)
    for length in stride(from: 0, to: bytes.count, by: 17) {
      #expect(try fault(folder.write(Array(bytes[..<length]), "cut")) != "none")
    }
  }
}
