import BackendCore

/// An update rule for one parameter: a value with a pure function of the parameter, its gradient, and its state.
///
/// ```swift
/// struct Lion: UpdateRule {
///   var learningRate: any LearningRate = 1e-4
///   var stateNames: [String] { ["momentum"] }
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
  /// The names of the state tensors of each parameter. They have the shape of the parameter and are initialized to
  /// zeros.
  var stateNames: [String] { get }
  /// Returns the new value of a parameter. `state` is in the order of `stateNames`; replace its elements with the new
  /// state.
  func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor
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

/// A rule that backends implement as one launch for a whole slab. `updated` computes the same result with tensor
/// operations.
package protocol FusedRule: UpdateRule {
  var weightDecay: Double { get }
  /// Returns the rule with this weight decay.
  func fusedStep(weightDecay: Double) -> OptimizerStep
  /// Returns 1 − β₁ᵗ and √(1 − β₂ᵗ) for the step with this number; 1 if the rule has no bias correction.
  func biasCorrections(step: Int) -> (first: Double, secondRoot: Double)
  /// Throws if a constant is invalid.
  func check() throws
}

extension FusedRule {
  package func biasCorrections(step: Int) -> (first: Double, secondRoot: Double) { (1, 1) }

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
