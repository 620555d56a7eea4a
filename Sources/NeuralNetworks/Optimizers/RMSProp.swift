import BackendCore

/// RMSProp: steps divided by the square root of a running mean of squares (Tieleman and Hinton 2012), as PyTorch's
/// `RMSprop`.
///
/// With g the gradient + weightDecay·p: s = smoothing·s + (1 − smoothing)·g², d = √s + epsilon; centered,
/// a = smoothing·a + (1 − smoothing)·g and d = √(s − a²) + epsilon. Then p −= lr·g/d, or with momentum
/// v = momentum·v + g/d and p −= lr·v.
public struct RMSProp: UpdateRule, FusedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running means.
  public var smoothing: Double
  /// The constant added to the square root, outside of it.
  public var epsilon: Double
  /// The momentum: the decay rate of the velocity.
  public var momentum: Double
  /// Whether to divide by the standard deviation instead of the root mean square.
  public var isCentered: Bool
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch.
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - smoothing: The decay rate of the running means, at least 0 and less than 1 (PyTorch's `alpha`).
  ///   - epsilon: The constant added to the square root, outside of it.
  ///   - momentum: The decay rate of the velocity; 0 for no momentum.
  ///   - isCentered: Whether to divide by the standard deviation instead of the root mean square.
  ///   - weightDecay: Added to the gradient as weightDecay·p.
  public init(
    learningRate: any LearningRate = 0.01, smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
    isCentered: Bool = false, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] {
    ["meanSquare"] + (momentum == 0 ? [] : ["velocity"]) + (isCentered ? ["mean"] : [])
  }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let decay = step.weightDecay ?? weightDecay
    let gradient = decay == 0 ? gradient : gradient + decay * parameter
    // This order keeps the square of a large gradient from overflowing before it is scaled down.
    state[0] = smoothing * state[0] + (1 - smoothing) * gradient * gradient
    var variance = state[0]
    if isCentered {
      let index = state.count - 1
      state[index] = smoothing * state[index] + (1 - smoothing) * gradient
      variance = (variance - state[index].squared()).maximum(0)  // rounding can go below 0
    }
    var direction = gradient / (variance.squareRoot() + epsilon)
    if momentum != 0 {
      state[1] = momentum * state[1] + direction
      direction = state[1]
    }
    return parameter - step.learningRate * direction
  }

  package func fusedStep(weightDecay: Double) -> OptimizerStep {
    OptimizerStep(
      rule: .rmsProp(smoothing: smoothing, epsilon: epsilon, momentum: momentum, isCentered: isCentered),
      weightDecay: weightDecay)
  }

  package func check() throws {
    try requireShare(smoothing, "the smoothing")
    try requireEpsilon(epsilon)
    try require(momentum >= 0 && momentum.isFinite, "the momentum", momentum, "of at least 0")
    try requireWeightDecay()
  }
}
