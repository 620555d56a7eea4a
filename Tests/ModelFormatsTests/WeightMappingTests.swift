import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct WeightMappingTests {
  func network() throws -> Sequential {
    let model = Sequential(inputShape: [3]) {
      Dense(5, activation: .relu)
      Dense(2)
    }
    try model.build(seed: 1)
    return model
  }

  func counted(_ shape: [Int]) -> Tensor { Tensor((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape) }

  func fault(_ body: () throws -> Void) -> (any Error)? {
    do { try body() } catch { return error }
    return nil
  }

  @Test func rulesFollowOneAnother() throws {
    let folder = try TemporaryFolder()
    let mapping = WeightMapping()
      .renaming("*.weight") { $0.replacing("weight", with: "kernel") }
      .renaming { "net/" + $0 }
      .transposing("0.weight")
      .reshaping("0.weight", to: [15, 1])
      .permuting("1.weight", [1, 0])
      .passingOver("more.**")
    let (zero, one) = (counted([3, 5]), counted([5, 2]))
    try Safetensors.save(
      [
        ("net/0.kernel", zero.transposed().reshaped([15, 1])), ("net/0.bias", counted([5])),
        ("net/1.kernel", one.transposed()), ("net/1.bias", counted([2])), ("more.a.b", counted([1])),
      ], to: folder("theirs"))
    let model = try network()
    try model.loadWeights(from: folder("theirs"), mapping: mapping)
    #expect(try model.parameters["0.weight"]?.value.scalars() == zero.scalars())
    #expect(try model.parameters["1.weight"]?.value.scalars() == one.scalars())
    #expect(try model.parameters["1.bias"]?.value.scalars() == [0, 1])
    try model.saveWeights(to: folder("ours"), mapping: mapping)
    let (theirs, ours) = (try Safetensors(folder("theirs")), try Safetensors(folder("ours")))
    #expect(Set(ours.names + ["more.a.b"]) == Set(theirs.names))
    for name in ours.names {
      #expect(ours.shape(of: name) == theirs.shape(of: name))
      #expect(try ours.tensor(name)?.scalars() == theirs.tensor(name)?.scalars(), "\(name)")
    }
  }

  /// The names of `nn.TransformerDecoderLayer`. Attention with shared heads has no counterpart, and keeps its own names.
  @Test func decodersHaveTheNamesOfPyTorch() throws {
    let folder = try TemporaryFolder()
    let (target, memory) = (Node.input([3, 4]), Node.input([5, 4]))
    let decoder = TransformerDecoderBlock(heads: 2, width: 4)
    let graph = Graph(inputs: ["x": target, "m": memory], outputs: ["y": decoder(target, memory, name: "decoder")])
    try graph.build(seed: 1)
    try graph.saveWeights(to: folder("names"), mapping: .pyTorch)
    let attentions = ["self_attn", "multihead_attn"].flatMap { attention in
      ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"].map { "\(attention).\($0)" }
    }
    let others = ["norm1", "norm2", "norm3", "linear1", "linear2"].flatMap { ["\($0).weight", "\($0).bias"] }
    #expect(Set(try Safetensors(folder("names")).names) == Set((attentions + others).map { "decoder.\($0)" }))
  }

  @Test func everyDifferenceIsListedUnderBothNames() throws {
    let folder = try TemporaryFolder()
    try Safetensors.save(
      [
        ("0.weight", counted([3, 5])), ("0.bias", Tensor([Int32](repeating: 1, count: 5))),
        ("2.weight", counted([2, 5])),
        ("other", counted([1])),
      ], to: folder("w"))
    let model = try network()
    let before = try model.parameters.map { try $0.parameter.value.scalars() }
    let expected = FormatError.parameters(
      path: folder("w"), missing: ["1.bias (\"2.bias\" in the file)"], unknown: ["other"],
      shapes: ["0.weight [3, 5], expected [5, 3]", "0.bias int32, expected floating point"])
    #expect(fault { try model.loadWeights(from: folder("w"), mapping: .pyTorch) } as? FormatError == expected)
    #expect(try model.parameters.map { try $0.parameter.value.scalars() } == before)
    #expect(expected.description.contains("other shapes or types: 0.weight [3, 5], expected [5, 3], 0.bias int32"))
  }

  @Test func mappingsThatDoNotFitAreErrors() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    let names = fault { try model.saveWeights(to: folder("w"), mapping: .pyTorch(layers: ["a"])) }
    #expect("\(names as Any)".contains("1 names for 2 layers with parameters: 0, 1"))
    for mapping in [
      WeightMapping().reshaping("0.weight", to: [16]), WeightMapping().permuting("0.bias", [1, 0]),
    ] {
      #expect(fault { try model.saveWeights(to: folder("w"), mapping: mapping) } is ModelError)
    }
    for mapping in [
      WeightMapping().transposing("2.weight"), WeightMapping().renaming("*.kernel") { $0 },
      WeightMapping().permuting("0.weights", [1, 0]), WeightMapping().reshaping("", to: [15]),
    ] {
      let unused = fault { try model.saveWeights(to: folder("w"), mapping: mapping) }
      #expect("\(unused as Any)".contains("; the parameters are \"0.weight\", \"0.bias\", \"1.weight\", \"1.bias\""))
    }
    #expect(fault { try model.saveWeights(to: folder("w"), mapping: WeightMapping().renaming { _ in "x" }) } != nil)
    #expect(try Folder.names(in: folder.path) == [])
    try model.saveWeights(to: folder("w"))
    let reshaping = WeightMapping().reshaping("0.weight", to: [16])
    #expect(fault { try model.loadWeights(from: folder("w"), mapping: reshaping) } is FormatError)
    // Without its own shape, a parameter cannot be converted back.
    let unbuilt = Sequential([Dense(5), Dense(2)])
    for mapping in [reshaping, WeightMapping().permuting("0.weight", [0, 2, 1])] {
      #expect(fault { try unbuilt.loadWeights(from: folder("w"), mapping: mapping) } is FormatError)
    }
    try unbuilt.loadWeights(from: folder("w"), mapping: WeightMapping().permuting("0.weight", [0, 1]))
    #expect(try unbuilt.parameters["0.weight"]?.value.scalars() == model.parameters["0.weight"]?.value.scalars())
  }

  @Test func namesOfPyTorch() throws {
    let network = Sequential {
      Conv2D(2, kernel: 3, activation: .relu)
      Sequential {
        Conv1D(2, kernel: 3, activation: .relu)
        BatchNorm()
      }
      ConvTranspose2D(1, kernel: 2, activation: .tanh)
      Dense(1, useBias: false)
    }
    #expect(
      try WeightMapping.pyTorch.places(of: network).map(\.name) == [
        "0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.2.weight", "2.2.bias", "2.2.running_mean",
        "2.2.running_var", "3.weight", "3.bias", "5.weight",
      ])
    // Keys with a different width than the queries have separate matrices in PyTorch.
    let attention = MultiHeadAttention(heads: 2, width: 4)
    try attention.build(seed: 1) { attention in
      let memory = Tensor.zeros([1, 3, 6])
      _ = attention(.zeros([1, 2, 4]), key: memory, value: memory, .inference)
    }
    #expect(
      try WeightMapping.pyTorch.places(of: attention).map(\.name) == [
        "q_proj_weight", "in_proj_bias", "k_proj_weight", "in_proj_bias", "v_proj_weight", "in_proj_bias",
        "out_proj.weight", "out_proj.bias",
      ])
  }

  /// Files of Hugging Face with the names of TensorFlow, with one block too many, and of an unknown family.
  @Test func namesOfHuggingFace() throws {
    let folder = try TemporaryFolder()
    let model = Sequential(inputShape: [3, 4]) { TransformerEncoderBlock(heads: 2, width: 4) }
    try model.build(seed: 1)
    let mapping = WeightMapping.huggingFace(.bert, prefix: "a.bert")
    try model.saveWeights(to: folder("new"), mapping: mapping)
    let new = try Safetensors(folder("new"))
    #expect(new.names.allSatisfy { $0.hasPrefix("a.bert.encoder.layer.0.") })
    let tensors = try new.names.map { name in
      let old = name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
        .replacing("LayerNorm.bias", with: "LayerNorm.beta")
      return (old, try #require(try new.tensor(name)) + 1)
    }
    try Safetensors.save(tensors + [("a.bert.position_ids", Tensor([Int32(1)]))], to: folder("old"))
    let before = try model.parameters.map { try ($0.parameter.value + 1).scalars() }
    try model.loadWeights(from: folder("old"), mapping: .huggingFace)
    #expect(try model.parameters.map { try $0.parameter.value.scalars() } == before)
    let two = Sequential(inputShape: [3, 4]) { for _ in 0..<2 { TransformerEncoderBlock(heads: 2, width: 4) } }
    let missing = "\(fault { try two.loadWeights(from: folder("new"), mapping: .huggingFace) } as Any)"
    #expect(missing.contains("a.bert.encoder.layer.1.attention.self.query.weight"))
    let unnamed = fault { try model.saveWeights(to: folder("none"), mapping: .huggingFace) }
    #expect("\(unnamed as Any)".contains("to save, name the family"))
    try model.saveWeights(to: folder("own"))
    let unknown = fault { try model.loadWeights(from: folder("own"), mapping: .huggingFace) }
    #expect("\(unknown as Any)".contains("no name ends with one of encoder.layer.0.attention.self.query.weight"))
    let plain = fault { try self.network().loadWeights(from: folder("new"), mapping: .huggingFace) }
    #expect("\(plain as Any)".contains("it has no TransformerEncoderBlock"))
  }
}
