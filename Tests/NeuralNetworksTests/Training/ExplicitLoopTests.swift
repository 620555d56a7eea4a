import NeuralNetworks
import Testing

/// User programs that train without `fit`, on small data.
@Suite struct ExplicitLoopTests {
  @Test(arguments: TestDevices.real) func classifier(_ device: Device) throws {
    let model = Corners.model(dropout: 0.1)
    try model.build(inputShape: [3], on: device, seed: 1)
    let optimizer = Optimizer.adam(learningRate: 0.02, clipping: .globalNorm(1))
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    let random = RandomStream(seed: 1)
    var course: [Double] = []
    var last = 0.0
    for _ in 0..<10 {
      var accuracy = Metric.accuracy.makeAccumulator()
      var total = Tensor(0, on: device)
      var batches = Corners.data().batches(of: 16, shuffledBy: random, on: device)
      while let batch = try batches.next() {
        var logits = Tensor(0)
        let (value, gradients) = valueAndGradient(at: model) { model in
          logits = model(batch.input, .training(random))
          return loss(logits, batch.target)
        }
        try optimizer.update(model, with: gradients)
        accuracy.update(prediction: logits, target: batch.target, weights: nil)
        total += value
      }
      course.append(try total.item() / 6)
      last = try accuracy.result()
    }
    #expect(course.last! < 0.5 * course[0])
    #expect(last > 0.9)
    #expect(optimizer.step == 60)
  }

