import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct OptimizerFileTests {
  static let makers: [(String, @Sendable () -> Optimizer)] = [
    ("sgd", { .sgd(learningRate: 0.1) }), ("momentum", { .sgd(learningRate: 0.1, momentum: 0.9) }),
    ("adam", { .adam(learningRate: 0.01) }), ("amsgrad", { .adam(learningRate: 0.01, isAMSGrad: true) }),
    ("adamW", { .adamW(learningRate: 0.01) }), ("rmsProp", { .rmsProp(learningRate: 0.01, momentum: 0.5) }),
    ("adamax", { .adamax() }), ("nadam", { .nadam() }), ("radam", { .radam() }), ("adadelta", { .adadelta() }),
    ("lion", { .lion() }), ("muon", { .muon() }), ("adafactor", { .adafactor() }),
    ("rprop", { .rprop() }), ("asgd", { .asgd(averagingStart: 2) }), ("lamb", { .lamb() }),
    ("groups", { .adam(learningRate: 0.01, groups: [ParameterGroup("**.bias", learningRateScale: 2)]) }),
  ]

  func network() throws -> Sequential {
    let model = Sequential([Dense(4, activation: .tanh), Dense(1)])
    try model.build(inputShape: [2], seed: 1)
    return model
  }

  func step(_ model: Sequential, _ optimizer: Optimizer, times: Int) throws {
    let x = Tensor([Float(0), 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
    let y = Tensor([Float(0), 1, 1, 0], shape: [4, 1])
    for _ in 0..<times {
      let (_, gradients) = valueAndGradient(at: model) { model in (model(x, .inference) - y).squared().mean() }
      try optimizer.update(model, with: gradients)
    }
  }

  func numbers(_ model: Sequential) throws -> [[Float]] {
    try model.parameters.map { try $0.parameter.value.scalars() }
  }

  @Test(arguments: makers.map(\.0))
  func trainingGoesOnAsIfItHadNotStopped(name: String) throws {
    let make = try #require(Self.makers.first { $0.0 == name }).1
    let folder = try TemporaryFolder()
    let straight = try network()
    let straightOptimizer = make()
    try step(straight, straightOptimizer, times: 7)
    let model = try network()
    let optimizer = make()
    try step(model, optimizer, times: 3)
    try model.saveWeights(to: folder("w"))
    try optimizer.save(to: folder("o"))
    let resumed = try network()
    let resumedOptimizer = make()
    try resumed.loadWeights(from: folder("w"))
    try resumedOptimizer.load(from: folder("o"))
    #expect(resumedOptimizer.step == 3)
    try step(resumed, resumedOptimizer, times: 4)
    #expect(try numbers(resumed) == numbers(straight))
  }

  @Test func anotherKindOfStateIsRefused() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    let adam = Optimizer.adam()
    try step(model, adam, times: 1)
    try adam.save(to: folder("o"))
    let momentum = Optimizer.sgd(momentum: 0.9)
    #expect(throws: FormatError.self) { try momentum.load(from: folder("o")) }
    #expect(momentum.step == 0)
    try model.saveWeights(to: folder("w"))
    #expect(throws: FormatError.malformed(path: folder("w"), reason: "it holds no state of an optimizer")) {
      try adam.load(from: folder("w"))
    }
    for step in ["-1", "x", "99999999999999999999", "9223372036854775807", "9007199254740993"] {
      try Safetensors.save([(String, Tensor)](), metadata: ["step": step], to: folder("o"))
      #expect(throws: FormatError.self) { try adam.load(from: folder("o")) }
    }
    #expect(adam.step == 1)
  }
}
