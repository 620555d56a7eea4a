import Testing

@testable import NeuralNetworks

@Suite struct GraphTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  /// Branches, a name, a layer used twice, and a custom merging layer.
  private func siamese() -> Graph {
    final class Distance: MergeLayer {
      func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
        (inputs[0] - inputs[1]).squared().sum(axis: -1, keepingRank: true)
      }
      var allowsReplay: Bool { true }
    }
    let (left, right) = (Node.input([4]), Node.input([4]))
    let encoder = Sequential {
      Dense(5, activation: .tanh)
      Dense(3)
    }
    let (a, b) = (encoder(left, name: "encoder"), encoder(right))
    let far = Distance()(a, b, name: "far")
    return Graph(inputs: ["left": left, "right": right], outputs: ["far": far, "sum": Add()(a, b)])
  }

  @Test(arguments: TestDevices.all) func computesItsOutputs(_ device: Device) throws {
    let graph = siamese()
    try graph.build(on: device, seed: 3)
    #expect(
      graph.parameters.paths == ["encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"])
    let x = Tensor.normal([2, 6, 4], using: RandomStream(seed: 1), on: device)
    let outputs = try graph.predict([x[0], x[1]])
    let encoder = try #require(graph.children.first?.module as? Sequential)
    let (a, b) = (encoder(x[0], .inference), encoder(x[1], .inference))
    #expect(try outputs[0].scalars() == (a - b).squared().sum(axis: -1, keepingRank: true).scalars())
    #expect(try outputs[1].scalars() == (a + b).scalars())
    #expect(graph.allowsReplay)
    #expect(try Predictor(graph).predict([x[0], x[1]])[1].scalars() == (a + b).scalars())
  }

  @Test func summaryNamesEveryLayer() throws {
    let summary = try siamese().summary()
    #expect(summary.rows.map(\.layer) == ["Sequential", "Dense", "Dense", "Distance", "Add"])
    #expect(summary.rows.map(\.name) == ["encoder", "encoder.0", "encoder.1", "far", "3"])
    #expect(summary.parameterCount == 5 * 5 + 6 * 3)
    #expect(summary.inputShapes == [[4], [4]])
  }

  /// A graph with skip connections learns; its groups find layers by name.
  @Test(arguments: TestDevices.real) func learns(_ device: Device) throws {
    let input = Node.input([2])
    let first = Dense(16, activation: .tanh)(input, name: "first")
    let second = Dense(16, activation: .tanh)(first)
    let graph = Graph(inputs: ["x": input], outputs: ["y": Dense(3)(Concatenate()(first, second, input))])
    graph.compile(
      optimizer: .adamW(learningRate: 0.02, groups: [ParameterGroup("first.**", learningRateScale: 0.5)]),
      loss: .crossEntropy(), metrics: [.accuracy], device: device)
    let data = Corners.data(60)
    let width = try data.batch(at: [0]).input.shape[1]
    if width != 2 {
      #expect(message { try graph.fit(data, verbosity: .silent) }.contains("Graph, \"x\": the input has the shape"))
    }
    let pairs = TensorDataset(data.inputs[0..., 0..<2], data.targets)
    let history = try graph.fit(pairs, epochs: 30, batchSize: 12, seed: 1, verbosity: .silent)
    #expect(history["loss"].last! < 0.7 * history["loss"][0])
  }

  @Test func refusals() {
    let (a, b) = (Node.input([3]), Node.input([3]))
    func fault(_ inputs: KeyValuePairs<String, Node>, _ outputs: KeyValuePairs<String, Node>) -> String {
      message { try Graph(inputs: inputs, outputs: outputs).build() }
    }
    #expect(fault(["a": a], ["y": Add()(a, b)]).contains("not among the inputs"))
    #expect(fault(["a": a, "a": b], ["y": Add()(a, b)]).contains("are called \"a\""))
    #expect(fault(["a": Dense(2)(a)], ["y": a]).contains("is not an input"))
    #expect(fault(["a": a], [:]).contains("0 outputs"))
    #expect(fault(["a": a], ["y": Add()(a, Dense(2)(a))]).contains("1 (Add): the inputs have shapes [3] and [2]"))
    #expect(fault(["a": a], ["y": Concatenate(axis: 4)(a, a)]).contains("axis 4 is none of"))
    let (whole, truths) = (Node.input([3], dtype: .int32), Node.input([3], dtype: .bool))
    for merged in [Add()(a, whole), Multiply()(a, whole), Concatenate()(a, whole)] {
      #expect(
        fault(["a": a, "whole": whole], ["y": merged]).contains("elements of types float32 and int32"))
    }
    #expect(fault(["t": truths], ["y": Add()(truths, truths)]).contains("type bool, which are not numbers"))
    let graph = siamese()
    #expect(
      message { _ = try graph.predict(Tensor.ones([2, 4])) }.contains("the model has 2 inputs, but the data has 1"))
    #expect(
      message { _ = try graph.predict([Tensor.ones([2, 4]), Tensor.ones([2, 5])]) }.contains("Graph, \"right\""))
  }

  /// A chain longer than a thread's stack is deep.
  @Test func manyNodes() throws {
    let input = Node.input([1])
    var node = input
    for _ in 0..<20_000 { node = Add()(node) }
    let graph = Graph(inputs: ["x": input], outputs: ["y": node])
    #expect(try graph.predict(Tensor([2], shape: [1, 1])).scalars() == [2])
  }
}
