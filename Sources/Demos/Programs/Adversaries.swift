import HostSystem
import NeuralNetworks
import Pictures

extension Demo {
  static let gan = Demo(
    "gan", "Two networks play against each other: one draws points, the other tells them from real ones."
  ) { context in
    let random = RandomStream(seed: context.seed)
    let game = try AdversarialGame(on: context.device, seed: context.seed)
    let steps = context.passes(6000, quick: 2000)
    var scores: (real: Double, drawn: Double) = (0, 0)
    for step in 1...steps {
      try game.step(Ring.points(128, using: random, on: context.device), using: random)
      if step == steps / 20 || step == steps {
        scores = try game.scores(Ring.points(500, using: random, on: context.device), using: random)
        context.show(
          "after \(step) steps, the critic takes real points for real with \(DemoContext.text(100 * scores.real, digits: 0)) "
            + "%, drawn points with \(DemoContext.text(100 * scores.drawn, digits: 0)) %")
      }
    }
    let drawn = try game.draw(600, using: random).moved(to: .cpu).scalars(as: Double.self)
    let points = stride(from: 0, to: drawn.count, by: 2).map { (drawn[$0], drawn[$0 + 1]) }
    let real = try Ring.points(600, using: random, on: .cpu).scalars(as: Double.self)
    let (distance, coverage) = (Ring.distance(points), Ring.coverage(points))
    context.show(
      "no one told the generator about a ring: its points are \(DemoContext.text(distance)) away from it on average, "
        + "and lie in \(DemoContext.text(100 * coverage, digits: 0)) % of its sectors")
    var chart = Chart("a generator draws a ring that it never saw", x: -2...2, y: -2...2, xLabel: "x₀", yLabel: "x₁")
    chart.points(
      stride(from: 0, to: real.count, by: 2).map { (real[$0], real[$0 + 1]) }, color: 6, label: "real points")
    chart.points(points, color: 1, label: "drawn points")
    try context.keep("gan", chart.svg)
    return ["distance": distance, "coverage": coverage]
  }
}

/// A generator, which turns noise into points, and a critic, which says whether points are real. Goodfellow et al. 2014.
private struct AdversarialGame {
  private let generator = Sequential {
    Dense(32, activation: .relu)
    Dense(32, activation: .relu)
    Dense(2)
  }
  private let critic = Sequential {
    Dense(32, activation: .leakyReLU(0.2))
    Dense(32, activation: .leakyReLU(0.2))
    Dense(1)
  }
  private let loss = Loss.binaryCrossEntropy(fromLogits: true)
  // A critic that learns faster than the generator keeps it from drawing the same few points forever.
  private let drawing = Optimizer.adam(learningRate: 1e-3, beta1: 0.5, beta2: 0.99)
  private let judging = Optimizer.adam(learningRate: 4e-3, beta1: 0.5, beta2: 0.99)
  private let device: Device

  init(on device: Device, seed: UInt64) throws {
    self.device = device
    try generator.build(inputShape: [4], on: device, seed: seed)
    try critic.build(inputShape: [2], on: device, seed: seed)
  }

  func draw(_ count: Int, using random: RandomStream) -> Tensor {
    generator(.normal([count, 4], using: random, on: device), .inference)
  }

  /// The critic learns to answer 1 for real points and 0 for drawn ones; then the generator learns to make it answer 1.
  func step(_ real: Tensor, using random: RandomStream) throws {
    let count = real.shape[0]
    let (yes, no) = (Tensor.ones([count, 1], on: device), Tensor.zeros([count, 1], on: device))
    let drawn = draw(count, using: random)
    let (_, criticism) = valueAndGradient(at: critic) { critic in
      loss(critic(real, .inference), yes) + loss(critic(drawn, .inference), no)
    }
    try judging.update(critic, with: criticism)
    let noise = Tensor.normal([count, 4], using: random, on: device)
    let (_, lesson) = valueAndGradient(at: generator) { generator in
      loss(critic(generator(noise, .inference), .inference), yes)
    }
    try drawing.update(generator, with: lesson)
  }

  /// The critic's mean probability that real and drawn points are real.
  func scores(_ real: Tensor, using random: RandomStream) throws -> (real: Double, drawn: Double) {
    func score(_ points: Tensor) throws -> Double { try critic(points, .inference).sigmoid().mean().item() }
    return (try score(real), try score(draw(real.shape[0], using: random)))
  }
}

/// Points near the circle with radius 1.
private enum Ring {
  static func points(_ count: Int, using random: RandomStream, on device: Device) -> Tensor {
    let directions = Tensor.normal([count, 2], using: random, on: device)
    let lengths = directions.squared().sum(axis: 1, keepingRank: true).squareRoot() + 1e-6
    return directions / lengths + .normal([count, 2], deviation: 0.05, using: random, on: device)
  }

  /// The mean distance of points from the circle.
  static func distance(_ points: [(Double, Double)]) -> Double {
    points.reduce(0) { $0 + abs(($1.0 * $1.0 + $1.1 * $1.1).squareRoot() - 1) } / Double(max(points.count, 1))
  }

  /// The fraction of 12 sectors with at least a sixth of the points that they would have if all had the same.
  static func coverage(_ points: [(Double, Double)]) -> Double {
    var counts = [Int](repeating: 0, count: 12)
    for (x, y) in points where x.isFinite && y.isFinite { counts[Int(6 * (atan2(y, x) / Double.pi + 1)) % 12] += 1 }
    return Double(counts.count { 72 * $0 >= points.count }) / 12
  }
}
