import BackendCPU
import BackendReference
import Testing

@testable import NeuralNetworks

/// Replayed steps give bitwise the same results as eager steps.
@Suite struct StepReplayTests {
  /// Prevents a model from being recorded, and counts how often its layers run.
  final class Opaque: Layer {
    let inner: Sequential
    let isReplayable: Bool
    private(set) var passes = 0

    init(_ inner: Sequential, isReplayable: Bool = false) {
      self.inner = inner
      self.isReplayable = isReplayable
    }

    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      if !input.device.isShapeOnly { passes += 1 }  // not those that infer shapes
      return inner(input, context)
    }

    var allowsReplay: Bool { isReplayable && inner.allowsReplay }
  }

  /// A training configuration.
  struct Recipe: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let optimizer: @Sendable () -> Optimizer
    var loss: Loss = .sparseCategoricalCrossEntropy(fromLogits: true)
    var isWeighted = false
    var regularizer: Regularizer?

    static let all = [
      Recipe(
        testDescription: "adam, schedule, clipping",
        optimizer: {
          .adam(learningRate: .cosine(from: 0.05, to: 0.001, steps: 30), clipping: .globalNorm(0.5))
        }),
      Recipe(
        testDescription: "momentum, value clipping, l2",
        optimizer: {
          .sgd(learningRate: 0.1, momentum: 0.9, clipping: .value(0.02))
        }, regularizer: .l2(0.01)),
      Recipe(
        testDescription: "adamw, groups, ignored labels, weights",
        optimizer: {
          .adamW(learningRate: 0.02, groups: [ParameterGroup("**.bias", learningRateScale: 0.1, weightDecay: 0)])
        }, loss: .crossEntropy(ignoring: 1), isWeighted: true),
      Recipe(
        testDescription: "nadam, schedule, clipping",
        optimizer: { .nadam(learningRate: .cosine(from: 0.05, to: 0.001, steps: 30), clipping: .globalNorm(0.5)) }),
      Recipe(
        testDescription: "radam, decoupled decay, value clipping",
        optimizer: { .radam(learningRate: 0.05, weightDecay: 0.1, isDecayDecoupled: true, clipping: .value(0.02)) }),
      Recipe(
        testDescription: "adamax, groups",
        optimizer: {
          .adamax(learningRate: 0.02, groups: [ParameterGroup("**.bias", learningRateScale: 0.1, weightDecay: 0.3)])
        }),
      Recipe(testDescription: "adadelta", optimizer: { .adadelta(weightDecay: 0.01) }),
      Recipe(testDescription: "lion", optimizer: { .lion(learningRate: 0.01, weightDecay: 0.1) }),
      Recipe(
        testDescription: "sgd, constraint",
        optimizer: { .sgd(learningRate: 0.5, groups: [ParameterGroup("**.weight", constraint: .maximumNorm(0.5))]) }),
      Recipe(testDescription: "adafactor", optimizer: { .adafactor(learningRate: 0.02, weightDecay: 0.1) }),
      Recipe(
        testDescription: "sgd, orthogonal rows", optimizer: { .sgd(learningRate: 0.1) }, regularizer: .orthogonal(0.5)),
      Recipe(testDescription: "rprop", optimizer: { .rprop(stepSizes: 1e-4...0.1) }),
      Recipe(
        testDescription: "asgd, averages",
        optimizer: { .asgd(learningRate: .cosine(from: 0.2, steps: 30), decay: 0.01, averagingStart: 2) }),
      Recipe(
        testDescription: "lamb, groups",
        optimizer: {
          .lamb(learningRate: 0.02, groups: [ParameterGroup("**.bias", learningRateScale: 0.1, weightDecay: 0.3)])
        }),
      Recipe(testDescription: "muon", optimizer: { .muon(learningRate: .cosine(from: 0.05, steps: 30)) }),
    ]
  }

  private func network(_ recipe: Recipe) -> Sequential {
    Sequential {
      Dense(8, activation: .gelu, regularizer: recipe.regularizer)
      Dropout(0.3)
      Dense(3)
    }
  }

  /// Two models with the same weights: one whose steps are recorded, one whose steps are not.
  private func twins(_ recipe: Recipe, on device: Device) throws -> (replayed: Model, eager: Model) {
    let models = [true, false].map { Model(Opaque(network(recipe), isReplayable: $0)) }
    for model in models { try model.build(inputShape: [3], on: device, seed: 4) }
    return (models[0], models[1])
  }

  private func batch(_ index: Int, count: Int = 12, isWeighted: Bool, on device: Device) -> Batch {
    let data = Corners.data(count, seed: UInt64(index + 1), on: device)
    let weights = (0..<count).map { Float($0 % 4) }
    return Batch(
      input: data.inputs, target: data.targets, weights: isWeighted ? Tensor(weights, on: device) : nil)
  }

  private func passes(_ model: Model) -> Int { (model.network as? Opaque)?.passes ?? -1 }

  @Test(arguments: TestDevices.all, Recipe.all) func sameBits(_ device: Device, _ recipe: Recipe) throws {
    let (replayed, eager) = try twins(recipe, on: device)
    let steps = try [replayed, eager].map {
      try TrainingStep($0, optimizer: recipe.optimizer(), loss: recipe.loss, seed: 9)
    }
    let before = (passes(replayed), passes(eager))
    var outputs: [[TrainingStep.Output]] = [[], []]
    var kept: [Tensor] = []
    for index in 0..<12 {
      // The last batch of an epoch is smaller.
      let batch = batch(index, count: index % 3 == 2 ? 5 : 12, isWeighted: recipe.isWeighted, on: device)
      for (way, step) in steps.enumerated() { outputs[way].append(try step(batch)) }
      if index == 7 { kept = replayed.parameters.map { $1.value } }
    }
    let keptNumbers = try kept.map { try $0.scalars() }
    // Compared at the end, so that later steps could have overwritten earlier results.
    for (a, b) in zip(outputs[0], outputs[1]) {
      #expect(try a.loss.scalars() == b.loss.scalars())
      #expect(try a.predictions[0].scalars() == b.predictions[0].scalars())
    }
    #expect(try replayed.numbers() == eager.numbers())
    #expect(try kept.map { try $0.scalars() } == keptNumbers)
    #expect(steps[0].optimizer.step == 12)
    // For each shape, one eager and one recorded step; another eager one where groups divide the parameters in the
    // first step.
    #expect(passes(replayed) - before.0 == (steps[0].optimizer.groups.isEmpty ? 4 : 5))
    #expect(passes(eager) - before.1 == 12)
  }

  /// Layers that compute tables on the host, or draw random numbers.
  private func layers(ofImages: Bool) -> Sequential {
    if ofImages {
      return Sequential {
        RandomFlip()
        RandomAffine(degrees: 20, rows: 0.1, columns: 0.1, scale: 0.8...1.2, shear: 5)
        RandomColorJitter(brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1)
        RandomGrayscale(0.2)
        RandomGaussianBlur(kernel: 3)
        RandomErasing()
        RandomCrop(4)
        ZeroPadding2D(top: 0, bottom: 1, left: 0, right: 1)
        Conv2D(4, kernel: 3, padding: 1, paddingMode: .circular)
        SeparableConv2D(4, kernel: 2, depthMultiplier: 2)
        PReLU(perChannel: true)
        Resizing([4, 6], .bicubic)
        PixelShuffle(2)
        UpSampling2D([1, 2], .bilinear)
        Cropping2D(1)
        GlobalAveragePool2D()
        UnitNormalization()
        Dense(1)
      }
    }
    return Sequential {
      Conv1D(4, kernel: 3, padding: .causal)
      UpSampling1D(2, .bilinear)
      Permute([2, 1])
      TimeDistributed {
        Dense(3)
        GaussianDropout(0.2)
      }
      AlphaDropout(0.2)
      Dense(4)
      Lambda(allowsReplay: true) { x in x.rotaryEmbedded(base: 100).mean(axis: 1) }
      RepeatVector(2)
      Flatten()
      Dense(1)
    }
  }

  @Test(arguments: TestDevices.all, [true, false]) func tablesAndNoise(_ device: Device, _ ofImages: Bool) throws {
    let shape = ofImages ? [3, 5, 5] : [3, 7]
    let models = [true, false].map { Model(Opaque(layers(ofImages: ofImages), isReplayable: $0)) }
    for model in models { try model.build(inputShape: shape, on: device, seed: 4) }
    let steps = try models.map { try TrainingStep($0, optimizer: .adam(), loss: .meanSquaredError, seed: 9) }
    var losses: [[Float]] = [[], []]
    for index in 0..<6 {
      let input = Tensor.normal([4] + shape, using: RandomStream(seed: UInt64(index)), on: device)
      let batch = Batch(input: input, target: .ones([4, 1], on: device))
      for (way, step) in steps.enumerated() { losses[way].append(try Float(step(batch).loss.item())) }
    }
    #expect(losses[0] == losses[1] && Set(losses[0]).count == 6)
    #expect(try models[0].numbers() == models[1].numbers())
    #expect(passes(models[0]) < passes(models[1]))
  }

  /// The next step sees changes between two steps.
  @Test(arguments: TestDevices.all) func changesBetweenSteps(_ device: Device) throws {
    let recipe = Recipe.all[0]
    let (replayed, eager) = try twins(recipe, on: device)
    var seen: [[[Float]]] = []
    for model in [replayed, eager] {
      let optimizer = recipe.optimizer()
      let step = try TrainingStep(model, optimizer: optimizer, loss: recipe.loss, seed: 1)
      var numbers: [[Float]] = []
      func go(_ count: Int) throws {
        for index in 0..<count { _ = try step(batch(index, isWeighted: false, on: device)) }
        numbers.append(try model.numbers())
      }
      try go(4)
      let snapshot = model.snapshot()
      let state = optimizer.state()
      try go(3)
      // Back to the original location, with the optimizer.
      try model.restore(snapshot)
      try optimizer.restore(state)
      try go(3)
      // Different numbers in a parameter, a frozen layer, and one that is unfrozen.
      let weight = try #require(model.parameters["inner.0.weight"])
      weight.assign(.full(like: weight.value, 0.25))
      try go(3)
      weight.isTrainable = false
      try go(3)
      #expect(try weight.value.scalars() == numbers[3].prefix(24).map { $0 })
      weight.isTrainable = true
      try go(3)
      seen.append(numbers)
    }
    #expect(seen[0] == seen[1])
    #expect(seen[0][1] == seen[0][2])
    #expect(Set(seen[0].map { $0.map(\.bitPattern) }).count == 5)
  }

  /// A custom loss and a custom activation function that allow it are replayed, with the same results.
  @Test(arguments: TestDevices.all) func ownFunctionsCanBeReplayed(_ device: Device) throws {
    nonisolated(unsafe) var calls = (loss: 0, function: 0)
    func train(allowsReplay: Bool) throws -> (losses: [Float], numbers: [Float], calls: (loss: Int, function: Int)) {
      let cubic = ActivationFunction("cubic", allowsReplay: allowsReplay) { x in
        if !x.device.isShapeOnly { calls.function += 1 }
        return x * x * x
      }
      let loss = Loss("brier", allowsReplay: allowsReplay) { prediction, target in
        if !prediction.device.isShapeOnly { calls.loss += 1 }
        return (prediction.softmax() - target.oneHot(classes: 3).cast(to: prediction.dtype)).squared().mean(axis: 1)
      }
      let model = Sequential {
        Dense(8, activation: cubic)
        Dense(3)
      }
      try model.build(inputShape: [3], on: device, seed: 4)
      #expect(model.allowsReplay == allowsReplay)
      calls = (0, 0)
      let step = try TrainingStep(model, optimizer: .adam(learningRate: 0.05), loss: loss, seed: 9)
      let outputs = try (0..<8).map { try step(batch($0, isWeighted: false, on: device)) }
      return (try outputs.map { try $0.loss.scalars()[0] }, try model.numbers(), calls)
    }
    let replayed = try train(allowsReplay: true), eager = try train(allowsReplay: false)
    #expect(replayed.losses == eager.losses)
    #expect(replayed.numbers == eager.numbers)
    // The first step, and the second one, which is recorded; the loss also on predictions of zeros before them.
    #expect(replayed.calls.function == 2 && eager.calls.function == 8)
    #expect(replayed.calls.loss == 3 && eager.calls.loss == 9)
    #expect(!ActivationFunction("plain") { $0 }.allowsReplay)
    #expect(!Loss("plain") { prediction, _ in prediction }.allowsReplay)
  }

  /// A custom loss may do anything on the host.
  @Test func ownLossesAreComputed() throws {
    let model = Corners.model()
    nonisolated(unsafe) var calls = 0
    let loss = Loss("counting") { prediction, target in
      calls += 1
      return (prediction - target.oneHot(classes: 3)).squared().mean(axis: 1)
    }
    let step = try TrainingStep(model, optimizer: .sgd(learningRate: 0.1), loss: loss, seed: 1)
    for index in 0..<5 { _ = try step(batch(index, isWeighted: false, on: .cpu)) }
    // Once on predictions of zeros, before the first step.
    #expect(calls == 6)
  }

  /// Layers that read numbers or draw on the host run each time, regardless of their declaration.
  final class Reading: Layer {
    enum Kind { case number, draw, split }
    let kind: Kind
    private(set) var passes = 0
    init(_ kind: Kind) { self.kind = kind }
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      if !input.device.isShapeOnly { passes += 1 }  // not those that infer shapes
      switch kind {
      // There are no numbers while shapes are inferred.
      case .number: return context.isTraining ? input * ((try? input.sum().item()) ?? 0) : input
      case .draw: return input * context.random.uniforms(1)[0]
      case .split: return input + Tensor.normal(like: input, using: context.random.split())
      }
    }
    var allowsReplay: Bool { true }
  }

  @Test(arguments: [Reading.Kind.number, .draw, .split]) func hostWork(_ kind: Reading.Kind) throws {
    let layer = Reading(kind)
    let model = Sequential {
      layer
      Dense(3)
    }
    try model.build(inputShape: [3], seed: 1)
    let before = layer.passes
    let step = try TrainingStep(model, optimizer: .sgd(learningRate: 0.1), loss: .crossEntropy(), seed: 1)
    for index in 0..<5 { _ = try step(batch(index, isWeighted: false, on: .cpu)) }
    #expect(layer.passes - before == 5)
  }

  /// A replayed step without memory changes nothing.
  @Test func withoutMemory() throws {
    let device = Device(CPUBackend(threads: 1))
    let model = Corners.model(dropout: 0.1)
    try model.build(inputShape: [3], on: device, seed: 1)
    let step = try TrainingStep(model, optimizer: .adam(), loss: .crossEntropy(), seed: 1)
    let batches = (0..<6).map { batch($0, isWeighted: false, on: device) }
    for batch in batches.prefix(4) { _ = try step(batch) }
    let numbers = try model.numbers()
    let limit = device.memoryStatistics().limitBytes
    device.trimMemory()
    device.setMemoryLimit(bytes: 0)
    #expect(throws: DeviceError.self) { try step(batches[4]) }
    #expect(step.optimizer.step == 4)
    #expect(try model.numbers() == numbers)
    device.setMemoryLimit(bytes: limit)
    _ = try step(batches[4])
    #expect(step.optimizer.step == 5)
  }
}
