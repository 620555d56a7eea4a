import Testing

@testable import NeuralNetworks

/// Models with several inputs and outputs, their losses and metrics by name.
@Suite struct SeveralOutputsTests {
  /// Two inputs of width 3, a class and a number.
  static func twin() -> Graph {
    let (left, right) = (Node.input([3]), Node.input([3]))
    return Graph(inputs: ["left": left, "right": right], outputs: ["kind": Dense(3)(left), "price": Dense(1)(right)])
  }

  struct Pairs: Dataset {
    let base = Corners.data(30)
    var count: Int { base.count }
    func batch(at indices: [Int]) throws -> Batch {
      let batch = try base.batch(at: indices)
      return Batch(
        inputs: [batch.input, 2 * batch.input], targets: [batch.target, batch.input.sum(axis: 1, keepingRank: true)])
    }
  }

  @Test(arguments: TestDevices.real) func trains(_ device: Device) throws {
    let model = Self.twin()
    model.compile(
      optimizer: .adam(learningRate: 0.05),
      loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError], weights: ["price": 0.5]),
      metrics: [.accuracy.of(output: "kind"), .meanAbsoluteError.of(output: "price")], device: device)
    let history = try model.fit(Pairs(), epochs: 20, batchSize: 8, seed: 1, verbosity: .silent)
    #expect(history["loss"].last! < 0.4 * history["loss"][0])
    #expect(history["kind_accuracy"].last! > 0.9)
    let scores = try model.evaluate(Pairs())
    #expect(scores.names == ["loss", "kind_accuracy", "price_mean_absolute_error"])

    let batch = try Pairs().batch(at: Array(0..<30))
    let outputs = try model.predict(batch.inputs, batchSize: 7)
    #expect(outputs.map(\.shape) == [[30, 3], [30, 1]])
    let kind = try Loss.crossEntropy()(outputs[0].moved(to: .cpu), batch.targets[0]).item()
    let price = try Loss.meanSquaredError(outputs[1].moved(to: .cpu), batch.targets[1]).item()
    expectClose(scores.loss, kind + 0.5 * price, relative: 1e-4)
  }

  @Test func refusals() throws {
    let model = Self.twin()
    model.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "cost": .meanSquaredError]))
    #expect(throws: TrainingError.unknownOutput("cost", known: ["kind", "price"])) {
      try model.fit(Pairs(), verbosity: .silent)
    }
    model.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError]))
    #expect(throws: TrainingError.tensorCount(of: "inputs", expected: 2, found: 1)) {
      try model.fit(Corners.data(), verbosity: .silent)
    }
    #expect(throws: TrainingError.self) { try model.fit(Pairs(), classWeights: [0: 2], verbosity: .silent) }
    #expect(throws: TrainingError.rowCounts(inputs: 2, others: 3)) {
      try model.predict([.zeros([2, 3]), .zeros([3, 3])])
    }
  }
}
