/// Adadelta: steps with the root mean square of the previous steps, divided by that of the gradients (Zeiler 2012), as
/// PyTorch's `Adadelta`.
///
/// With g the gradient + weightDecay·p: s = ρ·s + (1 − ρ)·g², d = √(a + epsilon)/√(s + epsilon)·g,
/// a = ρ·a + (1 − ρ)·d², p −= lr·d.
public struct Adadelta: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running means.
  public var rho: Double
  /// The constant added inside of both square roots.
  public var epsilon: Double
  /// Added to the gradient as weightDecay·p.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch (Keras: a learning rate of 0.001, a rho of 0.95, and an epsilon of
  /// 1e-7).
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - rho: The decay rate of the running means, at least 0 and less than 1.
  ///   - epsilon: The constant added inside of both square roots; above 0.
  ///   - weightDecay: Added to the gradient as weightDecay·p.
  public init(
    learningRate: any LearningRate = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["meanSquare", "meanSquareStep"] }
  public var isElementwise: Bool { true }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  package func numbers(of step: UpdateStep) -> [Double] { [step.learningRate] }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let gradient = gradient.decayed(weightDecay, of: parameter)
    // This order keeps the square of a large gradient from overflowing before it is scaled down.
    state[0] = rho * state[0] + (1 - rho) * gradient * gradient
    let direction = (state[1] + epsilon).squareRoot() / (state[0] + epsilon).squareRoot() * gradient
    state[1] = rho * state[1] + (1 - rho) * direction.squared()
    return parameter - numbers[0] * direction
  }

  package func check() throws {
    try requireShare(rho, "rho")
    // The first step is 0 without it.
    try require(epsilon > 0 && epsilon.isFinite, "epsilon", epsilon, "above 0")
    try requireWeightDecay()
  }
}
