import Testing

@testable import NeuralNetworks

/// An optimizer belongs to the model that it has updated, and reports gradients that do not match.
@Suite struct OptimizerOwnershipTests {
  private func model(_ inputs: Int = 3, units: Int = 2) throws -> Sequential {
    let model = Sequential { Dense(units) }
    try model.build(inputShape: [inputs], seed: 1)
    return model
  }

  private func gradients(_ model: Sequential, _ inputs: Int = 3) -> Gradients {
    valueAndGradient(at: model) { $0(.ones([1, inputs]), .inference).sum() }.gradient
  }

  private func text(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  static let optimizers: [@Sendable () -> Optimizer] = [
    { .sgd(learningRate: 0.1, momentum: 0.9) }, { .adam() }, { .rmsProp() }, { .sgd() },
  ]

  @Test(arguments: optimizers.indices) func anotherModelIsRefused(_ index: Int) throws {
    let optimizer = Self.optimizers[index]()
    let (first, second) = (try model(), try model())
    try optimizer.update(first, with: gradients(first))
    let before = try second.numbers()
    let message = text { try optimizer.update(second, with: gradients(second)) }
    #expect(message.contains("another model") && message.contains("0.weight"), "\(message)")
    #expect(try second.numbers() == before && optimizer.step == 1)
    // The first one continues.
    try optimizer.update(first, with: gradients(first))
    #expect(optimizer.step == 2)
  }

  /// An optimizer belongs to the model of its first successful step.
  @Test(arguments: optimizers.indices) func aRefusedUpdateBindsNothing(_ index: Int) throws {
    let optimizer = Self.optimizers[index]()
    let (first, second) = (try model(3), try model(4))
    #expect(text { try optimizer.update(first, with: gradients(second, 4)) } != "no error")
    #expect(optimizer.step == 0 && optimizer.stateTensors().isEmpty)
    struct Fault: Error {}
    let step = try TrainingStep(first, optimizer: optimizer, loss: Loss("broken") { _, _ in .ones([2]) })
    let batch = Batch(input: .ones([2, 3]), target: .ones([2, 2]))
    #expect(text { _ = try step(batch) }.contains("no gradient"))
    try optimizer.update(second, with: gradients(second, 4))
    #expect(optimizer.step == 1)
  }

  @Test func anotherModelIsRefusedByFitAndSteps() throws {
    let optimizer = Optimizer.adam()
    let data = TensorDataset(.ones([8, 3]), .ones([8, 2]))
    let models = [try model(), try model()]
    for model in models { model.compile(optimizer: optimizer, loss: .meanSquaredError) }
    try models[0].fit(data, epochs: 3, batchSize: 2, verbosity: .silent)
    #expect(text { try models[1].fit(data, verbosity: .silent) }.contains("another model"))
    let step = try TrainingStep(models[1], optimizer: optimizer, loss: .meanSquaredError)
    #expect(text { _ = try step(Batch(input: data.inputs, target: data.targets)) }.contains("another model"))
  }

  /// Also if the names of the parameters differ, and if the first model has been released.
  @Test func theStepsOfAnotherModelAreNotCountedOn() throws {
    let optimizer = Optimizer.adam()
    do {
      let first = try model()
      try optimizer.update(first, with: gradients(first))
    }
    let second = Sequential {
      Flatten()
      Dense(2)
    }
    try second.build(inputShape: [3], seed: 1)
    #expect(text { try optimizer.update(second, with: gradients(second)) }.contains("another model"))
    let third = try model()
    #expect(text { try optimizer.update(third, with: gradients(third)) }.contains("another model"))
  }

  /// The same parameters in another model, more of them, and the state of another process do not count as another
  /// model.
  @Test func theSameParametersAreUpdatedWhereverTheyAre() throws {
    let optimizer = Optimizer.adam()
    let dense = Dense(2)
    let first = Sequential([dense])
    try first.build(inputShape: [3], seed: 1)
    try optimizer.update(first, with: gradients(first))
    let second = Sequential([Flatten(), dense])
    try second.build(inputShape: [3], seed: 1)
    try optimizer.update(second, with: gradients(second))
    let larger = Sequential([dense, Flatten(), Dense(4)])
    try larger.build(inputShape: [3], seed: 1)
    try optimizer.update(larger, with: gradients(larger))
    let other = try model()
    let resumed = Optimizer.adam()
    try resumed.update(try model(), with: gradients(other))
    try resumed.restore(optimizer.state())
    #expect(text { try resumed.update(other, with: gradients(other)) } == "no error")
  }

  /// Parts of one model are trained in turn by one optimizer, as heads and bodies or the two sides of a GAN are.
  @Test(arguments: optimizers.indices) func anotherPartOfTheModelIsTrainedNext(_ index: Int) throws {
    let optimizer = Self.optimizers[index]()
    let model = Sequential([Dense(3), Dense(1)], inputShape: [2])
    model.compile(optimizer: optimizer, loss: .meanSquaredError)
    try model.build(inputShape: [2], seed: 1)
    let data = TensorDataset(.ones([4, 2]), .zeros([4, 1]))
    func values() throws -> [String: [Float]] {
      var values: [String: [Float]] = [:]
      for (path, parameter) in model.parameters { values[path] = try parameter.value.scalars() }
      return values
    }
    for (frozen, trained) in [("0", "1"), ("1", "0"), ("0", "1")] {
      let before = try values()
      model.freeze("\(frozen).**")
      try model.fit(data, epochs: 2, verbosity: .silent)
      model.unfreeze("\(frozen).**")
      let after = try values()
      #expect(before["\(frozen).weight"] == after["\(frozen).weight"])
      #expect(before["\(trained).weight"] != after["\(trained).weight"])
    }
    // With the same names, another model is refused all the same, whichever part of it is trained.
    let other = Sequential([Dense(3), Dense(1)], inputShape: [2])
    other.compile(optimizer: optimizer, loss: .meanSquaredError)
    try other.build(inputShape: [2], seed: 1)
    other.freeze("0.**")
    #expect(text { try other.fit(data, verbosity: .silent) }.contains("another model"))
  }

  @Test func gradientsOfAnotherModelAreDescribed() throws {
    let (small, large) = (try model(3), try model(4))
    let message = text { try Optimizer.sgd().update(small, with: gradients(large, 4)) }
    #expect(message.contains("gradient of 0.weight [4, 2], expected [3, 2]"), "\(message)")
    let named = Sequential {
      Flatten()
      Dense(2)
    }
    try named.build(inputShape: [3], seed: 1)
    let other = text { try Optimizer.sgd().update(small, with: gradients(named)) }
    #expect(other.contains("missing: gradient of 0.weight, gradient of 0.bias"), "\(other)")
    #expect(other.contains("unknown: gradient of 1.weight, gradient of 1.bias"), "\(other)")
  }
}
