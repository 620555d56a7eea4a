/// How large the steps of an optimizer are: a number, or a schedule.
public protocol LearningRate: Sendable {
  /// The rate of a step; the first one is step 0.
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
