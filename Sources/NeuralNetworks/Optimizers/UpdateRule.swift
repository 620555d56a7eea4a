import BackendCore

/// An update rule for one parameter: a value with a pure function of the parameter, its gradient, and its state.
///
/// ```swift
/// struct SignDescent: UpdateRule {
///   var learningRate: any LearningRate = 1e-4
///   var stateNames: [String] { ["momentum"] }
///   var isElementwise: Bool { true }
///   func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
///     let direction = (0.9 * state[0] + 0.1 * gradient).sign()
///     state[0] = 0.99 * state[0] + 0.01 * gradient
///     return parameter - step.learningRate * direction
///   }
/// }
/// ```
public protocol UpdateRule: Sendable {
  /// The learning rate.
  var learningRate: any LearningRate { get }
  /// The names of the state tensors of each parameter. They are initialized to zeros, and have the shape of the
  /// parameter, except those of a few rules of this package, such as `Adafactor`.
  var stateNames: [String] { get }
  /// Whether each element is updated independently of the others, and of the shape. If so, `updated` is called with all
  /// parameters of a group together, as one vector; otherwise, which is the default, parameter by parameter.
  var isElementwise: Bool { get }
  /// Returns the new value of a parameter. `state` is in the order of `stateNames`; replace its elements with the new
  /// state.
  func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor
}

extension UpdateRule {
  public var isElementwise: Bool { false }
}

/// The settings of an update step.
public struct UpdateStep: Sendable {
  /// The step number, starting at 0.
  public let index: Int
  /// The learning rate of this step, including the scale of the parameter's group.
  public let learningRate: Double
  /// The weight decay of the parameter's group; nil keeps the rule's.
  public let weightDecay: Double?

  /// Creates the settings of a step: its index starting at 0, and its learning rate and weight decay.
  public init(index: Int, learningRate: Double, weightDecay: Double? = nil) {
    self.index = index
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }
}

/// A rule of this package, whose constants are checked and whose steps can be replayed.
package protocol BuiltInRule: UpdateRule {
  var weightDecay: Double { get }
  /// Throws if a constant is invalid.
  func check() throws
}

/// A rule that backends implement as one launch for a whole slab. `updated` computes the same result with tensor
/// operations.
package protocol FusedRule: BuiltInRule {
  /// Returns the rule with this weight decay.
  func fusedStep(weightDecay: Double) -> OptimizerStep
  /// Returns 1 − β₁ᵗ and √(1 − β₂ᵗ) for the step with this number; 1 if the rule has no bias correction.
  func biasCorrections(step: Int) -> (first: Double, secondRoot: Double)
}

extension FusedRule {
  package func biasCorrections(step: Int) -> (first: Double, secondRoot: Double) { (1, 1) }
}

/// A rule made of tensor operations that read everything that differs between steps from the device, so that a recorded
/// step can be replayed with other numbers.
package protocol ComposedRule: BuiltInRule {
  /// Returns the shapes of the state of a parameter with a shape; nil if all states have that shape.
  var stateShapes: (@Sendable (_ shape: [Int]) -> [[Int]])? { get }
  /// Returns the numbers that the operations of a step read, such as the learning rate; as many for every step.
  func numbers(of step: UpdateStep) -> [Double]
  /// Returns the new value of a parameter. `numbers` are scalars; the weight decay is the same in all steps.
  func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor
}

extension ComposedRule {
  package var stateShapes: (@Sendable (_ shape: [Int]) -> [[Int]])? { nil }

  /// Performs a step with numbers from the host.
  func step(_ parameter: Tensor, _ gradient: Tensor, _ state: inout [Tensor], _ step: UpdateStep) -> Tensor {
    let numbers = numbers(of: step).map { Tensor.full([], $0, dtype: parameter.dtype, on: parameter.device) }
    return updated(
      parameter, gradient: gradient, state: &state, numbers: numbers, weightDecay: step.weightDecay ?? weightDecay)
  }

  /// Returns a parameter and its gradient after weight decay: coupled, or decoupled, which multiplies the parameter by a
  /// factor.
  func decayed(
    _ parameter: Tensor, _ gradient: Tensor, _ weightDecay: Double, isDecoupled: Bool, factor: Tensor
  ) -> (parameter: Tensor, gradient: Tensor) {
    if isDecoupled { return (weightDecay == 0 ? parameter : parameter * factor, gradient) }
    return (parameter, gradient.decayed(weightDecay, of: parameter))
  }
}

extension Tensor {
  /// Returns a gradient with coupled weight decay.
  func decayed(_ weightDecay: Double, of parameter: Tensor) -> Tensor {
    weightDecay == 0 ? self : self + weightDecay * parameter
  }
}

extension BuiltInRule {
  /// Updates the first two states of a parameter, the running means of its gradient and of the squares.
  func updateMeans(_ state: inout [Tensor], with gradient: Tensor, _ beta1: Double, _ beta2: Double) {
    state[0] = beta1 * state[0] + (1 - beta1) * gradient
    // This order keeps the square of a large gradient from overflowing before it is scaled down.
    state[1] = beta2 * state[1] + (1 - beta2) * gradient * gradient
  }

  /// Throws if a constant is outside its range.
  func require(_ condition: Bool, _ name: String, _ value: Double, _ expected: String) throws {
    if !condition {
      throw ModelError.invalidConfiguration(
        layer: "\(Self.self)", reason: "\(name) is \(value), not a number \(expected)")
    }
  }

  func requireWeightDecay() throws {
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay", weightDecay, "of at least 0")
  }

  func requireEpsilon(_ epsilon: Double) throws {
    try require(epsilon >= 0 && epsilon.isFinite, "epsilon", epsilon, "of at least 0")
  }

  func requireShare(_ share: Double, _ name: String) throws {
    try require(share >= 0 && share < 1, name, share, "from 0 to below 1")
  }
}
