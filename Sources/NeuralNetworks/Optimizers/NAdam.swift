import HostSystem

/// NAdam: Adam with Nesterov momentum (Dozat 2016), as PyTorch's `NAdam`.
///
/// With g the gradient + weightDecay·p, t the step number starting at 1, μₜ = β₁·(1 − ½·0.96^(t·momentumDecay)), and Mₜ
/// the product of μ₁ to μₜ: m = β₁·m + (1 − β₁)·g, v = β₂·v + (1 − β₂)·g², d = √(v/(1 − β₂ᵗ)) + epsilon,
/// p −= lr·((1 − μₜ)/(1 − Mₜ)·g + μₜ₊₁/(1 − Mₜ₊₁)·m)/d. With decoupled decay, g is the gradient alone, and
/// p −= lr·weightDecay·p comes first.
public struct NAdam: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of gradients, and the limit of μ.
  public var beta1: Double
  /// The decay rate of the running mean of squares.
  public var beta2: Double
  /// The constant added to the corrected square root, outside of it.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p; with decoupled decay, the fraction of the parameter that is subtracted.
  public var weightDecay: Double
  /// How fast μ approaches β₁.
  public var momentumDecay: Double
  /// Whether the weight decay bypasses the gradient, as in `AdamW`.
  public var isDecayDecoupled: Bool

  /// Creates the rule. The defaults match PyTorch (Keras: a learning rate of 0.001 and an epsilon of 1e-7).
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The decay rate of the running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running mean of squares, at least 0 and less than 1.
  ///   - epsilon: The constant added to the corrected square root, outside of it.
  ///   - weightDecay: Added to the gradient as weightDecay·p; with decoupled decay, the fraction of the parameter, times
  ///     the learning rate, that is subtracted in each step.
  ///   - momentumDecay: How fast μ approaches β₁, at least 0; 0.004 in Keras, too.
  ///   - isDecayDecoupled: Whether the weight decay bypasses the gradient.
  public init(
    learningRate: any LearningRate = 0.002, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, momentumDecay: Double = 0.004, isDecayDecoupled: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentumDecay = momentumDecay
    self.isDecayDecoupled = isDecayDecoupled
  }

  public var stateNames: [String] { ["mean", "meanSquare"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// The factors of the gradient and of the mean, √(1 − β₂ᵗ), and the factor of the parameter with decoupled decay.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index + 1)
    let (momentum, next) = (momentum(t), momentum(t + 1))
    let product = momentumProduct(steps: step.index + 1)
    return [
      step.learningRate * (1 - momentum) / (1 - product), step.learningRate * next / (1 - product * next),
      (1 - pow(beta2, t)).squareRoot(), 1 - step.learningRate * (step.weightDecay ?? weightDecay),
    ]
  }

  private func momentum(_ t: Double) -> Double { beta1 * (1 - 0.5 * pow(0.96, t * momentumDecay)) }

  /// Returns μ₁ · … · μₜ. It does not depend on earlier steps, so that training can be resumed at any step.
  private func momentumProduct(steps: Int) -> Double {
    var product = 1.0
    let ratio = pow(0.96, momentumDecay)
    var power = 1.0
    for _ in 0..<steps {
      power *= ratio
      product *= beta1 * (1 - 0.5 * power)
      // From here on, 1 − Mₜ is 1.
      if product < 0x1p-60 { return 0 }
    }
    return product
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let (parameter, gradient) = decayed(
      parameter, gradient, weightDecay, isDecoupled: isDecayDecoupled, factor: numbers[3])
    updateMeans(&state, with: gradient, beta1, beta2)
    let divisor = state[1].squareRoot() / numbers[2] + epsilon
    return parameter - (numbers[0] * gradient + numbers[1] * state[0]) / divisor
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try requireEpsilon(epsilon)
    try requireWeightDecay()
    try require(momentumDecay >= 0 && momentumDecay.isFinite, "the momentum decay", momentumDecay, "of at least 0")
  }
}
