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
