import HostSystem

/// RAdam: Adam whose first steps, while the running mean of squares has a large variance, are plain momentum, and whose
/// next ones are reduced (Liu et al. 2020), as PyTorch's `RAdam`.
///
/// With g the gradient + weightDecay·p, t the step number starting at 1, ρ∞ = 2/(1 − β₂) − 1, and
/// ρ = ρ∞ − 2·t·β₂ᵗ/(1 − β₂ᵗ): m = β₁·m + (1 − β₁)·g, v = β₂·v + (1 − β₂)·g². If ρ > 5,
/// p −= lr·r·m/(1 − β₁ᵗ)·√(1 − β₂ᵗ)/(√v + epsilon), with r = √((ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ)); otherwise,
/// p −= lr·m/(1 − β₁ᵗ). With decoupled decay, g is the gradient alone, and p −= lr·weightDecay·p comes first.
public struct RAdam: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of gradients.
  public var beta1: Double
  /// The decay rate of the running mean of squares.
  public var beta2: Double
  /// The constant added to the square root, outside of it.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p; with decoupled decay, the fraction of the parameter that is subtracted.
  public var weightDecay: Double
  /// Whether the weight decay bypasses the gradient, as in `AdamW`.
  public var isDecayDecoupled: Bool

  /// Creates the rule. The defaults match PyTorch.
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The decay rate of the running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running mean of squares, at least 0 and less than 1.
  ///   - epsilon: The constant added to the square root, outside of it; above 0.
  ///   - weightDecay: Added to the gradient as weightDecay·p; with decoupled decay, the fraction of the parameter, times
  ///     the learning rate, that is subtracted in each step.
  ///   - isDecayDecoupled: Whether the weight decay bypasses the gradient.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, isDecayDecoupled: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isDecayDecoupled = isDecayDecoupled
  }

  public var stateNames: [String] { ["mean", "meanSquare"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// The factor of m/(√v + epsilon), the factor of m (one of the two is 0, so that every step has the same operations),
  /// and the factor of the parameter with decoupled decay.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index + 1)
    let rate = step.learningRate / (1 - pow(beta1, t))
    let decay = 1 - step.learningRate * (step.weightDecay ?? weightDecay)
    let power = pow(beta2, t)
    let limit = 2 / (1 - beta2) - 1
    let length = limit - 2 * t * power / (1 - power)
    guard length > 5 else { return [0, rate, decay] }
    let rectification =
      ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)).squareRoot()
    return [rate * rectification * (1 - power).squareRoot(), 0, decay]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let (parameter, gradient) = decayed(
      parameter, gradient, weightDecay, isDecoupled: isDecayDecoupled, factor: numbers[2])
    updateMeans(&state, with: gradient, beta1, beta2)
    return parameter - state[0] * (numbers[0] / (state[1].squareRoot() + epsilon) + numbers[1])
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try require(epsilon > 0 && epsilon.isFinite, "epsilon", epsilon, "above 0")
    try requireWeightDecay()
  }
}
