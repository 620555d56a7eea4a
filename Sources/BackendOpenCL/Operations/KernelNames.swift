#if OpenCL
internal import BackendCore

extension UnaryOp.Kind {
  /// The kernel of the derivative; step functions share one.
  var gradientName: String { UnaryOp(self).gradientSource == .neither ? "zero" : name }

  /// The number of an activation that the kernels of layers can apply (`nn_activate` in `Activation.cl`); nil for
  /// other operations.
  var activation: Int32? { isActivation ? Int32(rawValue) + 1 : nil }

  /// Whether the operation is an activation that is more complex than a comparison.
  var isLongActivation: Bool { isActivation && isHeavy }
}
#endif
