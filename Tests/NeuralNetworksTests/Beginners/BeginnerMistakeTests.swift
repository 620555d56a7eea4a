import Testing

@testable import NeuralNetworks

/// Typical beginner mistakes that compile: each causes a one-line error that says what to do. Mistakes that do not
/// compile are in Tests/Mistakes.
@Suite struct BeginnerMistakeTests {
  /// The error of a mistake, as one line.
  private func message(_ body: () throws -> Void, at location: SourceLocation = #_sourceLocation) -> String {
    do {
      try body()
      Issue.record("nothing was thrown", sourceLocation: location)
      return ""
    } catch {
      #expect(error is any NeuralNetworksError, "\(error)", sourceLocation: location)
      #expect(!"\(error)".contains("\n"), sourceLocation: location)
      return "\(error)"
    }
  }

  private func expect(
    _ body: () throws -> Void, says parts: String..., at location: SourceLocation = #_sourceLocation
  ) {
    let message = message(body, at: location)
    for part in parts {
      #expect(message.contains(part), "\"\(part)\" is missing in: \(message)", sourceLocation: location)
    }
  }

  private func images(_ shape: [Int], count: Int = 8) -> TensorDataset {
    TensorDataset(
      Tensor.uniform([count] + shape, using: RandomStream(seed: 1)), Tensor(integers: (0..<count).map { $0 % 2 }))
  }

  private func fit(_ model: Sequential, _ data: TensorDataset, _ loss: Loss = .crossEntropy()) throws {
    model.compile(optimizer: .adam(), loss: loss)
    try model.fit(data, verbosity: .silent)
  }

  // MARK: Shapes

  @Test func aMissingFlattenIsNamed() {
    expect(
      {
        try fit(
          Sequential {
            Dense(16, activation: .relu); Dense(2)
          }, images([28, 28]))
      },
      says: "the model gives [28, 2] for an example whose target has the shape []", "Flatten()")
    expect(
      {
        try fit(
          Sequential {
            Conv2D(4, kernel: 3); Dense(2)
          }, images([1, 8, 8]))
      }, says: "[4, 6, 2]", "Flatten()")
    expect(
      {
        try fit(
          Sequential {
            LSTM(4, returnsSequence: true); Dense(2)
          }, images([5, 3]))
      },
      says: "[5, 2]", "returnsSequence: false")
    let numbers = TensorDataset(.zeros([4, 3, 3]), .zeros([4]))
    expect({ try fit(Sequential { Dense(1) }, numbers, .meanSquaredError) }, says: "[3, 1]", "Flatten()")
    // An incorrect width is not a missing axis.
    expect(
      { try fit(Sequential { Dense(2) }, TensorDataset(.zeros([4, 3]), .zeros([4, 3])), .meanSquaredError) },
      says: "a target has the shape [3], but the loss and the model's output expect [2]")
  }

  @Test func oneExampleIsNoBatch() throws {
    let data = images([28, 28])
    let model = Sequential {
      Flatten(); Dense(2)
    }
    try fit(model, data)
    for predict in [
      { _ = try model.predict(data.inputs[0]) }, { _ = try Predictor(try model.copy()).predict(data.inputs[0]) },
    ] {
      expect(predict, says: "the input has the shape [28, 28], that of one example", "[28, 28]", "x[0..<1]")
    }
    #expect(try model.predict(data.inputs[0..<1]).shape == [1, 2])
    let rows = Sequential(inputShape: [4]) { Dense(2) }
    try rows.build(inputShape: [4])
    expect({ _ = try rows.predict(Tensor([1, 2, 3, 4])) }, says: "[4], that of one example", "x.expanded(axis: 0)")
    expect({ _ = try rows.predict(Tensor(3)) }, says: "one example")
    let graph = SeveralOutputsTests.twin()
    try graph.build()
    expect({ _ = try graph.predict([.zeros([3]), .zeros([3])]) }, says: "Graph, \"left\"", "[3], that of one example")
  }

  @Test func channelsLastIsNamed() throws {
    expect(
      {
        try fit(
          Sequential {
            Conv2D(4, kernel: 3); Flatten(); Dense(2)
          }, images([28, 28, 1]))
      },
      says: "[28, 28, 1] looks like channels last", "x.permuted([0, 3, 1, 2])")
    let model = Sequential(inputShape: [3, 8, 8]) {
      Conv2D(4, kernel: 3); Flatten(); Dense(2)
    }
    try model.build(inputShape: [3, 8, 8])
    expect({ _ = try model.predict(.zeros([2, 8, 8, 3])) }, says: "expected [3, 8, 8]", "x.permuted([0, 3, 1, 2])")
    let gray = Sequential(inputShape: [1, 8, 8]) {
      Conv2D(4, kernel: 3); Flatten(); Dense(2)
    }
    expect({ _ = try gray.predict(.zeros([2, 8, 8])) }, says: "channels is missing", "x.expanded(axis: 1)")
    let flat = Sequential(inputShape: [64]) { Dense(2) }
    expect({ _ = try flat.predict(.zeros([2, 8, 8])) }, says: "Flatten()", "[-1, 64]")
    // Three columns are enough for a window: it trains, with a warning.
    let wide = Sequential {
      Conv2D(4, kernel: 3); Flatten(); Dense(2)
    }
    wide.compile(optimizer: .adam(), loss: .crossEntropy())
    let sink = ProgressTests.Sink(columns: nil)
    _ = try wide.fit(images([12, 12, 3]), .ofEpochs(1), sink: sink)
    #expect(sink.text.hasPrefix("warning: images are channels first"))
    let right = Sequential {
      Conv2D(4, kernel: 3); Flatten(); Dense(2)
    }
    right.compile(optimizer: .adam(), loss: .crossEntropy())
    let quiet = ProgressTests.Sink(columns: nil)
    _ = try right.fit(images([3, 12, 12]), .ofEpochs(1), sink: quiet)
    #expect(!quiet.text.contains("warning"))
  }

