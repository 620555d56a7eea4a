import HostSystem
import NeuralNetworks
import Pictures

extension Demo {
  static let diffusion = Demo(
    "diffusion", "A network that removes a little noise draws digits, if it starts with nothing else."
  ) { context in
    let data = try context.digits()
    let count = min(context.passes(6000, quick: 2000), data.train.count)
    // Half the size in each direction, from −1 (black) to 1 (white).
    let images =
      data.train.inputs[0..<count].reshaped([count, 1, 28, 28]).averagePooled(2).reshaped([count, 196]) * 2 - 1
    let model = Diffusion(steps: 50, on: context.device)
    let random = RandomStream(seed: context.seed)
    try model.build(on: context.device, seed: context.seed) { model in
      _ = model.clean(.zeros([1, 196]), at: Tensor([Int32(1)]))
    }
    let optimizer = Optimizer.adam(learningRate: 1e-3)
    var losses: [Double] = []
    for _ in 0..<context.passes(60, quick: 8) {
      var (total, steps) = (0.0, 0)
      var batches = TensorDataset(images, images).batches(of: 50, shuffledBy: random, on: context.device)
      while let batch = try batches.next() {
        let (loss, gradients) = valueAndGradient(at: model) { $0.loss(batch.input, using: random) }
        try optimizer.update(model, with: gradients)
        total += try loss.item()
        steps += 1
      }
      losses.append(total / Double(steps))
    }
    context.show(
      "guesses of the picture behind the noise: mean squared error \(DemoContext.text(losses[0])) at first, "
        + "\(DemoContext.text(losses.last ?? .nan)) at the end")
    let (drawn, stages) = model.draw(20, using: random, on: context.device)
    let pictures = (drawn / 2 + 0.5).clamped(to: 0...1).moved(to: .cpu)
    var sheet = ImageSheet("from noise to a digit, and twenty digits drawn in this way", columns: 10)
    for stage in stages { sheet.add(Bitmap(gray: try (stage / 2 + 0.5).moved(to: .cpu).scalars(), width: 14)) }
    for index in 0..<20 { sheet.add(Bitmap(gray: try pictures[index].scalars(), width: 14)) }
    try context.keep("diffusion", sheet.svg)
    context.show(
      "each picture began as noise, of which 50 steps removed a little each: a guess, then a small step toward it")
    return [
      "first loss": losses[0], "loss": losses.last ?? .nan, "contrast": try pictures.max(axis: 1).mean().item(),
      "brightness": try pictures.mean().item(), "brightness of the data": try (images / 2 + 0.5).mean().item(),
    ]
  }
}

/// Denoising diffusion: noise is added to pictures in steps, and a network learns to guess the picture behind the noise.
/// Ho, Jain, and Abbeel 2020, with the cosine schedule of Nichol and Dhariwal 2021.
private final class Diffusion: Module {
  let network = Sequential {
    Dense(384, activation: .relu)
    Dense(384, activation: .relu)
    Dense(196, activation: .tanh)
  }
  /// The part of the picture's variance that is left after each number of steps.
  private let remains: [Double]
  private let table: Tensor
  /// The number of steps as the network sees it: waves of different lengths.
  private let times: Tensor

  init(steps: Int, on device: Device) {
    remains = (0...steps).map { step in
      let angle = (Double(step) / Double(steps) + 0.008) / 1.008 * Double.pi / 2
      return min(max(cos(angle) * cos(angle), 1e-4), 0.9999)
    }
    table = Tensor(remains.map { Float($0) }, on: device)
    let waves = (0...steps).flatMap { step in
      (1...8).flatMap { wave in
        let angle = Double(step * wave) / Double(steps) * Double.pi
        return [Float(sin(angle)), Float(cos(angle))]
      }
    }
    times = Tensor(waves, shape: [steps + 1, 16], on: device)
  }

  /// The guess of the picture behind the noise.
  func clean(_ noisy: Tensor, at steps: Tensor) -> Tensor {
    let times = times.moved(to: noisy.device).rows(at: steps)
    return network(.concatenated([noisy, times], axis: 1), .inference)
  }

  /// The mean squared error of the guess after a random number of steps.
  func loss(_ images: Tensor, using random: RandomStream) -> Tensor {
    let steps = Tensor.integers([images.shape[0]], in: 1..<remains.count, using: random, on: images.device)
    let remains = table.rows(at: steps).expanded(axis: 1)
    let noise = Tensor.normal(like: images, using: random)
    let noisy = remains.squareRoot() * images + (1 - remains).squareRoot() * noise
    return (clean(noisy, at: steps) - images).squared().mean()
  }

  /// Starts with noise and goes back step by step: toward the guess, and with a little less new noise each time.
  /// - Returns: The pictures, and ten stages of the first one.
  func draw(_ count: Int, using random: RandomStream, on device: Device) -> (pictures: Tensor, stages: [Tensor]) {
    var pictures = Tensor.normal([count, 196], using: random, on: device)
    var stages: [Tensor] = []
    for step in (1..<remains.count).reversed() {
      if step % 5 == 0 { stages.append(pictures[0]) }
      let guess = clean(pictures, at: Tensor([Int32](repeating: Int32(step), count: count), on: device))
      let (now, before) = (remains[step], remains[step - 1])
      let kept = now / before
      let mean =
        (before.squareRoot() * (1 - kept) / (1 - now)) * guess + (kept.squareRoot() * (1 - before) / (1 - now))
        * pictures
      let deviation = step == 1 ? 0 : ((1 - kept) * (1 - before) / (1 - now)).squareRoot()
      pictures = mean + deviation * .normal(like: pictures, using: random)
    }
    return (pictures, stages)
  }
}
