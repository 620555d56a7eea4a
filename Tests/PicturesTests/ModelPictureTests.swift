import NeuralNetworks
import Testing

@testable import Pictures

@Suite struct ModelPictureTests {
  @Test func branchesOfContainers() throws {
    let model = Sequential(inputShape: [8]) {
      Dense(8, activation: .relu)
      Residual {
        Dense(16)
        Dense(8)
      }
      Parallel(joining: .concatenation(axis: 1)) {
        Dense(4)
        Dense(5)
      }
    }
    let diagram = try model.diagram()
    #expect(
      diagram.vertices.map(\.title) == ["input", "Dense", "Dense", "Dense", "+", "Dense", "Dense", "Concatenate"])
    #expect(diagram.vertices.map(\.outputShape) == [[8], [8], [16], [8], [8], [4], [5], [9]])
    #expect(
      diagram.edges.map { [$0.from, $0.to] } == [
        [0, 1], [1, 2], [2, 3], [3, 4], [1, 4], [4, 5], [4, 6], [5, 7], [6, 7],
      ])
    #expect(diagram.vertices.reduce(0) { $0 + $1.parameterCount } == diagram.parameterCount)
    #expect(diagram.parameterCount == 72 + 144 + 136 + 36 + 45)
  }

  @Test func graphsWithSharedLayersAndTwoOutputs() throws {
    let left = Node.input([6]), right = Node.input([6])
    let encoder = Dense(3)
    let merged = Concatenate()(encoder(left, name: "encoder"), encoder(right))
    let graph = Graph(
      inputs: ["left": left, "right": right], outputs: ["kind": Dense(2)(merged), "price": Dense(1)(merged)])
    let diagram = try graph.diagram()
    #expect(diagram.vertices.filter { $0.kind == .input }.map(\.title) == ["left", "right"])
    #expect(diagram.vertices.filter(\.isRepeated).count == 1)
    #expect(diagram.vertices.compactMap(\.outputName) == ["kind", "price"])
    #expect(diagram.vertices.reduce(0) { $0 + $1.parameterCount } == diagram.parameterCount)
    #expect(diagram.edges.count == 6)
    let picture = try ModelPicture(graph)
    for word in ["encoder", "shared", "output &quot;price&quot;", "[6]", "21 parameters"] {
      #expect(picture.svg.contains(word), "\(word)")
    }
    #expect(picture.dot.contains("n0 -> ") && picture.dot.contains("output \\\"price\\\""))
  }

  @Test func ownLayersAreOneBox() throws {
    final class Block: Layer {
      let first = Dense(4), second = Dense(4)
      func forward(_ x: Tensor, _ context: Context) -> Tensor { second(first(x, context), context) }
    }
    let diagram = try Sequential(inputShape: [3]) { Block() }.diagram()
    #expect(diagram.vertices.map(\.title) == ["input", "Block"])
    #expect(diagram.vertices[1].parameterCount == 16 + 20)
  }

  @Test func whatASettingSays() throws {
    #expect(LayerSettings.text(of: Dense(128, activation: .relu)).contains("units 128"))
    #expect(LayerSettings.text(of: Dense(128, activation: .relu)).contains("relu"))
    let model = Sequential(inputShape: [3]) { Dense(1) }
    #expect(throws: ModelError.self) { try ModelPicture(model, inputShape: [4]) }
    #expect(throws: ModelError.self) { try ModelPicture(Sequential { Dense(1) }) }
  }
}
