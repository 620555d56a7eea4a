extension Optimizer {
  /// Creates an optimizer for stochastic gradient descent; see `SGD`.
  public static func sgd(
    learningRate: any LearningRate = 0.01, momentum: Double = 0, isNesterov: Bool = false, weightDecay: Double = 0,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = SGD(
      learningRate: learningRate, momentum: momentum, isNesterov: isNesterov, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an RMSProp optimizer: steps divided by the square root of a running mean of squares; see `RMSProp`.
  public static func rmsProp(
    learningRate: any LearningRate = 0.01, smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
    isCentered: Bool = false, weightDecay: Double = 0, clipping: GradientClipping = .none,
    groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = RMSProp(
      learningRate: learningRate, smoothing: smoothing, epsilon: epsilon, momentum: momentum, isCentered: isCentered,
      weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adagrad optimizer: steps divided by the square root of the sum of all squares; see `Adagrad`.
  public static func adagrad(
    learningRate: any LearningRate = 0.01, epsilon: Double = 1e-10, weightDecay: Double = 0,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Adagrad(learningRate: learningRate, epsilon: epsilon, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adam or AMSGrad optimizer; see `Adam`.
  public static func adam(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, isAMSGrad: Bool = false, clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isAMSGrad: isAMSGrad)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adam optimizer with decoupled weight decay; see `AdamW`.
  public static func adamW(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01, isAMSGrad: Bool = false, clipping: GradientClipping = .none,
    groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = AdamW(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isAMSGrad: isAMSGrad)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adamax optimizer: Adam with the largest recent gradient as the divisor; see `Adamax`.
  public static func adamax(
    learningRate: any LearningRate = 0.002, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Adamax(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adam optimizer with Nesterov momentum; see `NAdam`.
  public static func nadam(
    learningRate: any LearningRate = 0.002, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, momentumDecay: Double = 0.004, isDecayDecoupled: Bool = false,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = NAdam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      momentumDecay: momentumDecay, isDecayDecoupled: isDecayDecoupled)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adam optimizer whose first steps are rectified; see `RAdam`.
  public static func radam(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, isDecayDecoupled: Bool = false, clipping: GradientClipping = .none,
    groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = RAdam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isDecayDecoupled: isDecayDecoupled)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adadelta optimizer: steps as large as the previous ones, divided by the size of the gradients; see `Adadelta`.
  public static func adadelta(
    learningRate: any LearningRate = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Adadelta(learningRate: learningRate, rho: rho, epsilon: epsilon, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates a Lion optimizer: steps of one size in the direction of a sign; see `Lion`.
  public static func lion(
    learningRate: any LearningRate = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Lion(learningRate: learningRate, beta1: beta1, beta2: beta2, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates a Muon optimizer: orthogonalized steps of matrices, and AdamW for other parameters; see `Muon`.
  public static func muon(
    learningRate: any LearningRate = 0.001, momentum: Double = 0.95, isNesterov: Bool = true, iterations: Int = 5,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7, weightDecay: Double = 0.1,
    clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Muon(
      learningRate: learningRate, momentum: momentum, isNesterov: isNesterov, iterations: iterations, beta1: beta1,
      beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Adafactor optimizer, which stores the mean squares of rows and columns only; see `Adafactor`.
  public static func adafactor(
    learningRate: any LearningRate = 0.01, beta2Decay: Double = -0.8, epsilon1: Double? = nil, epsilon2: Double = 1e-3,
    clipThreshold: Double = 1, weightDecay: Double = 0, clipping: GradientClipping = .none,
    groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Adafactor(
      learningRate: learningRate, beta2Decay: beta2Decay, epsilon1: epsilon1, epsilon2: epsilon2,
      clipThreshold: clipThreshold, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an Rprop optimizer: a step size for each number, which depends on signs alone; see `Rprop`.
  public static func rprop(
    learningRate: any LearningRate = 0.01, decreaseFactor: Double = 0.5, increaseFactor: Double = 1.2,
    stepSizes: ClosedRange<Double> = 1e-6...50, clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Rprop(
      learningRate: learningRate, decreaseFactor: decreaseFactor, increaseFactor: increaseFactor, stepSizes: stepSizes)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates an optimizer for stochastic gradient descent that also averages the parameters; see `ASGD`.
  public static func asgd(
    learningRate: any LearningRate = 0.01, decay: Double = 1e-4, power: Double = 0.75, averagingStart: Double = 1e6,
    weightDecay: Double = 0, clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = ASGD(
      learningRate: learningRate, decay: decay, power: power, averagingStart: averagingStart, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }

  /// Creates a LAMB optimizer: steps of Adam in proportion to the length of each parameter; see `Lamb`.
  public static func lamb(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
    weightDecay: Double = 0, clipping: GradientClipping = .none, groups: [ParameterGroup] = []
  ) -> Optimizer {
    let rule = Lamb(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    return Optimizer(rule, clipping: clipping, groups: groups)
  }
}
