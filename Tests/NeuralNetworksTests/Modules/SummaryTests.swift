import NeuralNetworks
import Testing

@Suite struct SummaryTests {
  @Test func theClassicExampleHas92Parameters() throws {
    let model = Sequential(
      [Dense(5, activation: .relu), Dense(5, activation: .relu), Dense(5), Dense(2)], inputShape: [3])
    let summary = try model.summary()
    #expect(summary.parameterCount == 92 && summary.weightCount == 75 && summary.biasCount == 17)
    #expect(summary.trainableCount == 92 && summary.frozenCount == 0)
    #expect(summary.rows.map(\.parameterCount) == [20, 30, 30, 12])
    #expect(
      summary.description == """
        Sequential, input [3]
        name  layer  activation  output  parameters
        ───────────────────────────────────────────
        0     Dense  relu        [5]             20
        1     Dense  relu        [5]             30
        2     Dense              [5]             30
        3     Dense              [2]             12
        ───────────────────────────────────────────
        92 parameters: 75 weights and 17 biases; 92 trainable, 0 frozen
        """)
  }

  final class Encoder: Layer {
    let dense = Dense(1200, activation: .relu)
    let shared = Dense(1200)
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      shared(shared(dense(x, context), context), context)
    }
  }

  @Test func columnsAreAsWideAsTheirTexts() throws {
    let model = Sequential {
      Flatten()
      Encoder()
      Dropout(0.5)
      Dense(10)
    }
    model.freeze("1.dense.*")
    #expect(
      try model.summary(inputShape: [28, 28]).description == """
        Sequential, input [28, 28]
        name        layer    activation  output  parameters
        ───────────────────────────────────────────────────
        0           Flatten              [784]            0
        1           Encoder              [1200]           0
          1.dense   Dense    relu        [1200]     942,000
          1.shared  Dense                [1200]   1,441,200
        2           Dropout              [1200]           0
        3           Dense                [10]        12,010
        ───────────────────────────────────────────────────
        2,395,210 parameters: 2,392,800 weights and 2,410 biases; 1,453,210 trainable, 942,000 frozen
        """)
  }

  @Test func aGraphShowsWhatItsLayersAreMadeFrom() throws {
    let image = Node.input([4]), extra = Node.input([2])
    let shared = Dense(3, activation: .tanh)
    let left = shared(image, name: "encoder"), right = shared(Dense(4)(extra))
    let graph = Graph(
      inputs: ["image": image, "extra": extra],
      outputs: ["kind": Activation(.softmax)(Concatenate()(left, right), name: "answer")])
    let rows = try graph.summary().rows
    let connections = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.connections) })
    let dense = try #require(rows.first { $0.layer == "Dense" && $0.name != "encoder" }).name
    let merge = try #require(rows.first { $0.layer == "Concatenate" }).name
    #expect(
      connections == [
        "encoder": ["image", dense], dense: ["extra"], merge: ["encoder", "encoder"], "answer": [merge],
      ])
    #expect(rows.first { $0.name == "encoder" }?.activation == "tanh")
    #expect(rows.first { $0.name == "answer" }?.activation == "softmax")
    let lines = try graph.summary().description.split(separator: "\n")
    #expect(lines[1].hasSuffix("parameters  from") && lines.contains { $0.hasSuffix("  encoder, encoder") })
  }

  @Test func aWrappedNetworkShowsItsLayers() throws {
    let model = Model(Encoder(), inputShape: [4])
    let summary = try model.summary()
    #expect(summary.name == "Encoder")
    #expect(summary.rows.map(\.name) == ["dense", "shared"])
    #expect(summary.rows.map(\.depth) == [0, 0])
    #expect(try Model(Dense(2), inputShape: [3]).summary().rows.map(\.layer) == ["Dense"])
  }

  @Test func modulesNextToLayersAreListed() throws {
    final class Gate: Module { let gain = Parameter([3], .ones) }
    final class Gated: Layer {
      let gate = Gate()
      let dense = Dense(3)
      func forward(_ x: Tensor, _ context: Context) -> Tensor { dense(x, context) * gate.gain.value }
    }
    let summary = try Model(Gated()).summary(inputShape: [2])
    #expect(summary.rows.map(\.name) == ["dense", "gate"])
    #expect(summary.rows.map(\.outputShape) == [[3], nil])
    #expect(summary.rows.map(\.parameterCount) == [9, 3])
  }

  @Test func anExtentThatVariesIsShown() throws {
    let summary = try Sequential(inputShape: [anyLength, 8]) { Dense(4) }.summary()
    #expect(summary.rows[0].outputShape == [anyLength, 4])
    #expect(summary.description.contains("[any, 4]") && summary.description.contains("input [any, 8]"))
  }

  @Test func theInputShapeMustBeKnownAndStay() throws {
    let model = Sequential { Dense(2) }
    #expect { try model.summary() } throws: { "\($0)".contains("summary(inputShape:)") }
    #expect(try model.summary(inputShape: [3]).parameterCount == 8)
    #expect(try model.summary().parameterCount == 8)
    #expect { try model.summary(inputShape: [4]) } throws: { error in
      guard case ModelError.inputShape("Sequential", [3], [4]) = error else { return false }
      return true
    }
  }

  @Test func aSummaryDrawsNothing() throws {
    let model = Sequential(inputShape: [3]) { Dense(2) }
    _ = try model.summary()
    #expect(!model.isBuilt)
    try model.build(inputShape: [3], seed: 4)
    #expect(model.isBuilt)
  }
}
