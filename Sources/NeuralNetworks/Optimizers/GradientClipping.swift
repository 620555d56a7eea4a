/// Gradient clipping before a step. It does not wait for the device.
public enum GradientClipping: Sendable, Hashable {
  /// No clipping.
  case none
  /// Clips each number to −value...value.
  case value(Double)
  /// Scales all gradients by one factor so that their global norm is at most this value.
  case globalNorm(Double)
}
