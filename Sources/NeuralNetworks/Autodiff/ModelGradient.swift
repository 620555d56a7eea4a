import BackendCore

/// Returns the value of `body` for a module, and its gradients with respect to the trained parameters.
///
/// ```swift
/// let (loss, gradients) = valueAndGradient(at: model) { model in
///   Loss.crossEntropy()(model(images, .training(random)), labels)
/// }
/// try optimizer.update(model, with: gradients)
/// ```
///
/// There are no gradients to reset: each call returns new gradients. Use captured variables to return further results.
/// The value must be a single floating-point element. Calls can be nested. The module must be built. Parameters that
/// `body` does not use have gradients of 0.
public func valueAndGradient<M: Module, E: Error>(
  at model: M, of body: (M) throws(E) -> Tensor
) throws(E) -> (value: Tensor, gradient: Gradients) {
  let placement = model.placement(for: "valueAndGradient")
  let first = placement.slabs.first?.values
  let (device, dtype) = (first?.device ?? .cpu, first?.dtype ?? .float32)
  for slab in placement.slabs where slab.values.device != device || slab.values.dtype != dtype {
    ProgrammerError.end(
      "valueAndGradient: parameters are on \(device) (\(dtype)) and on \(slab.values.device) (\(slab.values.dtype)); "
        + "hint: use move(to:)")
  }
  let layout = placement.layout
  let (value, slabs) = try slabGradients(
    targets: layout.targets, slabCounts: layout.slabCounts, device: device, dtype: dtype
  ) { () throws(E) in try body(model) }
  return (value, Gradients(layout: layout, slabs: slabs))
}
