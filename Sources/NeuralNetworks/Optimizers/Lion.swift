/// Lion: steps of one size in the direction of the sign of a running mean (Chen et al. 2023), as Keras' `Lion`.
///
/// With g the gradient: p −= lr·weightDecay·p, p −= lr·sign(β₁·m + (1 − β₁)·g), then m = β₂·m + (1 − β₂)·g. The sign of 0
/// is 0. The learning rate should be 3 to 10 times smaller than that for `AdamW`, and the weight decay larger by the
/// same factor.
public struct Lion: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The share of the running mean in the direction.
  public var beta1: Double
  /// The decay rate of the running mean.
  public var beta2: Double
  /// The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public var weightDecay: Double

  /// Creates the rule. The defaults match the paper (Keras: a learning rate of 0.001).
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The share of the running mean in the direction, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running mean, at least 0 and less than 1.
  ///   - weightDecay: The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public init(
    learningRate: any LearningRate = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["mean"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  package func numbers(of step: UpdateStep) -> [Double] {
    [step.learningRate, 1 - step.learningRate * (step.weightDecay ?? weightDecay)]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let parameter = weightDecay == 0 ? parameter : parameter * numbers[1]
    let direction = (beta1 * state[0] + (1 - beta1) * gradient).sign()
    state[0] = beta2 * state[0] + (1 - beta2) * gradient
    return parameter - numbers[0] * direction
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try requireWeightDecay()
  }
}
