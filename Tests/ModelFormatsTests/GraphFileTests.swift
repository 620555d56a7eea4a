import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Graphs in files, with their layers, names, and weights.
@Suite struct GraphFileTests {
  /// Token ids and numbers, a layer used twice, a name, every merging layer, two outputs.
  private func graph() -> Graph {
    let (tokens, extra) = (Node.input([5], dtype: .int32), Node.input([4]))
    let words = SequenceAverage()(Embedding(9, 4)(tokens), name: "words")
    let shared = Sequential {
      Dense(3, activation: .tanh)
      Dense(4)
    }
    let (a, b) = (shared(words, name: "shared"), shared(extra))
    let joined = Concatenate()(Add()(a, b), Multiply()(a, extra))
    return Graph(
      inputs: ["tokens": tokens, "extra": extra], outputs: ["kind": Dense(3)(joined, name: "kind"), "sum": Add()(a, b)])
  }

  private func inputs(_ device: Device) -> [Tensor] {
    [
      Tensor(integers: [0, 8, 3, 3, 1, 2, 2, 7, 4, 5], on: device).reshaped([2, 5]),
      Tensor.normal([2, 4], using: RandomStream(seed: 3), on: device),
    ]
  }

  @Test(arguments: TestDevices.real) func comesBackWithTheSameOutputs(_ device: Device) throws {
    let folder = try TemporaryFolder()
    let graph = graph()
    try graph.build(on: device, seed: 7)
    try graph.save(to: folder("graph.safetensors"), information: ModelInformation(classNames: ["a", "b", "c"]))
    let copy = try Graph.load(from: folder("graph.safetensors"), on: device)
    #expect(copy.parameters.paths == graph.parameters.paths)
    #expect(copy.parameters.paths.contains("shared.0.weight"))
    #expect(copy.inputNames == ["tokens", "extra"])
    #expect(try ModelInformation.load(from: folder("graph.safetensors")).classNames == ["a", "b", "c"])
    let (found, expected) = (try copy.predict(inputs(device)), try graph.predict(inputs(device)))
    #expect(found.count == 2)
    for (found, expected) in zip(found, expected) { #expect(try found.scalars() == expected.scalars()) }
    // The loaded graph has the same description.
    try copy.save(to: folder("again.safetensors"))
    #expect(
      try Safetensors(folder("again.safetensors")).metadata["graph"]
        == Safetensors(folder("graph.safetensors")).metadata["graph"])
  }

  @Test func aCheckpointIsLoadedAsAGraph() throws {
    let folder = try TemporaryFolder()
    let input = Node.input([2])
    let graph = Graph(inputs: ["x": input], outputs: ["y": Add()(Dense(2)(input), input)])
    graph.compile(optimizer: .sgd(learningRate: 0.1), loss: .meanSquaredError)
    let x = Tensor.normal([8, 2], using: RandomStream(seed: 1))
    try graph.fit(
      TensorDataset(x, x), epochs: 1, callbacks: [Checkpoints(in: folder("run"))],
      verbosity: .silent)
    let path = try #require(try Checkpoints.latest(in: folder("run")))
    #expect(try Graph.load(from: path).predict([x])[0].scalars() == graph.predict([x])[0].scalars())
  }

  @Test func theOtherKindOfModelSaysHowItIsLoaded() throws {
    let folder = try TemporaryFolder()
    let input = Node.input([2])
    let graph = Graph(inputs: ["x": input], outputs: ["y": Dense(1)(input)])
    try graph.build(seed: 1)
    try graph.save(to: folder("graph"))
    let sequential = Sequential(inputShape: [2]) { Dense(1) }
    try sequential.build(inputShape: [2], seed: 1)
    try sequential.save(to: folder("sequential"))
    #expect { try Sequential.load(from: folder("graph")) } throws: { "\($0)".contains("Graph.load(from:)") }
    #expect { try Graph.load(from: folder("sequential")) } throws: { "\($0)".contains("Sequential.load(from:)") }
  }

  @Test func everyMergingLayerComesBack() throws {
    let folder = try TemporaryFolder()
    let (a, b) = (Node.input([4, 6]), Node.input([4, 6]))
    let merged = [
      Add()(a, b), Subtract()(a, b), Multiply()(a, b), Average()(a, b), Maximum()(a, b), Minimum()(a, b),
      TransformerDecoderBlock(heads: 2, width: 6, hidden: 5, normalizesFirst: true)(a, b),
    ]
    let products = Dot(axes: [2, -1], normalizes: true)(a, b)
    let graph = Graph(
      inputs: ["a": a, "b": b],
      outputs: [
        "y": Concatenate(axis: 1)(
          merged[0], merged[1], merged[2], merged[3], merged[4], merged[5], merged[6]), "products": products,
      ])
    try graph.build(seed: 1)
    try graph.save(to: folder("graph"))
    let again = try Graph.load(from: folder("graph"))
    let inputs = [1, 2].map { Tensor.normal([3, 4, 6], using: RandomStream(seed: $0)) }
    let found = try again.predict(inputs).map { try $0.scalars() }
    #expect(try graph.predict(inputs).map { try $0.scalars() } == found)
    #expect(try graph.copy().predict(inputs).map { try $0.scalars() } == found)
    #expect(found[0].count == 3 * 28 * 6 && found[1].count == 3 * 16)
  }

  @Test func aMergingLayerOfOnesOwnIsRefused() throws {
    final class First: MergeLayer {
      func forward(_ inputs: [Tensor], _ context: Context) -> Tensor { inputs[0] }
    }
    let folder = try TemporaryFolder()
    let (a, b) = (Node.input([2]), Node.input([2]))
    let graph = Graph(inputs: ["a": a, "b": b], outputs: ["y": First()(a, b)])
    try graph.build(seed: 1)
    #expect { try graph.save(to: folder("graph")) } throws: { "\($0)".contains("First") }
  }

  /// A file with an invalid graph causes an error with a reason, and never ends the program.
  @Test(arguments: [
    (#"{"layer":3,"of":[0]}"#, "0", "there is no layer 3"), (#"{"layer":-1,"of":[0]}"#, "0", "there is no layer -1"),
    (#"{"layer":0,"of":[]}"#, "0", "made of nothing"), (#"{"layer":0,"of":[1]}"#, "0", "node 1 is not before it"),
    (#"{"layer":0,"of":[0,0]}"#, "0", "takes one input, not 2"), (#"{"layer":0,"of":[0]}"#, "2", "there is no node 2"),
    (#"{"layer":1,"of":[0]}"#, "1", "the graph makes no sense"),
  ])
  func refusesNonsense(node: String, output: String, reason: String) throws {
    let folder = try TemporaryFolder()
    let text = """
      {"inputs":[{"name":"x","shape":[2]}],"layers":[{"layer":"Dense","units":2},{"layer":"Concatenate","axis":9}],\
      "nodes":[\(node)],"outputs":[{"name":"y","node":\(output)}]}
      """
    try Safetensors.save([("0.weight", .zeros([2, 2]))], metadata: ["graph": text], to: folder("graph"))
    #expect { try Graph.load(from: folder("graph")) } throws: { "\($0)".contains(reason) }
  }
}
