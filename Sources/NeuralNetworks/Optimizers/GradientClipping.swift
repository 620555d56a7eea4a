/// How gradients are bounded before a step. Nothing waits for the device.
public enum GradientClipping: Sendable, Hashable {
  /// Not at all.
  case none
  /// Each number to −value...value.
  case value(Double)
  /// All together, by one factor, to this norm.
  case globalNorm(Double)
}
