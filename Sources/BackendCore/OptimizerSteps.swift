/// One update of a range of parameters, in place: which rule, and the constants that never change while training.
///
/// What changes from step to step is read from `StepScalars` on the device. The gradient g is first multiplied by
/// `gradientScale` and clamped to ±`gradientBound`; then, with lr the learning rate and wd the weight decay, coupled decay
/// does g += wd·p, decoupled decay does p −= lr·wd·p, and the rule follows. Formulas and orders are PyTorch's.
@frozen
public struct OptimizerStep: Sendable, Hashable {
  /// The formulas, with the constants of each.
  public enum Rule: Sendable, Hashable {
    /// v = momentum·v + g; p −= lr·(g + momentum·v) with Nesterov, else lr·v. Without momentum: p −= lr·g, no state.
    case sgd(momentum: Double, isNesterov: Bool)
    /// s = smoothing·s + (1 − smoothing)·g²; d = √s + epsilon. Centred: a = smoothing·a + (1 − smoothing)·g and
    /// d = √(s − a²) + epsilon. With momentum: v = momentum·v + g/d; p −= lr·v; else p −= lr·g/d.
    /// States in this order: s, then v if momentum ≠ 0, then a if centred.
    case rmsProp(smoothing: Double, epsilon: Double, momentum: Double, isCentered: Bool)
    /// s += g²; p −= lr·g/(√s + epsilon).
    case adagrad(epsilon: Double)
    /// m = β₁·m + (1 − β₁)·g; v = β₂·v + (1 − β₂)·g²; p −= lr/c₁ · m/(√v/√c₂ + epsilon), with c₁ = 1 − β₁ᵗ and
    /// c₂ = 1 − β₂ᵗ from `StepScalars`. AMSGrad takes x = max(x, v) in place of v. States: m, v, then x.
    case adam(beta1: Double, beta2: Double, epsilon: Double, isAMSGrad: Bool)
  }

  /// Which formula.
  public var rule: Rule
  /// wd in the formulas; 0 for none.
  public var weightDecay: Double
  /// True for AdamW: the decay does not pass through the rule.
  public var decaysDirectly: Bool

  /// A step of a rule, without weight decay unless given.
  @inlinable public init(rule: Rule, weightDecay: Double = 0, decaysDirectly: Bool = false) {
    self.rule = rule
    self.weightDecay = weightDecay
    self.decaysDirectly = decaysDirectly
  }

  /// The number of state buffers, each as long as the parameters, zero at first.
  public var stateCount: Int {
    switch rule {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .rmsProp(_, _, let momentum, let isCentered): 1 + (momentum == 0 ? 0 : 1) + (isCentered ? 1 : 0)
    case .adagrad: 1
    case .adam(_, _, _, let isAMSGrad): isAMSGrad ? 3 : 2
    }
  }
}

/// The numbers of a parameter group that change from step to step, as they lie in a small float32 (or float64) buffer of the
/// device: kernels read them when they run, so that a recorded step can be replayed with new ones.
public enum StepScalars {
  /// The elements of one group; group `g` starts at `g · count`.
  public static let count = 8
  /// The learning rate of this step.
  public static let learningRate = 0
  /// What every gradient is multiplied by: a clip factor, or 1.
  public static let gradientScale = 1
  /// Gradients are clamped to ± this, after scaling; infinity for no bound.
  public static let gradientBound = 2
  /// 1 − β₁ᵗ.
  public static let firstCorrection = 3
  /// √(1 − β₂ᵗ).
  public static let secondCorrectionRoot = 4
  /// Above 0: the step is left out, and parameters and states stay as they are, whatever the gradients hold.
  public static let skip = 5
}
