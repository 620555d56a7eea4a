import NeuralNetworks
import Pictures

extension Demo {
  static let variational = Demo("variational", "A variational autoencoder learns to draw digits of its own.") {
    context in
    let data = try context.digits()
    let count = min(context.passes(6000, quick: 2000), data.train.count)
    let images = data.train.inputs[0..<count].reshaped([count, 784])
    let model = VariationalAutoencoder(codes: 8)
    let random = RandomStream(seed: context.seed)
    try model.build(on: context.device, seed: context.seed) { model in
      _ = model.loss(.zeros([1, 784]), .inference)
    }
    let optimizer = Optimizer.adam(learningRate: 2e-3)
    var losses: [Double] = []
    for _ in 0..<context.passes(20, quick: 6) {
      var (total, steps) = (0.0, 0)
      var batches = TensorDataset(images, images).batches(of: 50, shuffledBy: random, on: context.device)
      while let batch = try batches.next() {
        let (loss, gradients) = valueAndGradient(at: model) { $0.loss(batch.input, .training(random)) }
        try optimizer.update(model, with: gradients)
        total += try loss.item()
        steps += 1
      }
      losses.append(total / Double(steps))
    }
    context.show(
      "loss \(DemoContext.text(losses[0], digits: 1)) at first, \(DemoContext.text(losses.last ?? .nan, digits: 1)) at the end"
    )
    let dreams = model.decoder(.normal([20, 8], using: random, on: context.device), .inference).sigmoid().moved(
      to: .cpu)
    var sheet = ImageSheet("digits that nobody has written", columns: 10)
    for index in 0..<20 { sheet.add(Bitmap(gray: try dreams[index].scalars(), width: 28)) }
    try context.keep("variational", sheet.svg)
    let contrast = try dreams.max(axis: 1).mean().item()
    return ["first loss": losses[0], "loss": losses.last ?? .nan, "contrast": contrast]
  }
}

/// Codes are not numbers but normal distributions, kept close to the standard normal distribution, so that any sample
/// from it can be decoded to something meaningful. Kingma and Welling 2014.
private final class VariationalAutoencoder: Module {
  let body = Dense(256, activation: .relu)
  let mean: Dense, logVariance: Dense
  let decoder = Sequential {
    Dense(256, activation: .relu)
    Dense(784)
  }

  init(codes: Int) {
    mean = Dense(codes)
    logVariance = Dense(codes)
  }

  /// The reconstruction error in nats per image, and the divergence of the codes from the standard normal distribution.
  func loss(_ images: Tensor, _ context: Context) -> Tensor {
    let features = body(images, context)
    let (mean, logVariance) = (mean(features, context), logVariance(features, context))
    let codes = mean + (0.5 * logVariance).exp() * .normal(like: mean, using: context.random)
    let logits = decoder(codes, context)
    let reconstruction = (logits.softplus() - images * logits).sum(axis: 1)
    let divergence = -0.5 * (1 + logVariance - mean.squared() - logVariance.exp()).sum(axis: 1)
    return (reconstruction + divergence).mean()
  }
}
