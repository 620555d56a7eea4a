import HostSystem

/// The learning rate of an optimizer: a number, or a schedule.
public protocol LearningRate: Sendable {
  /// Returns the rate of a step. The first step is 0.
  func rate(at step: Int) -> Double
}

extension Double: LearningRate {
  public func rate(at step: Int) -> Double { self }
}

extension Float: LearningRate {
  public func rate(at step: Int) -> Double { Double(self) }
}

extension Int: LearningRate {
  public func rate(at step: Int) -> Double { Double(self) }
}

/// A learning rate that changes with the step. It is a function of the step alone, so training can be resumed at any
/// step.
///
/// ```swift
/// Optimizer.adamW(learningRate: .cosine(from: 1e-3, steps: 10_000).warmedUp(steps: 500))
/// Optimizer.sgd(learningRate: Schedule { step in 0.1 / Double(1 + step / 1000) })
/// ```
public struct Schedule: LearningRate {
  /// The name.
  public let name: String
  private let function: @Sendable (_ step: Int) -> Double

  /// Creates a custom schedule.
  public init(_ name: String = "custom", _ rate: @escaping @Sendable (_ step: Int) -> Double) {
    self.name = name
    function = rate
  }

  public func rate(at step: Int) -> Double { function(step) }

  /// Returns this schedule after a warm-up: step s of the first n has the rate `rate(at: 0)`·(s + 1)/n. The schedule
  /// then starts at its step 0.
  /// - Parameter steps: n, at least 0.
  public func warmedUp(steps: Int) -> Schedule {
    Checks.count(steps, "steps", of: "warmedUp", atLeast: 0)
    return Schedule("warm_up(\(name))") { [self] step in
      step < steps ? rate(at: 0) * Double(step + 1) / Double(steps) : rate(at: step - steps)
    }
  }
}

/// Rates and factors must be finite and at least 0, and numbers of steps at least 1. Other values end the program.
extension LearningRate where Self == Schedule {
  /// Returns a schedule with a constant rate.
  public static func constant(_ rate: Double) -> Schedule {
    Checks.size(rate, "the rate", of: "constant")
    return Schedule("constant") { _ in rate }
  }

  /// from·factorⁿ, where n is the number of complete periods of `every` steps so far (PyTorch's `StepLR`).
  public static func step(from start: Double, factor: Double, every period: Int) -> Schedule {
    checkDecay("step", start, factor, period)
    return Schedule("step") { step in start * pow(factor, Double(step / period)) }
  }

  /// from·factor^(step/every): a smooth decay by the factor every `every` steps.
  public static func exponential(from start: Double, factor: Double, every period: Int) -> Schedule {
    checkDecay("exponential", start, factor, period)
    return Schedule("exponential") { step in start * pow(factor, Double(step) / Double(period)) }
  }

  private static func checkDecay(_ name: String, _ start: Double, _ factor: Double, _ period: Int) {
    Checks.size(start, "from", of: name)
    Checks.size(factor, "factor", of: name)
    Checks.count(period, "every", of: name, atLeast: 1)
  }

  /// to + (from − to)·(1 + cos(π·step/steps))/2, and then `to` (PyTorch's `CosineAnnealingLR`). Loshchilov and Hutter
  /// 2017.
  public static func cosine(from start: Double, to end: Double = 0, steps: Int) -> Schedule {
    Checks.size(start, "from", of: "cosine")
    Checks.size(end, "to", of: "cosine")
    Checks.count(steps, "steps", of: "cosine", atLeast: 1)
    return Schedule("cosine") { step in
      if step >= steps { return end }
      return end + (start - end) * (1 + cos(Double.pi * Double(step) / Double(steps))) / 2
    }
  }

  /// Returns a schedule with the rate of the last entry whose step has been reached, and `initial` before the first
  /// entry. Each entry must have a different step.
  public static func piecewise(_ initial: Double, _ changes: [(step: Int, rate: Double)]) -> Schedule {
    Checks.size(initial, "the initial rate", of: "piecewise")
    var steps: Set<Int> = []
    for (step, rate) in changes {
      Checks.count(step, "a step", of: "piecewise", atLeast: 0)
      Checks.size(rate, "the rate of step \(step)", of: "piecewise")
      if !steps.insert(step).inserted {
        ProgrammerError.end("piecewise: two rates for step \(step), expected one")
      }
    }
    let sorted = changes.sorted { $0.step < $1.step }
    return Schedule("piecewise") { step in sorted.last { $0.step <= step }?.rate ?? initial }
  }
}

/// Gradient clipping before a step. It does not wait for the device.
public enum GradientClipping: Sendable, Hashable {
  /// No clipping.
  case none
  /// Clips each number to −value...value.
  case value(Double)
  /// Scales all gradients by one factor so that their global norm is at most this value.
  case globalNorm(Double)
}

/// Parameters with a different learning rate or weight decay, or with a constraint.
///
/// ```swift
/// groups: [ParameterGroup("**.bias", weightDecay: 0), ParameterGroup("encoder.**", learningRateScale: 0.1)]
/// ```
///
/// A parameter belongs to the first group whose pattern matches its path. Parameters without a matching group use the
/// settings of the rule. A step throws for a pattern that matches no path of the model.
public struct ParameterGroup: Sendable, Hashable {
  /// A pattern of paths: `*` matches any part of one name, `**` any number of names.
  public let pattern: String
  /// The factor for the learning rate.
  public let learningRateScale: Double
  /// The weight decay that replaces the rule's; nil keeps the rule's.
  public let weightDecay: Double?
  /// A condition that the parameters meet after each update.
  public let constraint: Constraint?

  /// Creates a group of the parameters whose path matches `pattern`, with a learning rate scale, a weight decay (nil keeps
  /// the rule's), and a constraint.
  public init(
    _ pattern: String, learningRateScale: Double = 1, weightDecay: Double? = nil, constraint: Constraint? = nil
  ) {
    self.pattern = pattern
    self.learningRateScale = learningRateScale
    self.weightDecay = weightDecay
    self.constraint = constraint
  }
}
