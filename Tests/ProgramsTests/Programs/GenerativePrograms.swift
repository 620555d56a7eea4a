import NeuralNetworks

/// A variational autoencoder: a module of two containers with a custom loss.
final class TinyVAE: Module {
  let encoder = Sequential {
    Dense(16, activation: .relu)
    Dense(4)
  }
  let decoder = Sequential {
    Dense(16, activation: .relu)
    Dense(8, activation: .sigmoid)
  }

  func loss(_ x: Tensor, _ context: Context) -> Tensor {
    let parts = encoder(x, context).split(parts: 2, axis: -1)
    let (mean, logVariance) = (parts[0], parts[1])
    let z = mean + (0.5 * logVariance).exp() * .normal(like: mean, using: context.random)
    let divergence = -0.5 * (1 + logVariance - mean.squared() - logVariance.exp()).sum(axis: -1).mean()
    return Loss.binaryCrossEntropy()(decoder(z, context), x) + divergence / 8
  }
}

enum GenerativePrograms {
  /// Trains the autoencoder on a few binary patterns; returns the first and the last loss.
  static func vae(on device: Device, steps: Int) throws -> (first: Double, last: Double) {
    let model = TinyVAE()
    let optimizer = Optimizer.adam(learningRate: 0.01)
    let random = RandomStream(seed: 1)
    try model.encoder.build(inputShape: [8], on: device, seed: 1)
    try model.decoder.build(inputShape: [2], on: device, seed: 2)
    let pattern: Tensor = [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]]
    let x = Tensor.concatenated(Array(repeating: pattern, count: 8)).moved(to: device)
    var losses: [Double] = []
    for _ in 0..<steps {
      let (loss, gradients) = valueAndGradient(at: model) { $0.loss(x, .training(random)) }
      try optimizer.update(model, with: gradients)
      losses.append(try loss.item())
    }
    return (losses[0], losses[losses.count - 1])
  }

  /// One step of two adversaries: modules that are not arguments of `at:` get no gradient and do not change.
  static func gan(on device: Device) throws -> (generatorMoved: [Bool], criticMoved: [Bool]) {
    let random = RandomStream(seed: 7)
    let generator = Sequential(inputShape: [4]) {
      Dense(16, activation: .relu)
      Dense(6, activation: .tanh)
    }
    let critic = Sequential(inputShape: [6]) {
      Dense(16, activation: .leakyReLU(0.2))
      Dropout(0.3)
      Dense(1)
    }
    try generator.build(inputShape: [4], on: device, seed: 1)
    try critic.build(inputShape: [6], on: device, seed: 2)
    let generatorOptimizer = Optimizer.adam(learningRate: 1e-3)
    let criticOptimizer = Optimizer.adam(learningRate: 1e-3)
    let loss = Loss.binaryCrossEntropy(fromLogits: true)
    let context = Context.training(random)
    let real = Tensor.uniform([12, 6], in: -1..<1, using: random, on: device)
    let z = Tensor.normal([12, 4], using: random, on: device)

    var generators = [try values(generator)]
    var critics = [try values(critic)]
    let fake = generator(z, context)
    let (_, criticGradients) = valueAndGradient(at: critic) { critic in
      let (good, bad) = (critic(real, context), critic(fake, context))
      return loss(good, .ones(like: good)) + loss(bad, .zeros(like: bad))
    }
    try criticOptimizer.update(critic, with: criticGradients)
    generators.append(try values(generator))
    critics.append(try values(critic))
    let (_, generatorGradients) = valueAndGradient(at: generator) { generator in
      let score = critic(generator(z, context), context)
      return loss(score, .ones(like: score))
    }
    try generatorOptimizer.update(generator, with: generatorGradients.clipped(globalNorm: 1))
    generators.append(try values(generator))
    critics.append(try values(critic))
    return (
      [generators[0] != generators[1], generators[1] != generators[2]],
      [critics[0] != critics[1], critics[1] != critics[2]]
    )
  }

  private static func values(_ model: Sequential) throws -> [Float] {
    try model.parameters.flatMap { try $0.parameter.value.scalars() }
  }
}
