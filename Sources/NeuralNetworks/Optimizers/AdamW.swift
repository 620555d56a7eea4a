import BackendCore

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's `AdamW`: p −= lr·weightDecay·p, then
/// Adam's step on the gradient alone.
public struct AdamW: UpdateRule, FusedRule {
  private var adam: Adam
  /// The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01, isAMSGrad: Bool = false
  ) {
    adam = Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, isAMSGrad: isAMSGrad)
    self.weightDecay = weightDecay
  }

  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }
  /// The decay rate of the running mean of gradients.
  public var beta1: Double { adam.beta1 }
  /// The decay rate of the running mean of squares.
  public var beta2: Double { adam.beta2 }
  /// The constant added to the corrected square root, outside of it.
  public var epsilon: Double { adam.epsilon }
  /// Whether to divide by the square root of the largest running mean of squares so far.
  public var isAMSGrad: Bool { adam.isAMSGrad }

  public var stateNames: [String] { adam.stateNames }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let decay = step.weightDecay ?? weightDecay
    let parameter = decay == 0 ? parameter : parameter * (1 - step.learningRate * decay)
    return adam.moved(parameter, along: gradient, state: &state, step: step)
  }

  package func fusedStep(weightDecay: Double) -> OptimizerStep {
    var step = adam.fusedStep(weightDecay: weightDecay)
    step.decaysDirectly = true
    return step
  }

  package func biasCorrections(step: Int) -> (first: Double, secondRoot: Double) { adam.biasCorrections(step: step) }

  package func check() throws {
    try adam.check()
    try requireWeightDecay()
  }
}
