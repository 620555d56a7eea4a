import HostSystem

/// Averaged stochastic gradient descent: it also stores the average of each parameter over the steps (Polyak and Juditsky
/// 1992), as PyTorch's `ASGD`.
///
/// With g the gradient + weightDecay·p, and t the number of earlier steps: η = lr/(1 + decay·lr·t)^power,
/// p = (1 − decay·η)·p − η·g, and then a += μ·(p − a) with μ = 1/max(1, t − averagingStart). The average a is p until the
/// averaging starts. `Optimizer.averagedParameters` returns the averages.
public struct ASGD: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// How fast the learning rate decreases, and how fast parameters decay.
  public var decay: Double
  /// The exponent of the decrease of the learning rate.
  public var power: Double
  /// The number of steps before the averaging starts.
  public var averagingStart: Double
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch.
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - decay: How fast the learning rate decreases, and how fast parameters decay (PyTorch's `lambd`); at least 0.
  ///   - power: The exponent of the decrease of the learning rate (PyTorch's `alpha`); at least 0.
  ///   - averagingStart: The number of steps before the averaging starts (PyTorch's `t0`).
  ///   - weightDecay: Added to the gradient as weightDecay·p.
  public init(
    learningRate: any LearningRate = 0.01, decay: Double = 1e-4, power: Double = 0.75, averagingStart: Double = 1e6,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.decay = decay
    self.power = power
    self.averagingStart = averagingStart
    self.weightDecay = weightDecay
  }

  static let averageName = "average"

  public var stateNames: [String] { [ASGD.averageName] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// η, the factor of the parameter, μ, and 1 − μ.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index)
    let rate = step.learningRate / pow(1 + decay * step.learningRate * t, power)
    let share = 1 / max(1, t - averagingStart)
    return [rate, 1 - decay * rate, share, 1 - share]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let gradient = gradient.decayed(weightDecay, of: parameter)
    let moved = parameter * numbers[1] - numbers[0] * gradient
    state[0] = numbers[3] * state[0] + numbers[2] * moved
    return moved
  }

  package func check() throws {
    try require(decay >= 0 && decay.isFinite, "the decay", decay, "of at least 0")
    try require(power >= 0 && power.isFinite, "the power", power, "of at least 0")
    try require(averagingStart.isFinite, "averagingStart", averagingStart, "that is finite")
    try requireWeightDecay()
  }
}

extension Optimizer {
  /// The averages that `ASGD` stores, by the path of the parameter; empty for other rules, and before the first step.
  ///
  /// ```swift
  /// for (path, average) in optimizer.averagedParameters { model.parameters[path]?.assign(average) }
  /// ```
  public var averagedParameters: [String: Tensor] {
    guard rule is ASGD else { return [:] }
    return stateTensors().reduce(into: [:]) { $0[String($1.name.dropLast(ASGD.averageName.count + 1))] = $1.value }
  }
}
