import BackendCore

/// Adagrad: steps divided by the square root of the sum of all squared gradients (Duchi, Hazan, and Singer 2011), as
/// PyTorch's `Adagrad`.
///
/// With g the gradient + weightDecay·p: s += g²; p −= lr·g/(√s + epsilon).
public struct Adagrad: UpdateRule, FusedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The constant added to the square root, outside of it.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch.
  public init(learningRate: any LearningRate = 0.01, epsilon: Double = 1e-10, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["sumOfSquares"] }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let decay = step.weightDecay ?? weightDecay
    let gradient = decay == 0 ? gradient : gradient + decay * parameter
    state[0] = state[0] + gradient.squared()
    return parameter - step.learningRate * gradient / (state[0].squareRoot() + epsilon)
  }

  package func fusedStep(weightDecay: Double) -> OptimizerStep {
    OptimizerStep(rule: .adagrad(epsilon: epsilon), weightDecay: weightDecay)
  }

  package func check() throws {
    try requireEpsilon(epsilon)
    try requireWeightDecay()
  }
}
