import Testing

@testable import NeuralNetworks

/// Tokens as input of layers, `fit`, `evaluate`, `predict`, and `Predictor`.
@Suite struct EmbeddingTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  /// Sentences of five tokens, padded with 0. The class is whether token 1 occurs.
  private func sentences(_ count: Int) -> TensorDataset {
    var random = Knuth(2)
    var tokens: [Int] = []
    for example in 0..<count {
      let length = 3 + Int((random.next() + 1) * 1.5)
      var words = (0..<length).map { _ in 2 + Int((random.next() + 1) * 3) }
      if example % 2 == 1 { words[Int((random.next() + 1) / 2 * Double(length))] = 1 }
      tokens += words + [Int](repeating: 0, count: 6 - length)
    }
    return TensorDataset(Tensor(integers: tokens).reshaped([count, 6]), Tensor(integers: (0..<count).map { $0 % 2 }))
  }

  /// Tokens of PyTorch are int64; small vocabularies fit shorter integers.
  @Test(arguments: TestDevices.all) func tokensMayBeOtherIntegers(_ device: Device) throws {
    let layer = Embedding(3, 2, padding: 0)
    try layer.build(inputShape: [2], on: device, seed: 1)
    let (short, long) = (Tensor(integers: [1, 0, 2, 1], shape: [2, 2], on: device), [1, 0, 2, 1] as [Int64])
    let tokens = Tensor(long, shape: [2, 2], on: device)
    #expect(try layer(tokens, .inference).scalars() == layer(short, .inference).scalars())
    let gradients = [tokens, short].map { tokens in
      valueAndGradient(at: layer.weight.value) { $0.embedded(tokens, padding: 0).sum() }.1
    }
    #expect(try gradients[0].scalars() == gradients[1].scalars() && gradients[0].scalars() == [0, 0, 2, 2, 1, 1])
    let model = Sequential { Embedding(3, 2) }
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    try model.build(inputShape: [2])
    let bytes = Tensor([1, 0, 2, 1] as [UInt8], shape: [2, 2], on: device)
    #expect(try layer(bytes, .inference).scalars() == layer(short, .inference).scalars())
    #expect(message { _ = try model.predict(Tensor([0, 200] as [UInt8], shape: [1, 2])) }.contains("200"))
    #expect(message { _ = try model.predict(Tensor([0, 1 << 32] as [Int64], shape: [1, 2])) }.contains("4294967296"))
  }

  private func model(on device: Device) -> Sequential {
    let model = Sequential {
      Embedding(8, 6, padding: 0)
      LSTM(8, masksZeros: true)
      Dense(2)
    }
    model.compile(optimizer: .adam(learningRate: 0.03), loss: .crossEntropy(), metrics: [.accuracy], device: device)
    return model
  }

  /// Recorded steps learn; the padding row remains zero. `Predictor` gives bitwise the same results as `predict`.
  @Test(arguments: TestDevices.real) func learns(_ device: Device) throws {
    let model = model(on: device)
    let data = sentences(96)
    let history = try model.fit(data, epochs: 15, batchSize: 16, seed: 1, verbosity: .silent)
    #expect(try #require(history.epochs.last?["accuracy"]) > 0.95)
    let table = try #require(model.parameters["0.weight"]).value
    #expect(try table[0].scalars().allSatisfy { $0 == 0 })
    #expect(try table[1].magnitude().max().item() > 0)
    let expected = try model.predict(data.inputs).scalars()
    let predictor = Predictor(model)
    for _ in 0..<3 { #expect(try predictor.predict(data.inputs).scalars() == expected) }
    #expect(
      message { _ = try predictor.predict(Tensor(integers: [8, 0, 0, 0, 0, 0]).reshaped([1, 6])) }.contains("token 8"))
  }

  @Test func strangersAreRefused() throws {
    let bad = Tensor(integers: [1, 2, 0, 0, 0, 0, 3, 8, 0, 0, 0, 0]).reshaped([2, 6])
    let data = TensorDataset(bad, Tensor(integers: [0, 1]))
    let fitted = message { try model(on: .cpu).fit(data, verbosity: .silent) }
    #expect(fitted.contains("0 (Embedding): the token 8 of example 1 is not one of the 8 tokens 0..<8"), "\(fitted)")
    #expect(message { _ = try model(on: .cpu).evaluate(data) }.contains("0 (Embedding): the token 8"))
    #expect(message { _ = try model(on: .cpu).predict(bad) }.contains("0 (Embedding): the token 8"))
    #expect(
      message { _ = try model(on: .cpu).predict(Tensor(integers: [-1, 0, 0, 0, 0, 0]).reshaped([1, 6])) }
        .contains("the token -1 of example 0"))
    #expect(message { try Embedding(0, 2).build(inputShape: [3]) }.contains("0 rows"))
    #expect(message { try Embedding(3, 2, padding: 3).build(inputShape: [3]) }.contains("padding token 3"))
  }

  /// Numbers instead of tokens, and tokens instead of numbers: rejected by name, also by a built model.
  @Test func elementTypesAreChecked() throws {
    let floats = TensorDataset(.zeros([2, 6]), Tensor(integers: [0, 1]))
    #expect(
      message { try model(on: .cpu).fit(floats, verbosity: .silent) }.contains(
        "float32 elements, expected integer ones"))
    let dense = Sequential(inputShape: [6]) { Dense(2) }
    dense.compile(optimizer: .adam(), loss: .crossEntropy())
    try dense.build(inputShape: [6])
    let tokens = TensorDataset(Tensor(integers: [Int](repeating: 1, count: 12)).reshaped([2, 6]), floats.targets)
    let fitted = message { try dense.fit(tokens, verbosity: .silent) }
    #expect(fitted.contains("0 (Dense): the input has int32 elements, expected floating-point ones"), "\(fitted)")
    #expect(message { _ = try dense.predict(tokens.inputs) }.contains("int32 elements"))
    #expect(message { _ = try dense.evaluate(tokens) }.contains("int32 elements"))
    #expect(message { _ = try dense.predict(floats.inputs) } == "nothing was thrown")
  }

  /// Each use of a token adds to its row; padding adds nothing.
  @Test(arguments: TestDevices.all) func gradients(_ device: Device) throws {
    let layer = Embedding(4, 2, padding: 2)
    let tokens = Tensor(integers: [1, 2, 1, 0], on: device).reshaped([2, 2])
    try layer.build(inputShape: [2], on: device)
    #expect(try layer.weight.value[2].scalars() == [0, 0])
    let (_, gradients) = valueAndGradient(at: layer) { layer in layer(tokens, .inference).sum() }
    #expect(try #require(gradients["weight"]).scalars() == [1, 1, 2, 2, 0, 0, 0, 0])
  }
}