  /// Signals in two-dimensional layers: the windows have one column.
  @Test func signalsOfOneColumnAreNoImages() throws {
    func warning(_ layer: any Layer, _ shape: [Int]) throws -> Bool {
      let model = Sequential {
        layer; Flatten(); Dense(2)
      }
      model.compile(optimizer: .adam(), loss: .crossEntropy())
      let sink = ProgressTests.Sink(columns: nil)
      _ = try model.fit(images(shape), .ofEpochs(1), sink: sink)
      return sink.text.contains("channels last")
    }
    for columns in [1, 3] {
      #expect(try !warning(Conv2D(4, kernel: [3, 1]), [6, 12, columns]))
      #expect(try !warning(MaxPool2D([2, 1]), [6, 12, columns]))
      #expect(try !warning(AveragePool2D([2, 1]), [6, 12, columns]))
      #expect(try warning(Conv2D(4, kernel: 3, padding: .same), [12, 12, columns]))
    }
    // A signal of another length is no image that was turned.
    let model = Sequential(inputShape: [6, 12, 1]) {
      Conv2D(4, kernel: [3, 1]); Flatten(); Dense(2)
    }
    try model.build(inputShape: [6, 12, 1])
    expect({ _ = try model.predict(.zeros([2, 6, 10, 1])) }, says: "[6, 10, 1]")
    do { _ = try model.predict(.zeros([2, 6, 10, 1])) } catch { #expect(!"\(error)".contains("channels last")) }
  }

  // MARK: What works

  @Test(arguments: TestDevices.real) func inputsAndTargetsNeedNoDataset(_ device: Device) throws {
    let data = Corners.data()
    let (one, other) = (Corners.compiled(on: device), Corners.compiled(on: device))
    let history = try one.fit(
      data.inputs, data.targets, epochs: 3, batchSize: 16, validation: .data(data.inputs, data.targets), seed: 2,
      verbosity: .silent)
    let expected = try other.fit(data, epochs: 3, batchSize: 16, validation: .data(data), seed: 2, verbosity: .silent)
    #expect(history["loss"] == expected["loss"] && history["validation_loss"] == expected["validation_loss"])
    #expect(try one.evaluate(data.inputs, data.targets) == other.evaluate(data))
    expect({ try one.fit(data.inputs, data.targets[0..<5]) }, says: "96 inputs, but 5 targets")
  }

  /// A dataset that is read batch by batch.
  struct Passing: Dataset {
    let base: TensorDataset
    var count: Int { base.count }
    func batch(at indices: [Int]) throws -> Batch { try base.batch(at: indices) }
  }

  @Test(arguments: TestDevices.real) func predictTakesADataset(_ device: Device) throws {
    let data = Corners.data(23)
    let model = Corners.compiled(on: device)
    try model.fit(data, verbosity: .silent)
    let expected = try model.predict(data.inputs, batchSize: 5).scalars()
    #expect(try model.predict(data, batchSize: 5).scalars() == expected)
    #expect(try model.predict(Passing(base: data), batchSize: 5).scalars() == expected)
    #expect(try model.predict(Subset(data, indices: [3])).scalars() == model.predict(data.inputs[3..<4]).scalars())
    expect({ let _: Tensor = try model.predict(data, batchSize: 0) }, says: "batch size")
    let graph = SeveralOutputsTests.twin()
    try graph.build(on: device)
    let pairs = SeveralOutputsTests.Pairs()
    let outputs: [Tensor] = try graph.predict(pairs, batchSize: 7)
    let whole = try graph.predict(pairs.batch(at: Array(0..<30)).inputs, batchSize: 7)
    #expect(try outputs.map { try $0.scalars() } == whole.map { try $0.scalars() })
    expect({ let _: Tensor = try graph.predict(pairs) }, says: "kind, price", "[Tensor]")
  }

  @Test func bidirectionalTakesALayer() throws {
    let x = Tensor.normal([2, 5, 3], using: RandomStream(seed: 1))
    func answer(_ layer: Bidirectional) throws -> [Float] {
      let model = Sequential([layer], inputShape: [5, 3])
      try model.build(inputShape: [5, 3], seed: 7)
      return try model.predict(x).scalars()
    }
    let expected = try answer(Bidirectional { GRU(4, returnsSequence: true, masksZeros: true) })
    #expect(try answer(Bidirectional(GRU(4, returnsSequence: true, masksZeros: true))) == expected)
    #expect(Bidirectional(LSTM(3)).forwards !== Bidirectional(LSTM(3)).backwards)
  }

  /// The rate of a step is the given number, regardless of its type.
  @Test func learningRatesOfAnyType() throws {
    let single: Float = 0.25
    for (optimizer, rate) in [
      (Optimizer.sgd(learningRate: single), 0.25), (.sgd(learningRate: 1), 1), (.sgd(learningRate: 0.125), 0.125),
      (.adam(learningRate: .constant(0.5)), 0.5),
    ] {
      #expect(optimizer.learningRate(at: 3) == rate)
    }
  }
}
