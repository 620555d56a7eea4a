import BackendCore

/// The value of `body` for a module, and its gradients with respect to the parameters that are trained.
///
/// ```swift
/// let (loss, gradients) = valueAndGradient(at: model) { model in
///   Loss.crossEntropy()(model(images, .training(random)), labels)
/// }
/// try optimizer.update(model, with: gradients)
/// ```
///
/// Nothing has to be zeroed: each call gives gradients of its own. Further results leave by captured variables. The value is
/// one floating-point element. Calls nest. The module must have been built; parameters that `body` does not use have
/// gradients of 0.
public func valueAndGradient<M: Module, E: Error>(
  at model: M, of body: (M) throws(E) -> Tensor
) throws(E) -> (value: Tensor, gradient: Gradients) {
  let placement = model.placement(for: "valueAndGradient")
  let first = placement.slabs.first?.values
  let (device, dtype) = (first?.device ?? .cpu, first?.dtype ?? .float32)
  for slab in placement.slabs where slab.values.device != device || slab.values.dtype != dtype {
    fatalError(
      "valueAndGradient: parameters are on \(device) (\(dtype)) and on \(slab.values.device) (\(slab.values.dtype)); "
        + "hint: use move(to:)")
  }
  let layout = placement.layout
  let (value, slabs) = try slabGradients(
    targets: layout.targets, slabCounts: layout.slabCounts, device: device, dtype: dtype
  ) { () throws(E) in try body(model) }
  return (value, Gradients(layout: layout, slabs: slabs))
}
