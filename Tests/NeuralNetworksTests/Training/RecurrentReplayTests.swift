import Testing

@testable import NeuralNetworks

/// Recurrent networks give bitwise identical results with replayed and eager steps.
@Suite struct RecurrentReplayTests {
  private func model(isReplayable: Bool, on device: Device) throws -> Model {
    let network = Sequential {
      Embedding(7, 4, padding: 0)
      Bidirectional { LSTM(5, dropout: 0.2, returnsSequence: true, masksZeros: true) }
      Dropout(0.2)
      GRU(4, returnsSequence: true, masksZeros: true)
      GRU(4, recurrentActivation: .hardSigmoid, recurrentDropout: 0.3, returnsSequence: true, masksZeros: true)
      SimpleRNN(3, masksZeros: true)
      Dense(2)
    }
    let model = Model(StepReplayTests.Opaque(network, isReplayable: isReplayable))
    let example = Tensor(integers: [1, 2, 3, 4, 5, 0], on: device).reshaped([1, 6])
    try model.becomeReady(inputs: [example], seed: 3)
    try model.move(to: device)
    return model
  }

  @Test(arguments: TestDevices.all) func sameBits(_ device: Device) throws {
    let models = try [true, false].map { try model(isReplayable: $0, on: device) }
    let steps = try models.map {
      try TrainingStep($0, optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), seed: 2)
    }
    var random = Knuth(5)
    for _ in 0..<6 {
      let tokens = (0..<10 * 6).map { $0 % 6 > 3 ? 0 : 1 + Int((random.next() + 1) * 3) }
      let batch = Batch(
        input: Tensor(integers: tokens, on: device).reshaped([10, 6]),
        target: Tensor(integers: (0..<10).map { $0 % 2 }, on: device))
      let losses = try steps.map { try $0(batch).loss.item() }
      #expect(losses[0] == losses[1])
    }
    #expect(try models[0].numbers() == models[1].numbers())
    let passes = models.map { ($0.network as? StepReplayTests.Opaque)?.passes ?? -1 }
    #expect(passes[0] < passes[1])
  }
}
