import Testing

@testable import NeuralNetworks

/// Recorded and replayed steps have the same data checks as eager steps: a rejected batch changes nothing in any step.
@Suite struct StepCheckTests {
  static let devices = TestDevices.all

  private func model(_ device: Device) throws -> Sequential {
    let model = Sequential {
      Embedding(5, 2)
      Flatten()
      Dense(3)
    }
    try model.build(inputShape: [3], on: device, seed: 1)
    return model
  }

  private func batch(_ tokens: [Int] = [0, 1, 2, 4, 3, 0], labels: [Int] = [0, 2], on device: Device = .cpu) -> Batch {
    Batch(
      input: Tensor(integers: tokens, shape: [2, 3], on: device), target: Tensor(integers: labels, on: device))
  }

  /// Step 0 is eager, step 1 is recorded, later ones are replayed.
  @Test(arguments: devices, 0..<5) func aTokenOutOfRangeIsRefused(_ device: Device, at index: Int) throws {
    for bad in [5, -1, Int(Int32.max)] {
      // The host does not wait for a GPU to check its tokens.
      for home in [Device.cpu, device] where home.kind == .cpu {
        let model = try model(device)
        let step = try TrainingStep(model, optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
        for _ in 0..<index { _ = try step(batch()) }
        let before = try model.numbers()
        let error = #expect(throws: ModelError.self) { _ = try step(batch([0, 1, 2, 4, bad, 0], on: home)) }
        guard case .token("0 (Embedding)", 1, bad, 5)? = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(try model.numbers() == before && step.optimizer.step == index)
        _ = try step(batch())
        #expect(try model.numbers().allSatisfy(\.isFinite))
      }
    }
  }

  @Test(arguments: devices, 0..<4) func aLabelOutOfRangeIsRefused(_ device: Device, at index: Int) throws {
    let model = try model(device)
    let step = try TrainingStep(model, optimizer: .adam(), loss: .crossEntropy(ignoring: -100))
    for _ in 0..<index { _ = try step(batch(labels: [2, -100])) }
    let before = try model.numbers()
    for bad in [3, -1] {
      let error = #expect(throws: ModelError.self) { _ = try step(batch(labels: [0, bad])) }
      guard case .label(1, bad, 3)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(try model.numbers() == before)
  }

  @Test(arguments: devices) func anotherShapeOrTypeIsRefusedInEveryStep(_ device: Device) throws {
    let model = try model(device)
    let step = try TrainingStep(model, optimizer: .adam(), loss: .crossEntropy())
    for _ in 0..<4 {
      let target = Tensor(integers: [0, 1])
      #expect(throws: ModelError.self) {
        _ = try step(Batch(input: Tensor(integers: [0, 1, 2, 3], shape: [2, 2]), target: target))
      }
      #expect(throws: ModelError.self) { _ = try step(Batch(input: .zeros([2, 3]), target: target)) }
      #expect(throws: TrainingError.self) { _ = try step(Batch(inputs: [], targets: [target])) }
      _ = try step(batch())
    }
  }

  /// Each of two embeddings uses a part of the input, with different tokens.
  final class TwoTables: Layer {
    let small = Embedding(2, 3)
    let large = Embedding(9, 3)
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      small(x[.all, 0..<1], context).sum(axis: 1) + large(x[.all, 1...], context).sum(axis: 1)
    }
    var allowsReplay: Bool { true }
  }

  /// Tokens that the model computes cannot be checked before it runs: it is not replayed, so that the embedding checks
  /// them.
  @Test func computedTokensAreLookedAtInEveryStep() async throws {
    let model = Model(TwoTables())
    let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
    for token in [8, 1, 8, 3, 8] {
      _ = try step(Batch(input: Tensor(integers: [1, token, 0, 8], shape: [2, 2]), target: .zeros([2, 3])))
    }
    #expect(try model.numbers().allSatisfy(\.isFinite) && !model.isReplayable)
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let model = Model(TwoTables())
      let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
      for first in [0, 1, 0, 1, 2] {
        _ = try step(Batch(input: Tensor(integers: [first, 8], shape: [1, 2]), target: .zeros([1, 3])))
      }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("the token 2") && message.contains("small (Embedding)"), "\(message)")
  }

  @Test(arguments: devices) func predictionsAndEvaluationsRefuseTokens(_ device: Device) throws {
    let model = try model(device)
    model.compile(optimizer: .adam(), loss: .crossEntropy())
    let good = Tensor(integers: [0, 1, 2], shape: [1, 3])
    let bad = Tensor(integers: [0, 1, 7], shape: [1, 3])
    let predictor = Predictor(try self.model(device))
    for _ in 0..<4 {
      _ = try model.predict(good)
      _ = try predictor.predict(good)
      #expect(throws: ModelError.self) { _ = try model.predict(bad) }
      #expect(throws: ModelError.self) { _ = try predictor.predict(bad) }
    }
    let data = TensorDataset(Tensor.concatenated([good, good, good, bad]), Tensor(integers: [0, 0, 0, 0]))
    #expect(throws: ModelError.self) { _ = try model.evaluate(data, batchSize: 1) }
    #expect(throws: ModelError.self) { try model.fit(data, batchSize: 1, verbosity: .silent) }
  }
}
