import BackendCore

// Derivatives of functions with several results, and second derivatives, composed of `valueAndGradient`.

/// Returns the matrix of derivatives ∂yᵢ/∂xⱼ of y = body(x), with the axes of y followed by those of x. It computes y once
/// for each of its elements.
///
/// ```swift
/// let j = jacobian(at: Tensor([1, 2])) { x in x * x }   // [[2, 0], [0, 4]]
/// ```
public func jacobian<E: Error>(at x: Tensor, of body: (Tensor) throws(E) -> Tensor) throws(E) -> Tensor {
  let y = try withoutGradient { () throws(E) in try body(x) }
  Checks.insist { try Checks.floatingPoint("jacobian: the value", y) }
  var rows: [Tensor] = []
  for index in 0..<y.count {
    let row = try valueAndGradient(at: x) { x throws(E) in try body(x).reshaped([y.count])[index] }.gradient
    rows.append(row.reshaped([1, x.count]))
  }
  let matrix = rows.isEmpty ? Tensor.zeros([0, x.count], dtype: x.dtype, on: x.device) : .concatenated(rows)
  return matrix.reshaped(y.shape + x.shape)
}

/// Returns the matrix of second derivatives ∂²y/∂xᵢ∂xⱼ of a function with one result, with the axes of x twice. It
/// computes y once for each element of x.
public func hessian<E: Error>(at x: Tensor, of body: (Tensor) throws(E) -> Tensor) throws(E) -> Tensor {
  try jacobian(at: x) { x throws(E) in try valueAndGradient(at: x, of: body).gradient }
}

/// Returns y = body(x) and its derivative along a direction, Σⱼ ∂yᵢ/∂xⱼ·vⱼ, which has the shape of y (the forward mode of
/// other frameworks, PyTorch's `jvp`). It takes about as long as three gradients, independent of the sizes.
/// The direction v has the shape of x.
public func jacobianVectorProduct<E: Error>(
  at x: Tensor, along direction: Tensor, of body: (Tensor) throws(E) -> Tensor
) throws(E) -> (value: Tensor, derivative: Tensor) {
  Checks.insist { try Checks.factor("jacobianVectorProduct", "a direction", direction, x) }
  let y = try body(x)
  // The gradient of Σ uᵢ·yᵢ is linear in u; its derivative with respect to u is the product.
  let derivative = try valueAndGradient(at: Tensor.zeros(like: y.detached())) { u throws(E) in
    let gradient = try valueAndGradient(at: x) { x throws(E) in (try body(x) * u).sum() }.gradient
    return (gradient * direction).sum()
  }.gradient
  return (y, derivative)
}

/// Returns y = body(x) and the derivative of a weighted sum of its elements, Σᵢ uᵢ·∂yᵢ/∂xⱼ, which has the shape of x (the
/// backward mode, PyTorch's `vjp`).
/// The weights u have the shape of y.
public func vectorJacobianProduct<E: Error>(
  at x: Tensor, weights: Tensor, of body: (Tensor) throws(E) -> Tensor
) throws(E) -> (value: Tensor, derivative: Tensor) {
  var y = x
  let derivative = try valueAndGradient(at: x) { x throws(E) in
    let value = try body(x)
    Checks.insist { try Checks.factor("vectorJacobianProduct", "weights", weights, value) }
    y = value.detached()
    return (value * weights).sum()
  }.gradient
  // Inside another scope, the value also has a gradient there.
  return (isRecordingGradients ? try body(x) : y, derivative)
}

/// Returns the gradient of a function with one result, and the product of its matrix of second derivatives with a
/// direction, Σⱼ ∂²y/∂xᵢ∂xⱼ·vⱼ, without the matrix. Both have the shape of x.
/// The direction v has the shape of x.
public func hessianVectorProduct<E: Error>(
  at x: Tensor, along direction: Tensor, of body: (Tensor) throws(E) -> Tensor
) throws(E) -> (gradient: Tensor, derivative: Tensor) {
  Checks.insist { try Checks.factor("hessianVectorProduct", "a direction", direction, x) }
  var gradient = x
  let derivative = try valueAndGradient(at: x) { x throws(E) in
    let first = try valueAndGradient(at: x, of: body).gradient
    gradient = first.detached()
    return (first * direction).sum()
  }.gradient
  return (isRecordingGradients ? try valueAndGradient(at: x, of: body).gradient : gradient, derivative)
}

extension Checks {
  fileprivate static func factor(
    _ operation: StaticString, _ name: String, _ factor: Tensor, _ x: Tensor
  ) throws {
    try floatingPoint(operation, x)
    try sameDType(operation, x, factor)
    if factor.extents != x.extents {
      try fail(operation, "\(name) of shape \(factor.extents) for a tensor of shape \(x.extents)")
    }
  }
}
