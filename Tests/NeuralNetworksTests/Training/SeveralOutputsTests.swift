import Testing

@testable import NeuralNetworks

/// Models with several inputs and outputs, their losses, and metrics by name.
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
    #expect(
      scores.names == ["loss", "kind_loss", "price_loss", "kind_accuracy", "price_mean_absolute_error"])

    let batch = try Pairs().batch(at: Array(0..<30))
    let outputs = try model.predict(batch.inputs, batchSize: 7)
    #expect(outputs.map(\.shape) == [[30, 3], [30, 1]])
    let kind = try Loss.crossEntropy()(outputs[0].moved(to: .cpu), batch.targets[0]).item()
    let price = try Loss.meanSquaredError(outputs[1].moved(to: .cpu), batch.targets[1]).item()
    expectClose(scores.loss, kind + 0.5 * price, relative: 1e-4)
    expectClose(scores["kind_loss"] ?? .nan, kind, relative: 1e-4)
    expectClose(scores["price_loss"] ?? .nan, price, relative: 1e-4)
  }

  /// With a learning rate of 0 and one batch per epoch, `fit` reports the loss of each output on all data: in eager,
  /// recorded, and replayed steps, with ignored labels and with weights.
  @Test(arguments: TestDevices.real, [false, true])
  func eachOutputsLossIsReported(_ device: Device, isWeighted: Bool) throws {
    let model = Self.twin()
    let kind = Loss.crossEntropy(ignoring: 0)
    model.compile(
      optimizer: .sgd(learningRate: 0),
      loss: .perOutput(["price": .meanSquaredError, "kind": kind], weights: ["price": 3]),
      metrics: [.accuracy.of(output: "kind")], device: device)
    var whole = try Pairs().batch(at: Array(0..<30))
    if isWeighted { whole.weights = Tensor((0..<30).map { Float($0 % 4) }) }
    let sink = ProgressTests.Sink(columns: nil)
    let history = try model.fit(BatchDataset(whole), .ofEpochs(5), sink: sink)
    #expect(history.epochs[0].names == ["loss", "price_loss", "kind_loss", "kind_accuracy"])
    let outputs = try model.predict(whole.inputs).map { $0.moved(to: .cpu) }
    let expected = [
      try Loss.meanSquaredError(outputs[1], whole.targets[1], weights: whole.weights).item(),
      try kind(outputs[0], whole.targets[0], weights: whole.weights).item(),
    ]
    for epoch in 0..<5 {
      expectClose(history["price_loss"][epoch], expected[0], relative: 1e-4)
      expectClose(history["kind_loss"][epoch], expected[1], relative: 1e-4)
      expectClose(history["loss"][epoch], 3 * expected[0] + expected[1], relative: 1e-4)
    }
    #expect(sink.text.contains("price_loss ") && sink.text.contains("kind_loss "))
    // A callback may monitor one of them.
    try model.fit(
      BatchDataset(whole), callbacks: [EarlyStopping(monitor: "price_loss")], verbosity: .silent)
  }

  /// A metric or a loss for one of several outputs must name the output.
  @Test func outputsAreNamed() throws {
    let model = Self.twin()
    let losses = Loss.perOutput(["kind": .crossEntropy(), "price": .meanSquaredError])
    model.compile(optimizer: .adam(), loss: losses, metrics: [.accuracy])
    let metric = TrainingError.ambiguousMetric("accuracy", outputs: ["kind", "price"])
    #expect(throws: metric) { try model.fit(Pairs(), verbosity: .silent) }
    #expect(throws: metric) { try model.evaluate(Pairs()) }
    #expect(metric.description.contains(".of(output: \"kind\")"))
    model.compile(optimizer: .adam(), loss: .crossEntropy())
    let loss = TrainingError.ambiguousLoss("cross_entropy", outputs: ["kind", "price"])
    #expect(throws: loss) { try model.fit(Pairs(), verbosity: .silent) }
    #expect(throws: loss) { try TrainingStep(model, optimizer: .adam(), loss: .crossEntropy()) }
    #expect(loss.description.contains(".perOutput([\"kind\": "))
  }

  /// One tensor cannot stand for several outputs; the error shows what to write, before and after a first prediction.
  @Test func oneTensorOfSeveralOutputsIsRefused() throws {
    func graph() -> Graph {
      let input = Node.input([3])
      return Graph(inputs: ["x": input], outputs: ["kind": Dense(3)(input), "price": Dense(1)(input)])
    }
    let (model, x) = (graph(), Tensor.ones([4, 3]))
    let predictor = Predictor(graph())
    for _ in 0..<3 {
      for (owner, predict) in [("model", { try model.predict(x) }), ("predictor", { try predictor.predict(x) })]
        as [(String, () throws -> Tensor)]
      {
        let error = #expect(throws: TrainingError.self) { _ = try predict() }
        #expect(error.map { "\($0)" }?.contains("let outputs: [Tensor] = try \(owner).predict([x])") == true)
      }
      #expect(try model.predict([x]).map(\.shape) == [[4, 3], [4, 1]])
      #expect(try predictor.predict([x]).map(\.shape) == [[4, 3], [4, 1]])
    }
  }

  /// The values of validation data are called `validation_` and the name.
  @Test func namesThatClashWithThoseOfValidationAreRefused() throws {
    let metric = Metric("validation_loss") { p, t in (p - t).magnitude().mean(axis: -1) }
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [metric])
    let data = TensorDataset(.ones([8, 3]), .ones([8, 1]))
    #expect(throws: TrainingError.duplicateMetric("validation_loss")) {
      try model.fit(data, validation: .split(0.5), verbosity: .silent)
    }
    let input = Node.input([3])
    let graph = Graph(inputs: ["x": input], outputs: ["validation": Dense(3)(input), "price": Dense(1)(input)])
    graph.compile(
      optimizer: .adam(), loss: .perOutput(["validation": .crossEntropy(), "price": .meanSquaredError]))
    #expect(throws: TrainingError.duplicateMetric("validation_loss")) { try graph.fit(Pairs(), verbosity: .silent) }
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
    model.compile(
      optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy()], weights: ["cost": 2]))
    #expect(throws: TrainingError.unknownOutput("cost", known: ["kind"])) { try model.fit(Pairs(), verbosity: .silent) }
    model.compile(
      optimizer: .adam(),
      loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError], weights: ["price": .nan]))
    #expect(throws: TrainingError.self) { try model.fit(Pairs(), verbosity: .silent) }
    model.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "kind": .crossEntropy()]))
    #expect(throws: TrainingError.self) { try model.fit(Pairs(), verbosity: .silent) }
    model.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError]))
    #expect(throws: TrainingError.self) { try model.fit(Pairs(), classWeights: [0: 2], verbosity: .silent) }
    #expect(throws: TrainingError.rowCounts(inputs: 2, others: 3)) {
      try model.predict([.zeros([2, 3]), .zeros([3, 3])])
    }
  }
}
