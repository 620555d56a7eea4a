/// One in-place update of a range of parameters: the rule and its constants, which never change during training.
///
/// Values that change from step to step are read from `StepScalars` on the device. First, the gradient g is multiplied
/// by `gradientScale` and clamped to ±`gradientBound`. Then, with lr the learning rate and wd the weight decay, coupled
/// decay computes g += wd·p, and decoupled decay computes p −= lr·wd·p. The rule follows. Formulas and their order
/// match PyTorch.
@frozen
public struct OptimizerStep: Sendable, Hashable {
  /// The update rules with their constants.
  public enum Rule: Sendable, Hashable {
    /// v = momentum·v + g; p −= lr·(g + momentum·v) with Nesterov, else lr·v. Without momentum: p −= lr·g, no state.
    case sgd(momentum: Double, isNesterov: Bool)
    /// s = smoothing·s + (1 − smoothing)·g²; d = √s + epsilon. Centered: a = smoothing·a + (1 − smoothing)·g and
    /// d = √(s − a²) + epsilon. With momentum: v = momentum·v + g/d; p −= lr·v; else p −= lr·g/d.
    /// States in this order: s, then v if momentum ≠ 0, then a if centered.
    case rmsProp(smoothing: Double, epsilon: Double, momentum: Double, isCentered: Bool)
    /// s += g²; p −= lr·g/(√s + epsilon).
    case adagrad(epsilon: Double)
    /// m = β₁·m + (1 − β₁)·g; v = β₂·v + (1 − β₂)·g²; p −= lr/c₁ · m/(√v/√c₂ + epsilon), with c₁ = 1 − β₁ᵗ and
    /// c₂ = 1 − β₂ᵗ from `StepScalars`. AMSGrad uses x = max(x, v) instead of v. States: m, v, then x.
    case adam(beta1: Double, beta2: Double, epsilon: Double, isAMSGrad: Bool)
  }

  /// The update rule.
  public var rule: Rule
  /// The weight decay, wd in the formulas; 0 for none.
  public var weightDecay: Double
  /// True for decoupled decay as in AdamW, which bypasses the rule.
  public var decaysDirectly: Bool

  /// Creates a step of a rule, by default without weight decay.
  @inlinable public init(rule: Rule, weightDecay: Double = 0, decaysDirectly: Bool = false) {
    self.rule = rule
    self.weightDecay = weightDecay
    self.decaysDirectly = decaysDirectly
  }

  /// The number of state buffers. Each has one element per parameter and starts at zero.
  public var stateCount: Int {
    switch rule {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .rmsProp(_, _, let momentum, let isCentered): 1 + (momentum == 0 ? 0 : 1) + (isCentered ? 1 : 0)
    case .adagrad: 1
    case .adam(_, _, _, let isAMSGrad): isAMSGrad ? 3 : 2
    }
  }
}

/// The layout of the numbers of a parameter group that change from step to step. They are in a small float32 (or
/// float64) buffer on the device: kernels read them when they run, so a recorded step can be replayed with new values.
public enum StepScalars {
  /// The number of elements per group; group `g` starts at `g · count`.
  public static let count = 8
  /// The learning rate of this step.
  public static let learningRate = 0
  /// The factor for every gradient: a clip factor, or 1.
  public static let gradientScale = 1
  /// The bound: gradients are clamped to ± this value after scaling. Infinity for no bound.
  public static let gradientBound = 2
  /// 1 − β₁ᵗ.
  public static let firstCorrection = 3
  /// √(1 − β₂ᵗ).
  public static let secondCorrectionRoot = 4
  /// If positive, the step is skipped: parameters and states do not change, regardless of the gradients.
  public static let skip = 5
}
