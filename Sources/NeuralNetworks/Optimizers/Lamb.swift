import HostSystem

/// LAMB: steps of Adam, scaled so that their length is proportional to that of the parameter (You et al. 2020), as Keras'
/// `Lamb`. It is meant for large batches.
///
/// With g the gradient and t the step number starting at 1: p −= lr·weightDecay·p, m = β₁·m + (1 − β₁)·g,
/// v = β₂·v + (1 − β₂)·g², u = m/(1 − β₁ᵗ)/(√(v/(1 − β₂ᵗ)) + epsilon), and p −= lr·‖p‖/‖u‖·u with Euclidean norms over
/// one parameter. If one of the norms is 0, their ratio is 1. In the paper, the weight decay is a part of u.
public struct Lamb: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of gradients.
  public var beta1: Double
  /// The decay rate of the running mean of squares.
  public var beta2: Double
  /// The constant added to the corrected square root, outside of it.
  public var epsilon: Double
  /// The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public var weightDecay: Double

  /// Creates the rule. The defaults match Keras.
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The decay rate of the running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running mean of squares, at least 0 and less than 1.
  ///   - epsilon: The constant added to the corrected square root, outside of it.
  ///   - weightDecay: The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["mean", "meanSquare"] }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// The learning rate, 1 − β₁ᵗ, √(1 − β₂ᵗ), and the factor of the parameter.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index + 1)
    return [
      step.learningRate, 1 - pow(beta1, t), (1 - pow(beta2, t)).squareRoot(),
      1 - step.learningRate * (step.weightDecay ?? weightDecay),
    ]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let parameter = weightDecay == 0 ? parameter : parameter * numbers[3]
    updateMeans(&state, with: gradient, beta1, beta2)
    let update = state[0] / numbers[1] / (state[1].squareRoot() / numbers[2] + epsilon)
    let (size, length) = (parameter.norm(), update.norm())
    let ratio = (size / length).replacing(with: 1, where: size .== 0).replacing(with: 1, where: length .== 0)
    return parameter - numbers[0] * ratio * update
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try requireEpsilon(epsilon)
    try requireWeightDecay()
  }
}
