import Testing

@testable import NeuralNetworks

@Suite struct RecurrentLayerTests {
  /// A kind of recurrent layer.
  struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (_ returnsSequence: Bool, _ masksZeros: Bool) -> any RecurrentLayer

    static let all = [
      Kind(testDescription: "SimpleRNN") { SimpleRNN(3, returnsSequence: $0, masksZeros: $1) },
      Kind(testDescription: "LSTM") { LSTM(3, returnsSequence: $0, masksZeros: $1) },
      Kind(testDescription: "GRU") { GRU(3, returnsSequence: $0, masksZeros: $1) },
    ]
  }

  private func input(_ shape: [Int], on device: Device, seed: UInt64 = 1) -> Tensor {
    Tensor.normal(shape, using: RandomStream(seed: seed), on: device)
  }

  /// Sequences of 5, 2, 4, and 0 steps, padded with zeros.
  private let lengths = [5, 2, 4, 0]

  private func padded(on device: Device) throws -> Tensor {
    var values = try input([4, 5, 2], on: device).scalars()
    for (row, length) in lengths.enumerated() {
      for index in row * 10 + length * 2..<(row + 1) * 10 { values[index] = 0 }
    }
    return Tensor(values, shape: [4, 5, 2], on: device)
  }

  @Test(arguments: Kind.all) func shapes(_ kind: Kind) throws {
    let last = kind.make(false, false)
    try last.build(inputShape: [5, 2])
    #expect(last(input([4, 5, 2], on: .cpu), .inference).shape == [4, 3])
    let all = kind.make(true, false)
    #expect(all(input([4, 5, 2], on: .cpu), .inference).shape == [4, 5, 3])
    let stacked = Sequential {
      kind.make(true, false)
      Bidirectional { LSTM(4, returnsSequence: true) }
      kind.make(false, false)
      Dense(2)
    }
    try stacked.build(inputShape: [anyLength, 2])
    #expect(try stacked.predict(input([4, 5, 2], on: .cpu)).shape == [4, 2])
    #expect(try stacked.predict(input([1, 9, 2], on: .cpu)).shape == [1, 2])
    #expect(stacked.allowsReplay)
  }

  /// A padded sequence gives the same result as the unpadded one, forward and backward; its padding gives zeros, and
  /// gets no gradient.
  @Test(arguments: TestDevices.all, Kind.all) func paddingIsPassedOver(_ device: Device, _ kind: Kind) throws {
    let x = try padded(on: device)
    let (last, all) = (kind.make(false, true), kind.make(true, true))
    try last.build(inputShape: [5, 2], on: device, seed: 3)
    try all.build(inputShape: [5, 2], on: device, seed: 3)
    for isReversed in [false, true] {
      let mask = x.stepsWithNumbers()
      let state = last.outputs(x, mask: mask, isReversed: isReversed, .inference)
      let states = all.outputs(x, mask: mask, isReversed: isReversed, .inference)
      for (row, length) in lengths.enumerated() {
        guard length > 0 else {
          #expect(try state[row].scalars().allSatisfy { $0 == 0 })
          continue
        }
        let alone = x[row..<row + 1, 0..<length]
        try expectClose(
          state[row], last.outputs(alone, mask: nil, isReversed: isReversed, .inference).scalars(as: Double.self))
        try expectClose(
          states[row, 0..<length],
          all.outputs(alone, mask: nil, isReversed: isReversed, .inference).scalars(as: Double.self))
        #expect(try states[row, length...].scalars().allSatisfy { $0 == 0 })
      }
    }
    #expect(
      try last(x, .inference).scalars()
        == last.outputs(x, mask: x.stepsWithNumbers(), isReversed: false, .inference).scalars())
    let (_, gradient) = valueAndGradient(at: x) { all($0, .inference).squared().sum() }
    for (row, length) in lengths.enumerated() where length < 5 {
      #expect(try gradient[row, length...].scalars().allSatisfy { $0 == 0 })
    }
  }

  /// Two halves of a sequence, the second starting from the state after the first, give the same result as the whole,
  /// and so do their gradients.
  @Test(arguments: TestDevices.all) func statesGoOn(_ device: Device) throws {
    let x = input([3, 6, 2], on: device)
    let lstm = LSTM(4, returnsSequence: true)
    try lstm.build(inputShape: [6, 2], on: device, seed: 5)
    let (_, whole) = valueAndGradient(at: lstm) { lstm in lstm(x, .inference).squared().mean() }
    var difference = Tensor(0, on: device)
    let (_, halves) = valueAndGradient(at: lstm) { lstm in
      let (first, state) = lstm(x[.all, ..<2], from: nil, .inference)
      let (second, after) = lstm(x[.all, 2...], from: state, .inference)
      let output = Tensor.concatenated([first, second], axis: 1)
      difference =
        (output - lstm(x, .inference)).magnitude().max() + (after.hidden - second[.all, -1]).magnitude().max()
      return output.squared().mean()
    }
    #expect(try difference.item() < 1e-6)
    for path in whole.paths {
      try expectClose(try #require(halves[path]), try #require(whole[path]).scalars(as: Double.self), absolute: 1e-6)
    }
    let gru = GRU(4)
    try gru.build(inputShape: [6, 2], on: device, seed: 5)
    let (_, state) = gru(x[.all, ..<3], from: nil, .inference)
    let (output, after) = gru(x[.all, 3...], from: state, .inference)
    try expectClose(output, gru(x, .inference).scalars(as: Double.self))
    #expect(try output.scalars() == after.scalars())
  }

  /// A custom mask: skipping a step in the middle is equivalent to removing it.
  @Test func masksInTheMiddle() throws {
    let x = input([2, 4, 2], on: .cpu)
    let layer = SimpleRNN(3)
    let mask = Tensor([1, 0, 1, 1, 1, 0, 1, 1], shape: [2, 4]) .> 0
    let (found, _) = layer(x, from: nil, mask: mask, .inference)
    let kept = Tensor.concatenated([x[.all, ..<1], x[.all, 2...]], axis: 1)
    try expectClose(found, layer(kept, .inference).scalars(as: Double.self))
    let both = Bidirectional { GRU(2) }
    try expectClose(both(x, mask: mask, .inference), both(kept, .inference).scalars(as: Double.self))
  }

  @Test func bidirectionalReadsFromBothEnds() throws {
    let layer = Bidirectional { LSTM(3, returnsSequence: true) }
    try layer.build(inputShape: [4, 2], seed: 2)
    #expect(layer.parameters.map(\.path).contains("backwards.recurrentWeight"))
    let x = input([1, 4, 2], on: .cpu)
    let y = layer(x, .inference)
    #expect(y.shape == [1, 4, 6])
    let reversed = Tensor.concatenated((0..<4).reversed().map { x[.all, $0..<$0 + 1] }, axis: 1)
    let backwards = layer.backwards.outputs(reversed, mask: nil, isReversed: false, .inference)
    for step in 0..<4 {
      try expectClose(y[0, step, 3...], backwards[0, 3 - step].scalars(as: Double.self))
    }
  }

  @Test func averageLeavesPaddingOut() throws {
    let x = try padded(on: .cpu)
    let mean = SequenceAverage(masksZeros: true)(x, .inference)
    try expectClose(mean[0], x[0].mean(axis: 0).scalars(as: Double.self))
    try expectClose(mean[1], x[1, ..<2].mean(axis: 0).scalars(as: Double.self))
    #expect(try mean[3].scalars() == [0, 0])
    try expectClose(SequenceAverage()(x, .inference), x.mean(axis: 1).scalars(as: Double.self))
  }

  /// Sequences of any length except 0, also after the model is built.
  @Test func aSequenceOfNoSteps() throws {
    let model = Sequential(inputShape: [anyLength, 2]) { LSTM(3) }
    #expect(try model.predict(.zeros([2, 5, 2])).shape == [2, 3])
    func refusal(_ body: () throws -> Tensor) -> String {
      do {
        return "predicted \(try body().shape)"
      } catch {
        return "\(error)"
      }
    }
    let expected = "\(ModelError.inputShape(layer: "Sequential", expected: [anyLength, 2], found: [0, 2]))"
    #expect(refusal { try model.predict(.zeros([2, 0, 2])) } == expected)
    let predictor = Predictor(Sequential(inputShape: [anyLength, 2]) { LSTM(3) })
    #expect(refusal { try predictor.predict(.zeros([2, 0, 2])) } == expected)
  }

  @Test func badInputIsNamed() throws {
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(message { try LSTM(0).build(inputShape: [4, 2]) }.contains("LSTM: there are 0 units"))
    #expect(message { try GRU(3).build(inputShape: [4]) }.contains("GRU: an example is a sequence [steps, features]"))
    #expect(message { try LSTM(3).build(inputShape: [0, 2]) }.contains("LSTM"))
    #expect(message { try SequenceAverage().build(inputShape: [4]) }.contains("SequenceAverage"))
    let layer = LSTM(3)
    let marks = Tensor.zeros([2, 5]) .> 0
    let found = message {
      try layer.build(tracing: { _ = $0(.zeros([2, 4, 2]), from: nil, mask: marks, .inference) })
    }
    #expect(found.contains("LSTM: the mask is bool of shape [2, 5], expected bool [2, 4]"), "\(found)")
    let states = message {
      try GRU(3).build(tracing: { _ = $0(.zeros([2, 4, 2]), from: .zeros([2, 4]), .inference) })
    }
    #expect(states.contains("GRU: a state has the shape [2, 4], expected [2, 3]"), "\(states)")
    let model = Sequential { LSTM(3) }
    try model.build(inputShape: [anyLength, 2])
    #expect(message { _ = try model.predict(.zeros([1, 4, 3])) }.contains("[any, 2]"))
  }

  @Test func wrongShapesInExpressionsEndTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let marks = Tensor.zeros([2, 5]) .> 0
      _ = LSTM(3)(.zeros([2, 4, 2]), from: nil, mask: marks, .inference)
    }
    await #expect(processExitsWith: .failure) {
      _ = Embedding(4, 2)(Tensor(integers: [1, 4]).reshaped([1, 2]), .inference)
    }
  }

  @Test func describesItself() throws {
    let model = Sequential {
      Embedding(9, 4, padding: 0)
      LSTM(3, returnsSequence: true, masksZeros: true)
      Bidirectional { GRU(2, returnsSequence: true) }
      SimpleRNN(2, returnsSequence: true)
      SequenceAverage(masksZeros: true)
    }
    let again = Sequential(architecture: try Architecture(of: model))
    for network in [model, again] { try network.build(inputShape: [5], seed: 5) }
    let input = Tensor(integers: [1, 2, 3, 4, 0, 8, 7, 0, 0, 0]).reshaped([2, 5])
    #expect(try model(input, .inference).scalars() == again(input, .inference).scalars())
  }
}
