import BackendCore

/// A gradient whose elements are all one number that the host knows: that of the result itself, and of what it is the sum or
/// mean of. It takes no memory and no work until a rule asks for a tensor.
struct UniformGradient {
  var value: Double
  let dtype: DType
  let device: Device

  func tensor(_ extents: Shape) -> Tensor { .full(extents, value, dtype, on: device) }

  /// The same with another number.
  func with(_ value: Double) -> UniformGradient { UniformGradient(value: value, dtype: dtype, device: device) }
}

extension Record {
  /// True for rules that need no tensor of such a gradient.
  var takesUniformGradient: Bool {
    switch self {
    case .reduction(let rule): rule.op == .sum || rule.op == .mean
    case .crossEntropy: true
    default: false
    }
  }

  /// Does what `propagate` does, where `takesUniformGradient`.
  func propagate(_ dy: UniformGradient, in pass: inout BackwardPass) {
    switch self {
    case .reduction(let rule): rule.propagate(dy, in: &pass)
    case .crossEntropy(let rule): rule.propagate(dy, in: &pass)
    default: fatalError("a rule without a form for uniform gradients")
    }
  }
}
