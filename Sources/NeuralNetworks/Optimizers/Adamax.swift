import HostSystem

/// Adamax: Adam with the largest gradient of the recent past in place of the root mean square (Kingma and Ba 2015), as
/// PyTorch's `Adamax`.
///
/// With g the gradient + weightDecay·p and t the step number starting at 1: m = β₁·m + (1 − β₁)·g,
/// u = max(β₂·u, |g| + epsilon), p −= lr/(1 − β₁ᵗ)·m/u. (Keras adds epsilon to u in the last formula instead.)
public struct Adamax: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of gradients.
  public var beta1: Double
  /// The decay rate of the running maximum of magnitudes.
  public var beta2: Double
  /// The constant added to the magnitude of the gradient.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch (Keras: a learning rate of 0.001 and an epsilon of 1e-7).
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The decay rate of the running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running maximum of magnitudes, at least 0 and less than 1.
  ///   - epsilon: The constant added to the magnitude of the gradient.
  ///   - weightDecay: Added to the gradient as weightDecay·p.
  public init(
    learningRate: any LearningRate = 0.002, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["mean", "largestMagnitude"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  package func numbers(of step: UpdateStep) -> [Double] {
    [step.learningRate / (1 - pow(beta1, Double(step.index + 1)))]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let gradient = gradient.decayed(weightDecay, of: parameter)
    state[0] = beta1 * state[0] + (1 - beta1) * gradient
    state[1] = (beta2 * state[1]).maximum(gradient.magnitude() + epsilon)
    return parameter - numbers[0] * (state[0] / state[1])
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try requireEpsilon(epsilon)
    try requireWeightDecay()
  }
}
