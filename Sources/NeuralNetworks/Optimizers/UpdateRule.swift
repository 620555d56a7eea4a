import BackendCore

/// How one step changes one parameter: a value, and a pure function of the parameter, its gradient and its state.
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
  /// How large the steps are.
  var learningRate: any LearningRate { get }
  /// The names of the tensors that are kept for each parameter; they have its shape and begin as zeros.
  var stateNames: [String] { get }
  /// The new value of a parameter; `state` is as `stateNames` lists it and is replaced.
  func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor
}

/// What an update knows beside the parameter.
public struct UpdateStep: Sendable {
  /// The number of the step; the first one is 0.
  public let index: Int
  /// The rate of this step, with the scale of the parameter's group.
  public let learningRate: Double
  /// The weight decay of the parameter's group; nil leaves it to the rule.
  public let weightDecay: Double?

  /// What a rule is told of one step: its index from 0, and the rate and decay that hold in it.
  public init(index: Int, learningRate: Double, weightDecay: Double? = nil) {
    self.index = index
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }
}

/// A rule that backends know: one launch for a whole slab. `updated` computes the same with tensor operations.
package protocol FusedRule: UpdateRule {
  var weightDecay: Double { get }
  /// The rule with this weight decay.
  func fusedStep(weightDecay: Double) -> OptimizerStep
  /// 1 − β₁ᵗ and √(1 − β₂ᵗ) for the step with this number; 1 where a rule does not correct.
  func biasCorrections(step: Int) -> (first: Double, secondRoot: Double)
  /// Throws when a constant makes no sense.
  func check() throws
}

extension FusedRule {
  package func biasCorrections(step: Int) -> (first: Double, secondRoot: Double) { (1, 1) }

  /// Throws for a constant that is not in a range.
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
