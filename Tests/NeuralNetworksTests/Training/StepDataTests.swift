import Testing

@testable import NeuralNetworks

/// A `TrainingStep` refuses the data that `fit` refuses, in steps that are eager, recorded and replayed, wherever the data lie but
/// on a GPU; a refused batch changes nothing.
@Suite struct StepDataTests {
  /// What a step is given, in place of a good batch of inputs `[5, 4]`.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var loss = Loss.meanSquaredError
    var units = 1
    var target: [Float] = [1, 1, 1, 1, 1]
    var badTarget: [Float]?
    var shape: [Int]?
    var badWeights: [Float]?
    var text: String
  }

  static let cases: [Case] = [
    Case(testDescription: "target", badTarget: [1, .nan, 1, 1, 1], text: "the target of example 1 holds a NaN"),
    Case(
      testDescription: "probability", loss: .binaryCrossEntropy(fromLogits: true), badTarget: [1, 1, 1, 2, 1],
      text: "the target of example 3 is 2.0, expected a number from 0 to 1"),
    Case(testDescription: "negative weight", badWeights: [1, 1, 1, 1, -1], text: "the weight of example 4"),
    Case(testDescription: "weight", badWeights: [.nan, 1, 1, 1, 1], text: "the weight of example 0"),
    Case(testDescription: "weights", badWeights: [1, 1], text: "5 inputs, but 2"),
    Case(
      testDescription: "fraction", loss: .crossEntropy(), units: 3, target: [0, 1, 2, 0, 1],
      badTarget: [0, 1, 1.5, 0, 1], text: "the target of example 2 is 1.5, expected a class number"),
    Case(
      testDescription: "label", loss: .crossEntropy(), units: 3, target: [0, 1, 2, 0, 1],
      badTarget: [0, 1, 2, 0, 3], text: "3"),
    Case(
      testDescription: "shape", target: [1, 1, 1, 1, 1], badTarget: [Float](repeating: 1, count: 15), shape: [5, 3],
      text: "[3]"),
    Case(testDescription: "rows", badTarget: [1, 1, 1], text: "5 inputs, but 3"),
  ]

  private func batch(_ item: Case, isGood: Bool, on home: Device) -> Batch {
    let numbers = (0..<20).map { Float($0 % 7) / 7 }
    let target = isGood ? item.target : item.badTarget ?? item.target
    let weights = isGood ? item.badWeights.map { _ in [Float](repeating: 1, count: 5) } : item.badWeights
    return Batch(
      input: Tensor(numbers, shape: [5, 4], on: home),
      target: Tensor(target, shape: isGood ? [5] : item.shape ?? [target.count], on: home),
      weights: weights.map { Tensor($0, on: home) })
  }

  @Test(arguments: TestDevices.all, cases) func isRefusedInEveryStep(_ device: Device, _ item: Case) throws {
    for home in [Device.cpu, device] where home.kind == .cpu {
      for steps in [0, 1, 4] {
        let model = Sequential { Dense(item.units) }
        try model.build(inputShape: [4], on: device, seed: 1)
        let step = try TrainingStep(model, optimizer: .adam(), loss: item.loss)
        for _ in 0..<steps { _ = try step(batch(item, isGood: true, on: home)) }
        let before = try model.numbers()
        let bad = batch(item, isGood: false, on: home)
        let error = #expect(throws: (any Error).self) { _ = try step(bad) }
        #expect(error is any NeuralNetworksError)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(item.text), "\(text)")
        #expect(try model.numbers() == before && step.optimizer.step == steps)
        _ = try step(batch(item, isGood: true, on: home))
      }
    }
  }

  @Test func anotherNumberOfTargetsIsRefused() throws {
    let model = Sequential { Dense(1) }
    let step = try TrainingStep(model, optimizer: .adam(), loss: .meanSquaredError)
    for count in [0, 2] {
      let targets = [Tensor](repeating: .ones([5, 1]), count: count)
      #expect(throws: TrainingError.tensorCount(of: "outputs", expected: 1, found: count)) {
        _ = try step(Batch(inputs: [.ones([5, 4])], targets: targets))
      }
    }
  }

  /// As `fit` does; running statistics that still move are something to do.
  @Test func aFrozenModelIsRefused() throws {
    let model = Sequential {
      Dense(2)
      BatchNorm()
    }
    let good = Batch(input: .ones([5, 4]), target: .ones([5, 2]))
    let step = try TrainingStep(model, optimizer: .adam(), loss: .meanSquaredError)
    _ = try step(good)
    model.freeze()
    _ = try step(good)
    model.freeze(statistics: true)
    #expect(throws: TrainingError.nothingTrainable(parameters: model.parameters.count)) { _ = try step(good) }
    model.unfreeze()
    _ = try step(good)
  }

  final class Detached: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.detached() }
  }

  /// Penalties on weights have a gradient, but nothing is learned from the data.
  @Test(arguments: TestDevices.all) func aLossWithoutGradientIsRefused(_ device: Device) throws {
    let wrong = Loss("wrong") { p, t in (p.argmax(axis: -1) .!= t).cast(to: .float32) }
    let cases: [(Sequential, Loss, Tensor)] = [
      (Sequential([Dense(1), Detached()]), .meanSquaredError, .ones([8, 1])),
      (Sequential([Dense(1, regularizer: .l2(0.1)), Detached()]), .meanSquaredError, .ones([8, 1])),
      (Sequential([Dense(3)]), wrong, Tensor(integers: [0, 1, 2, 0, 1, 2, 0, 1])),
    ]
    for (model, loss, targets) in cases {
      model.compile(optimizer: .adam(), loss: loss, device: device)
      let data = TensorDataset(.ones([8, 4]), targets)
      #expect(throws: TrainingError.noGradient) { try model.fit(data, verbosity: .silent) }
      #expect(model.compiled?.optimizer.step == 0)
      // It can be measured all the same.
      #expect(try model.evaluate(data).loss.isFinite)
    }
  }
}