  /// `TrainingStep` is equivalent to the loop above.
  @Test(arguments: TestDevices.real) func stepsAreTheLoop(_ device: Device) throws {
    let (byHand, bySteps) = (Corners.model(), Corners.model())
    try byHand.build(inputShape: [3], on: device, seed: 3)
    let optimizer = Optimizer.sgd(learningRate: 0.1, momentum: 0.9)
    let step = try TrainingStep(
      bySteps, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), loss: .crossEntropy(), seed: 3)
    bySteps.compile(optimizer: .adam(), loss: .crossEntropy(), device: device)
    try Corners.data().batches(of: 10).forEach { batch in
      let there = batch.moved(to: device)
      let (value, gradients) = valueAndGradient(at: byHand) { model in
        Loss.crossEntropy()(model(there.input, .inference), there.target)
      }
      try optimizer.update(byHand, with: gradients)
      // Built by the first batch, which is on the host.
      #expect(try step(batch).loss.item() == value.item())
    }
    #expect(try byHand.numbers() == bySteps.numbers())
    #expect(step.optimizer.step == 10)
  }

  /// Two models, two optimizers; only the arguments of `at:` get gradients.
  @Test(arguments: TestDevices.real) func adversaries(_ device: Device) throws {
    let random = RandomStream(seed: 7)
    let generator = Sequential(inputShape: [2]) {
      Dense(8, activation: .relu); Dense(3, activation: .tanh)
    }
    let critic = Sequential(inputShape: [3]) {
      Dense(8, activation: .leakyReLU(0.2)); Dropout(0.3); Dense(1)
    }
    try generator.build(inputShape: [2], on: device, seed: 1)
    try critic.build(inputShape: [3], on: device, seed: 2)
    let generatorOptimizer = Optimizer.adam(learningRate: 2e-3), criticOptimizer = Optimizer.adam(learningRate: 2e-3)
    let bce = Loss.binaryCrossEntropy(fromLogits: true)
    var batches = Corners.data().batches(of: 16, shuffledBy: random, on: device, droppingLast: true)
    var losses: [Double] = []
    while let batch = try batches.next() {
      let context = Context.training(random)
      let z = Tensor.normal([16, 2], using: random, on: device)
      let fake = generator(z, context)
      let before = (try generator.numbers(), try critic.numbers())
      let (criticLoss, criticGradients) = valueAndGradient(at: critic) { critic in
        let real = critic(batch.input, context), made = critic(fake, context)
        return bce(real, .ones(like: real)) + bce(made, .zeros(like: made))
      }
      try criticOptimizer.update(critic, with: criticGradients)
      #expect(try generator.numbers() == before.0)
      #expect(try critic.numbers() != before.1)
      let (generatorLoss, generatorGradients) = valueAndGradient(at: generator) { generator in
        let score = critic(generator(z, context), context)
        return bce(score, .ones(like: score))
      }
      try generatorOptimizer.update(generator, with: generatorGradients.clipped(globalNorm: 1))
      #expect(try generator.numbers() != before.0)
      losses += [try criticLoss.item(), try generatorLoss.item()]
    }
    #expect(losses.count == 12 && losses.allSatisfy { $0 > 0 && $0 < 10 })
  }

  final class Autoencoder: Module {
    let encoder = Sequential {
      Dense(8, activation: .tanh); Dense(4)
    }
    let decoder = Sequential {
      Dense(8, activation: .tanh); Dense(3, activation: .sigmoid)
    }
    func loss(_ x: Tensor, _ context: Context) -> Tensor {
      let parts = encoder(x, context).split(parts: 2, axis: -1)
      let (mean, logVariance) = (parts[0], parts[1])
      let z = mean + (0.5 * logVariance).exp() * .normal(like: mean, using: context.random)
      let kl = -0.5 * (1 + logVariance - mean.squared() - logVariance.exp()).sum(axis: -1).mean()
      return Loss.binaryCrossEntropy()(decoder(z, context), x) + kl / 30
    }
  }

  @Test func variationalAutoencoder() throws {
    let model = Autoencoder(), optimizer = Optimizer.adam(learningRate: 0.02), random = RandomStream(seed: 1)
    try model.encoder.build(inputShape: [3])
    try model.decoder.build(inputShape: [2])
    let x = Corners.data(48).inputs * 0.25 + 0.5
    var losses: [Double] = []
    for _ in 0..<300 {
      let (loss, gradients) = valueAndGradient(at: model) { $0.loss(x, .training(random)) }
      try optimizer.update(model, with: gradients)
      losses.append(try loss.item())
    }
    let (first, last) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
    #expect(last < 0.97 * first)
  }

  final class Classifier: Layer {
    let body = Dense(8, activation: .tanh), head = Dense(3)
    func forward(_ x: Tensor, _ context: Context) -> Tensor { head(body(x, context), context) }
  }

  /// A custom network in `fit`, and manually accumulated gradients.
  @Test func customNetwork() throws {
    let model = Model(Classifier()), data = Corners.data()
    model.compile(optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), metrics: [.accuracy])
    let history = try model.fit(data, epochs: 8, validation: .split(0.1), verbosity: .silent)
    #expect(history["loss"].last! < history["loss"][0])
    let before = try model.numbers()
    var (_, sum) = valueAndGradient(at: model) { $0(data.inputs, .inference).sum() }
    sum += valueAndGradient(at: model) { $0(data.inputs, .inference).mean() }.gradient
    try Optimizer.sgd().update(model, with: sum * 0.5)
    #expect(try model.numbers() != before)
  }

  actor Trainer {
    let model = Corners.model()
    func train(_ data: TensorDataset) throws -> Snapshot {
      model.compile(optimizer: .adam(), loss: .crossEntropy())
      try model.fit(data, verbosity: .silent)
      return model.snapshot()
    }
  }

  @Test func inAnActor() async throws {
    let snapshot = try await Trainer().train(Corners.data())
    let copy = Corners.model()
    try copy.build(inputShape: [3])
    try copy.restore(snapshot)
    var expected: [Float] = []
    for path in snapshot.paths { expected += try #require(snapshot[path]).scalars() }
    let found = try copy.numbers()
    #expect(found == expected)
  }

  @Test func trainThenServe() async throws {
    let data = Corners.data()
    let model = Corners.model()
    model.compile(optimizer: .adam(), loss: .crossEntropy())
    try model.fit(data, verbosity: .silent)
    let predictor = Predictor(model)
    let a = Task.detached { try predictor.predict(data.inputs) }
    async let b = predictor.predict(data.inputs)
    let (first, second) = (try await a.value, try await b)
    let (one, other) = (try first.scalars(), try second.scalars())
    #expect(one == other)
  }
}
