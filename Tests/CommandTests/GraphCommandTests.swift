import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Commands accept graph models in the same way as chains of layers.
@Suite("Graph files")
struct GraphCommandTests {
  private func graph(outputs: Int = 2) -> Graph {
    let point = Node.input([2])
    let hidden = Dense(6, activation: .tanh)(point, name: "hidden")
    let merged = Concatenate()(hidden, Dense(3, activation: .relu)(point, name: "side"))
    return Graph(inputs: ["point": point], outputs: ["kind": Dense(outputs)(merged, name: "answer")])
  }

  private func saved(_ folder: TemporaryFolder) throws -> String {
    let graph = graph()
    try graph.build(seed: 5)
    try graph.save(to: folder("graph.safetensors"))
    return folder("graph.safetensors")
  }

  @Test func summariesShowActivationsAndConnections() throws {
    let folder = try TemporaryFolder()
    let file = try saved(folder)
    let text = try Command.nn("summary", "--model", file)
    try #require(text.status == 0, "\(text.error)")
    let lines = text.outputLines
    #expect(
      lines.contains { $0.hasPrefix("hidden ") && $0.contains("tanh") && $0.hasSuffix("point") }, "\(text.output)")
    #expect(lines.contains { $0.contains("Concatenate") && $0.hasSuffix("hidden, side") }, "\(text.output)")
    let json = try Command.nn("summary", "--json", "--model", file).json
    let layers = json["layers"]?.elements ?? []
    let merge = layers.first { $0["layer"]?.string == "Concatenate" }
    #expect(merge?["from"]?.elements.compactMap(\.string) == ["hidden", "side"] && merge?["activation"] == .null)
    #expect(layers.first { $0["name"]?.string == "side" }?["activation"]?.string == "relu")
    let architecture = folder("graph.json")
    try GraphArchitecture(of: graph()).save(to: architecture)
    #expect(try Command.nn("summary", "--model", architecture).output == text.output)
    #expect(try Command.nn("plot", architecture).output == Command.nn("plot", file).output)
  }

  @Test func graphsAreTestedAsTheLibraryTestsThem() throws {
    let folder = try TemporaryFolder()
    let file = try saved(folder)
    let rows: [Float] = [0.5, -1, 2, 0.25, -0.5, 1, 1, 1]
    let expected = try Graph.load(from: file).predict(Tensor(rows, shape: [4, 2])).softmax().scalars(as: Double.self)
    let winners = (0..<4).map { expected[2 * $0] > 0.5 ? 0 : 1 }
    let lines = (0..<4).map { index -> String in
      let label = index == 3 ? 1 - winners[3] : winners[index]
      return "\(rows[2 * index]),\(rows[2 * index + 1]),\(label)\n"
    }
    let text = lines.joined()
    let data = ["--model", file, "--dataset", "csv", "--data", try folder.write(text, "t.csv"), "--device", "cpu"]
    let evaluated = try Command.nn(["evaluate", "--json"] + data)
    try #require(evaluated.status == 0, "\(evaluated.error)")
    #expect(try evaluated.json["test"]?["accuracy"]?.number == 0.75)
    let predicted = try Command.nn(["predict", "--json"] + data)
    let found = try predicted.json.probabilities
    #expect(found.count == 8 && areClose(found, expected, within: 1e-5))
    for command in [
      ["plot", "confusion"], ["plot", "boundary"], ["report", "--out", folder("r.html")],
    ] {
      let result = try Command.nn(command + data)
      #expect(result.status == 0, "\(command): \(result.error)")
    }
    #expect(try Command.nn("plot", "weights", "--model", file).output.contains("hidden.weight [2, 6]"))
    #expect(try Command.nn("plot", file).output.contains("Concatenate"))
  }

  @Test func severalInputsAreRefusedInOneLine() throws {
    let folder = try TemporaryFolder()
    let (left, right) = (Node.input([2]), Node.input([2]))
    let graph = Graph(inputs: ["left": left, "right": right], outputs: ["sum": Dense(2)(Add()(left, right))])
    try graph.build(seed: 1)
    let file = folder("two.safetensors")
    try graph.save(to: file)
    expectFault(
      try Command.nn("evaluate", "--model", file, "--dataset", "moons"), 1, "two.safetensors", "2 inputs")
    #expect(try Command.nn("summary", "--model", file).output.contains("left, right"))
    #expect(try Command.nn("plot", file).status == 0)
  }
}
