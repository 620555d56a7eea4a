import Testing

@testable import NeuralNetworks

/// Settings that cannot work end the program with one line: the name, the value, and what is expected.
@Suite struct SettingTests {
  static let mistakes: [(message: String, body: @Sendable () -> Void)] = [
    ("constant: the rate is nan, expected a finite number of at least 0", { _ = Schedule.constant(.nan) }),
    ("step: every is 0, expected at least 1", { _ = Schedule.step(from: 1, factor: 0.5, every: 0) }),
    ("step: factor is -0.5, expected a number of at least 0", { _ = Schedule.step(from: 1, factor: -0.5, every: 2) }),
    (
      "exponential: from is inf, expected a finite number of at least 0",
      { _ = Schedule.exponential(from: .infinity, factor: 0.5, every: 2) }
    ),
    ("exponential: every is -1, expected at least 1", { _ = Schedule.exponential(from: 1, factor: 0.5, every: -1) }),
    ("cosine: steps is 0, expected at least 1", { _ = Schedule.cosine(from: 1, steps: 0) }),
    ("cosine: to is nan, expected a finite number of at least 0", { _ = Schedule.cosine(from: 1, to: .nan, steps: 5) }),
    (
      "piecewise: the rate of step 3 is -1.0, expected a number of at least 0",
      { _ = Schedule.piecewise(1, [(step: 3, rate: -1)]) }
    ),
    ("piecewise: a step is -3, expected at least 0", { _ = Schedule.piecewise(1, [(step: -3, rate: 1)]) }),
    (
      "piecewise: two rates for step 3, expected one",
      { _ = Schedule.piecewise(1, [(step: 3, rate: 1), (step: 3, rate: 2)]) }
    ),
    ("warmedUp: steps is -1, expected at least 0", { _ = Schedule.constant(1).warmedUp(steps: -1) }),
    ("EarlyStopping: patience is -1, expected at least 0", { _ = EarlyStopping(patience: -1) }),
    (
      "EarlyStopping: minimumDelta is nan, expected a finite number",
      { _ = EarlyStopping(minimumDelta: .nan) }
    ),
    (
      "ReduceLearningRateOnPlateau: factor is 1.0, expected a number above 0 and below 1",
      { _ = ReduceLearningRateOnPlateau(factor: 1) }
    ),
    (
      "ReduceLearningRateOnPlateau: cooldown is -2, expected at least 0",
      { _ = ReduceLearningRateOnPlateau(cooldown: -2) }
    ),
    (
      "ReduceLearningRateOnPlateau: threshold is nan, expected a finite number of at least 0",
      { _ = ReduceLearningRateOnPlateau(threshold: .absolute(.nan)) }
    ),
    (
      "ReduceLearningRateOnPlateau: minimumRate is inf, expected a finite number of at least 0",
      { _ = ReduceLearningRateOnPlateau(minimumRate: .infinity) }
    ),
    ("accuracy: threshold is nan, expected a finite number", { _ = Metric.accuracy(threshold: .nan) }),
    ("ConfusionMatrix: threshold is inf, expected a finite number", { _ = ConfusionMatrix(threshold: .infinity) }),
    (
      "cross-entropy: the target of example 1 is 0.5, expected a class number",
      { _ = Loss.crossEntropy()(.zeros([2, 3]), Tensor([1, 0.5])) }
    ),
    (
      "cross-entropy: the target of example 0 is nan, expected a class number",
      { _ = Loss.sparseCategoricalCrossEntropy()(.zeros([1, 2, 3]), Tensor([[1, .nan]] as [[Float]])) }
    ),
  ]

  @Test(arguments: mistakes.indices) func aSettingThatCannotWorkIsNamed(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      SettingTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains(Self.mistakes[index].message), "\(message)")
  }

  /// What Keras takes and has a meaning is taken.
  @Test func meaningfulSettingsAreTaken() throws {
    #expect(EarlyStopping(patience: 0, minimumDelta: -0.5).minimumDelta == 0.5)
    #expect(Schedule.cosine(from: 0, steps: 1).rate(at: 5) == 0)
    #expect(Schedule.step(from: 1, factor: 2, every: 1).rate(at: 3) == 8)
    let (p, labels) = (Tensor([[1, 2], [3, 5]] as [[Float]]), Tensor([1, 0]))
    let integers = Tensor(integers: [1, 0])
    #expect(try Loss.crossEntropy()(p, labels).item() == Loss.crossEntropy()(p, integers).item())
    let loss = Loss.perOutput(["a": .hinge], weights: ["a": -1])
    _ = try TrainingConfiguration(optimizer: .sgd(), loss: loss, metrics: []).terms(outputs: ["a"])
  }
}
