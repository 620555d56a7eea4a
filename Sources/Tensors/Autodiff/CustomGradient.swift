import BackendCore

/// Returns the value of `forward` with a custom gradient: `backward` receives the gradient of the result, the input,
/// and the result, and returns the gradient of the input, which has the shape of the input.
///
/// `forward` is not recorded. `backward` consists of tensor operations and is differentiated in turn if calls of
/// `valueAndGradient` are nested.
///
/// ```swift
/// // The identity forward, gradients clipped to ±1 backward.
/// let y = withCustomGradient(of: x, forward: { $0 }) { dy, _, _ in dy.clamped(to: -1...1) }
/// ```
public func withCustomGradient<E: Error>(
  of x: Tensor, forward: (Tensor) throws(E) -> Tensor,
  backward: @escaping (_ upstream: Tensor, _ input: Tensor, _ result: Tensor) -> Tensor
) throws(E) -> Tensor {
  try withCustomGradient(of: [x]) { inputs throws(E) in
    try forward(inputs[0])
  } backward: { dy, inputs, y in
    [backward(dy, inputs[0], y)]
  }
}

/// Returns the value of a function of several inputs with a custom gradient. `backward` returns one gradient for each
/// input.
public func withCustomGradient<E: Error>(
  of inputs: [Tensor], forward: ([Tensor]) throws(E) -> Tensor,
  backward: @escaping (_ upstream: Tensor, _ inputs: [Tensor], _ result: Tensor) -> [Tensor]
) throws(E) -> Tensor {
  var y = try withoutGradient { () throws(E) in try forward(inputs.map { $0.detached() }) }.detached()
  guard let tape = Tape.recording(all: inputs.lazy.map(\.node)), y.dtype.isFloatingPoint else { return y }
  var result = Operand(y, keeping: true)
  result.node = tape.nextNode
  let record = CustomRecord(inputs: inputs.map { Operand($0, keeping: true) }, result: result, backward: backward)
  y.node = tape.append(.custom(record))
  return y
}

/// y = a function with a custom gradient.
struct CustomRecord: GradientRule {
  let inputs: [Operand]
  let result: Operand
  let backward: (Tensor, [Tensor], Tensor) -> [Tensor]

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let gradients = backward(dy, inputs.map(\.tensor), result.tensor)
    Checks.insist { try Checks.customGradients(gradients, for: inputs) }
    for (input, gradient) in zip(inputs, gradients) { pass.accumulate(gradient, to: input) }
  }
}

extension Checks {
  fileprivate static func customGradients(_ gradients: [Tensor], for inputs: [Operand]) throws {
    let name: StaticString = "withCustomGradient"
    if gradients.count != inputs.count { try fail(name, "\(gradients.count) gradients for \(inputs.count) inputs") }
    for (input, gradient) in zip(inputs, gradients) where gradient.extents != input.extents {
      try fail(name, "a gradient of shape \(gradient.extents) for an input of \(input.extents)")
    }
  }
}
