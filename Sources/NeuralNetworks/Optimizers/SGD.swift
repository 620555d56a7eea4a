import BackendCore

/// Stochastic gradient descent, as PyTorch's `SGD`.
///
/// With g the gradient and lr the learning rate: g += weightDecay·p. Without momentum, p −= lr·g. With momentum,
/// v = momentum·v + g, and p −= lr·v, or p −= lr·(g + momentum·v) with Nesterov momentum.
public struct SGD: UpdateRule, FusedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The momentum: the decay rate of the velocity.
  public var momentum: Double
  /// Whether to use Nesterov momentum (Nesterov 1983, in the form of Sutskever et al. 2013).
  public var isNesterov: Bool
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule.
  /// - Parameters:
  ///   - learningRate: A number or a schedule; 0.01 as in Keras, where PyTorch has 0.001.
  ///   - momentum: The decay rate of the velocity, at least 0; 0 for no momentum.
  ///   - isNesterov: Whether to use Nesterov momentum; requires a momentum above 0.
  ///   - weightDecay: Added to the gradient as weightDecay·p.
  public init(
    learningRate: any LearningRate = 0.01, momentum: Double = 0, isNesterov: Bool = false, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { momentum == 0 ? [] : ["velocity"] }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let decay = step.weightDecay ?? weightDecay
    let gradient = decay == 0 ? gradient : gradient + decay * parameter
    if momentum == 0 { return parameter - step.learningRate * gradient }
    state[0] = momentum * state[0] + gradient
    let direction = isNesterov ? gradient + momentum * state[0] : state[0]
    return parameter - step.learningRate * direction
  }

  package func fusedStep(weightDecay: Double) -> OptimizerStep {
    OptimizerStep(rule: .sgd(momentum: momentum, isNesterov: isNesterov), weightDecay: weightDecay)
  }

  package func check() throws {
    try require(momentum >= 0 && momentum.isFinite, "the momentum", momentum, "of at least 0")
    try require(!isNesterov || momentum > 0, "the momentum", momentum, "above 0, which Nesterov's form needs")
    try requireWeightDecay()
  }
}
