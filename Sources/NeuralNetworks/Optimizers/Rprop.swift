/// Rprop: each number has a step size, which grows while the sign of its gradient stays the same and shrinks when it
/// changes (Riedmiller and Braun 1993), as PyTorch's `Rprop`. It is meant for gradients of all examples, not of batches.
///
/// With g the gradient, g′ the stored one, and s the step size, lr before the first step: s is multiplied by
/// increaseFactor if g·g′ > 0, and by decreaseFactor if g·g′ < 0, in which case g is then set to 0; s is clamped to
/// `stepSizes`, p −= s·sign(g), and g is stored. The learning rate matters in the first step alone. A group's weight decay
/// adds weightDecay·p to the gradient.
public struct Rprop: UpdateRule, ComposedRule {
  /// The first step size, before the scale of groups: a number, or a `Schedule` whose rate in the first step counts.
  public var learningRate: any LearningRate
  /// The factor of a step size after a change of sign.
  public var decreaseFactor: Double
  /// The factor of a step size if the sign stays the same.
  public var increaseFactor: Double
  /// The range of step sizes.
  public var stepSizes: ClosedRange<Double>

  /// Creates the rule. The defaults match PyTorch.
  /// - Parameters:
  ///   - learningRate: The first step size; a number or a schedule.
  ///   - decreaseFactor: The factor of a step size after a change of sign, above 0 and below 1.
  ///   - increaseFactor: The factor of a step size if the sign stays the same, above 1.
  ///   - stepSizes: The range of step sizes, above 0.
  public init(
    learningRate: any LearningRate = 0.01, decreaseFactor: Double = 0.5, increaseFactor: Double = 1.2,
    stepSizes: ClosedRange<Double> = 1e-6...50
  ) {
    self.learningRate = learningRate
    self.decreaseFactor = decreaseFactor
    self.increaseFactor = increaseFactor
    self.stepSizes = stepSizes
  }

  /// Rprop has no weight decay, unless a group sets one.
  package var weightDecay: Double { 0 }
  public var stateNames: [String] { ["gradient", "stepSize"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  package func numbers(of step: UpdateStep) -> [Double] { [step.learningRate] }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let gradient = gradient.decayed(weightDecay, of: parameter)
    // A product of signs does not underflow.
    let agreement = gradient.sign() * state[0].sign()
    let factors = Tensor.ones(like: gradient).replacing(with: increaseFactor, where: agreement .> 0)
      .replacing(with: decreaseFactor, where: agreement .< 0)
    // A number that was not updated yet has the step size 0.
    let sizes = state[1].replacing(with: numbers[0], where: state[1] .== 0)
    state[1] = (sizes * factors).clamped(to: stepSizes)
    state[0] = gradient.replacing(with: 0, where: agreement .< 0)
    return parameter - state[1] * state[0].sign()
  }

  package func check() throws {
    try require(decreaseFactor > 0 && decreaseFactor < 1, "decreaseFactor", decreaseFactor, "from above 0 to below 1")
    try require(increaseFactor > 1 && increaseFactor.isFinite, "increaseFactor", increaseFactor, "above 1")
    try require(stepSizes.lowerBound > 0, "the smallest step size", stepSizes.lowerBound, "above 0")
    try require(stepSizes.upperBound.isFinite, "the largest step size", stepSizes.upperBound, "that is finite")
  }
}
