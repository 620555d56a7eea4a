import BackendCore

/// A gradient whose elements are all equal to one number known to the host: the gradient of the result itself and of
/// tensors whose sum or mean it is. It takes no memory or work until a rule asks for a tensor.
struct UniformGradient {
  var value: Double
  let dtype: DType
  let device: Device

  func tensor(_ extents: Shape) -> Tensor { .full(extents, value, dtype, on: device) }

  /// Returns this gradient with another number.
  func with(_ value: Double) -> UniformGradient { UniformGradient(value: value, dtype: dtype, device: device) }
}

extension Record {
  /// True for rules that can use a uniform gradient without converting it to a tensor.
  var takesUniformGradient: Bool {
    switch self {
    case .reduction(let rule): rule.op == .sum || rule.op == .mean
    case .crossEntropy: true
    default: false
    }
  }

  /// Does the work of `propagate` for a uniform gradient, if `takesUniformGradient`.
  func propagate(_ dy: UniformGradient, in pass: inout BackwardPass) {
    switch self {
    case .reduction(let rule): rule.propagate(dy, in: &pass)
    case .crossEntropy(let rule): rule.propagate(dy, in: &pass)
    default: fatalError("a rule without a form for uniform gradients")
    }
  }
}
