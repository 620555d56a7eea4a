import HostSystem
import NeuralNetworks
import Pictures

extension Demo {
  static let cartPole = Demo(
    "cart-pole", "A network learns by trial and reward to balance a pole on a cart: policy gradient."
  ) { context in
    let policy = Sequential(inputShape: [4]) {
      Dense(64, activation: .tanh)
      Dense(2)
    }
    try policy.build(inputShape: [4], on: context.device, seed: context.seed)
    let optimizer = Optimizer.adam(learningRate: 0.02)
    var random = RandomNumbers(seed: context.seed)
    var returns: [Double] = []
    while returns.count < context.passes(500, quick: 150) {
      let episodes = try (0..<10).map { _ in try Episode(policy, &random) }
      returns += episodes.map { Double($0.rewards) }
      try improve(policy, optimizer, by: episodes, on: context.device)
    }
    let trained = try (0..<context.passes(50, quick: 10)).map { _ in
      Double(try Episode(policy, &random, isGreedy: true).rewards)
    }
    let mean = trained.reduce(0, +) / Double(trained.count)
    let early = returns[..<50].reduce(0, +) / 50
    context.show(
      "steps in balance: \(DemoContext.text(early, digits: 0)) at first, \(DemoContext.text(mean, digits: 0)) at the end (500 at most)"
    )
    var chart = Chart(
      "steps in balance, by episode", x: 0...Double(returns.count), y: 0...500, xLabel: "episode", yLabel: "steps")
    chart.line(returns.enumerated().map { (Double($0), $1) }, color: 0)
    try context.keep("cart-pole", chart.svg)
    return ["early return": early, "return": mean]
  }

  /// Makes an action more likely the more reward followed it: ∇ Σ A·ln π(action), where A is the standardized
  /// discounted return. Williams 1992.
  private static func improve(
    _ policy: Sequential, _ optimizer: Optimizer, by episodes: [Episode], on device: Device
  ) throws {
    let returns = episodes.flatMap { $0.discountedReturns(0.99) }
    let mean = returns.reduce(0, +) / Double(returns.count)
    let deviation = (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(returns.count)).squareRoot()
    let advantages = Tensor(returns.map { Float(($0 - mean) / (deviation + 1e-6)) }, on: device)
    let states = Tensor(episodes.flatMap(\.states), shape: [returns.count, 4], on: device)
    let actions = Tensor(episodes.flatMap(\.actions), on: device)
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    let (_, gradients) = valueAndGradient(at: policy) { policy in
      (loss.values(policy(states, .inference), actions) * advantages).mean()
    }
    try optimizer.update(policy, with: gradients)
  }
}

/// One episode: the observations and actions until the pole falls.
private struct Episode {
  private(set) var states: [Float] = []
  private(set) var actions: [Int32] = []
  /// One reward per step.
  var rewards: Int { actions.count }

  init(_ policy: Sequential, _ random: inout RandomNumbers, isGreedy: Bool = false) throws {
    var cart = Cart(&random)
    while !cart.hasFallen && actions.count < 500 {
      let scores = try policy.predict(Tensor(cart.observation, shape: [1, 4])).scalars(as: Double.self)
      let right = 1 / (1 + exp(scores[0] - scores[1]))
      let action = isGreedy ? right > 0.5 : random.next() < right
      states += cart.observation
      actions.append(action ? 1 : 0)
      cart.step(pushingRight: action)
    }
  }

  func discountedReturns(_ discount: Double) -> [Double] {
    var (sum, returns) = (0.0, [Double]())
    for _ in actions {
      sum = 1 + discount * sum
      returns.append(sum)
    }
    return returns.reversed()
  }
}

/// A cart on a track with a pole on it, 20 ms per step. Barto, Sutton, and Anderson 1983, with the constants of
/// Gymnasium's CartPole-v1.
private struct Cart {
  private var place, speed, angle, turning: Double

  init(_ random: inout RandomNumbers) {
    (place, speed) = (random.next() * 0.1 - 0.05, random.next() * 0.1 - 0.05)
    (angle, turning) = (random.next() * 0.1 - 0.05, random.next() * 0.1 - 0.05)
  }

  var observation: [Float] { [Float(place), Float(speed), Float(angle), Float(turning)] }

  /// Whether the cart is off the track or the pole is more than 12 degrees from upright.
  var hasFallen: Bool { abs(place) > 2.4 || abs(angle) > 12 * Double.pi / 180 }

  mutating func step(pushingRight: Bool) {
    let (gravity, cartMass, poleMass, halfLength, time) = (9.8, 1.0, 0.1, 0.5, 0.02)
    let mass = cartMass + poleMass
    let push = pushingRight ? 10.0 : -10.0
    let swing = (push + poleMass * halfLength * turning * turning * sin(angle)) / mass
    let turn =
      (gravity * sin(angle) - cos(angle) * swing)
      / (halfLength * (4.0 / 3 - poleMass * cos(angle) * cos(angle) / mass))
    let pull = swing - poleMass * halfLength * turn * cos(angle) / mass
    place += time * speed
    speed += time * pull
    angle += time * turning
    turning += time * turn
  }
}
