#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A learning rate that changes with the step: a function of the step alone, so that training can go on anywhere.
///
/// ```swift
/// Optimizer.adamW(learningRate: .cosine(from: 1e-3, steps: 10_000).warmedUp(steps: 500))
/// Optimizer.sgd(learningRate: Schedule { step in 0.1 / Double(1 + step / 1000) })
/// ```
public struct Schedule: LearningRate {
  /// What it is called.
  public let name: String
  private let function: @Sendable (_ step: Int) -> Double

  /// A schedule of one's own.
  public init(_ name: String = "custom", _ rate: @escaping @Sendable (_ step: Int) -> Double) {
    self.name = name
    function = rate
  }

  public func rate(at step: Int) -> Double { function(step) }

  /// This schedule after a warm-up: step s of the first n has the rate `rate(at: 0)`·(s + 1)/n, then the schedule begins
  /// with its step 0.
  public func warmedUp(steps: Int) -> Schedule {
    Schedule("warm_up(\(name))") { [self] step in
      step < steps ? rate(at: 0) * Double(step + 1) / Double(steps) : rate(at: step - Swift.max(steps, 0))
    }
  }
}

extension LearningRate where Self == Schedule {
  /// One rate for ever.
  public static func constant(_ rate: Double) -> Schedule { Schedule("constant") { _ in rate } }

  /// from·factorⁿ with n the number of whole periods of `every` steps so far (PyTorch's `StepLR`).
  public static func step(from start: Double, factor: Double, every period: Int) -> Schedule {
    Schedule("step") { step in start * pow(factor, Double(step / Swift.max(period, 1))) }
  }

  /// from·factor^(step/every): a smooth decay, by the factor in `every` steps.
  public static func exponential(from start: Double, factor: Double, every period: Int) -> Schedule {
    Schedule("exponential") { step in start * pow(factor, Double(step) / Double(Swift.max(period, 1))) }
  }

  /// to + (from − to)·(1 + cos(π·step/steps))/2, and `to` from then on (PyTorch's `CosineAnnealingLR`). Loshchilov and
  /// Hutter 2017.
  public static func cosine(from start: Double, to end: Double = 0, steps: Int) -> Schedule {
    Schedule("cosine") { step in
      if step >= steps { return end }
      return end + (start - end) * (1 + cos(Double.pi * Double(step) / Double(steps))) / 2
    }
  }

  /// The rate of the last entry whose step has been reached; `initial` before the first.
  public static func piecewise(_ initial: Double, _ changes: [(step: Int, rate: Double)]) -> Schedule {
    let sorted = changes.sorted { $0.step < $1.step }
    return Schedule("piecewise") { step in sorted.last { $0.step <= step }?.rate ?? initial }
  }
}
