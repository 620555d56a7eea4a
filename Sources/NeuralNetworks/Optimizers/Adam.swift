import HostSystem
import BackendCore

/// Adam: steps along a running mean of the gradients, divided by the square root of the running mean of their squares
/// (Kingma and Ba 2015), as PyTorch's `Adam`.
///
/// With g the gradient + weightDecay·p and t the step number starting at 1: m = β₁·m + (1 − β₁)·g,
/// v = β₂·v + (1 − β₂)·g², p −= lr/(1 − β₁ᵗ)·m/(√v/√(1 − β₂ᵗ) + epsilon). AMSGrad (Reddi et al. 2018) uses the
/// largest v so far. t counts the updates of the optimizer, including those during which a parameter was frozen.
public struct Adam: UpdateRule, FusedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of gradients.
  public var beta1: Double
  /// The decay rate of the running mean of squares.
  public var beta2: Double
  /// The constant added to the corrected square root, outside of it.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double
  /// Whether to divide by the square root of the largest running mean of squares so far.
  public var isAMSGrad: Bool

  /// Creates the rule. The defaults match PyTorch.
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - beta1: The decay rate of the running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of the running mean of squares, at least 0 and less than 1.
  ///   - epsilon: The constant added to the corrected square root, outside of it.
  ///   - weightDecay: Added to the gradient as weightDecay·p (`AdamW` subtracts it from the parameter instead).
  ///   - isAMSGrad: Whether to divide by the square root of the largest running mean of squares so far.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, isAMSGrad: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isAMSGrad = isAMSGrad
  }

  public var stateNames: [String] { ["mean", "meanSquare"] + (isAMSGrad ? ["largestMeanSquare"] : []) }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let decay = step.weightDecay ?? weightDecay
    let gradient = decay == 0 ? gradient : gradient + decay * parameter
    return moved(parameter, along: gradient, state: &state, step: step)
  }

  /// Returns the parameter after a step without weight decay.
  func moved(_ parameter: Tensor, along gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let (first, secondRoot) = biasCorrections(step: step.index)
    updateMeans(&state, with: gradient, beta1, beta2)
    if isAMSGrad { state[2] = state[2].maximum(state[1]) }
    let divisor = state[isAMSGrad ? 2 : 1].squareRoot() / secondRoot + epsilon
    return parameter - step.learningRate / first * state[0] / divisor
  }

  package func fusedStep(weightDecay: Double) -> OptimizerStep {
    OptimizerStep(
      rule: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, isAMSGrad: isAMSGrad), weightDecay: weightDecay)
  }

  package func biasCorrections(step: Int) -> (first: Double, secondRoot: Double) {
    let t = Double(step + 1)
    return (1 - pow(beta1, t), (1 - pow(beta2, t)).squareRoot())
  }

  package func check() throws {
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try requireEpsilon(epsilon)
    try requireWeightDecay()
  }
}

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
