import BackendCore

/// The gradients of a module's trained parameters, by path.
///
/// They are stored in slabs with the same layout as the parameters, so an optimizer processes whole slabs.
public struct Gradients: Sendable {
  package let layout: SlabLayout
  package var slabs: [Tensor]

  /// The paths of the parameters, in order.
  public var paths: [String] { layout.entries.map(\.path) }

  /// The gradient of a parameter, with its shape; nil if the parameter was not trained.
  public subscript(_ path: String) -> Tensor? { layout.entry(path).map { layout.value($0, in: slabs) } }

  /// The gradient of a parameter, independently of its path.
  public subscript(_ parameter: Parameter) -> Tensor? {
    guard let target = layout.targets[LeafKey(parameter)], let shape = parameter.shape else { return nil }
    return Tensor(viewing: slabs[target.slab], offset: target.offset, shape: shape)
  }

  /// Returns the global norm √Σg² over all gradients: a scalar on the device. It is finite whenever its value is
  /// representable, even if the squares are not. If all gradients are 0, the gradient of the norm is 0.
  public func globalNorm() -> Tensor {
    let norms = slabs.filter { $0.count > 0 }.map { norm(of: $0) }
    guard let first = norms.first else { return Tensor(0) }
    return norms.count == 1 ? first : norm(of: .stacked(norms, axis: 0))
  }

  private func norm(of numbers: Tensor) -> Tensor {
    let scale = numbers.squaringScale(axes: nil).reshaped([])
    return (numbers * scale).squared().sum().gentleSquareRoot() / scale
  }

  /// Returns all gradients scaled by one factor, so that the global norm is at most `globalNorm`. The factor is min(1,
  /// globalNorm/(‖g‖ + 1e-6)), as in PyTorch's `clip_grad_norm_`. It does not wait for the device.
  public func clipped(globalNorm maximum: Double) -> Gradients {
    Checks.clipping(maximum, "globalNorm")
    let norm = globalNorm() + 1e-6
    let factor = (maximum / norm).clamped(to: 0...1)
    return mapped { $0 * factor }
  }

  /// Returns all gradients with each number clipped to −value...value, as in PyTorch's `clip_grad_value_`.
  public func clipped(value maximum: Double) -> Gradients {
    Checks.clipping(maximum, "value")
    return mapped { $0.clamped(to: -maximum...maximum) }
  }

  /// Adds gradients of the same parameters, to accumulate gradients over several batches.
  public static func += (a: inout Gradients, b: Gradients) {
    guard let others = b.arranged(as: a.layout) else { Checks.differentParameters(a, b) }
    for index in a.slabs.indices { a.slabs[index] += others[index] }
  }

  /// Returns the sum of gradients of the same parameters.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var sum = a
    sum += b
    return sum
  }

  /// Returns all gradients multiplied by a number.
  public static func * (a: Gradients, b: Double) -> Gradients { a.mapped { $0 * b } }

  /// Returns all gradients multiplied by a number.
  public static func * (a: Double, b: Gradients) -> Gradients { b * a }

  private func mapped(_ transform: (Tensor) -> Tensor) -> Gradients {
    Gradients(layout: layout, slabs: slabs.map(transform))
  }

  /// Returns the slabs in another layout of the same parameters; nil if that layout has parameters without a gradient
  /// here.
  func arranged(as other: SlabLayout) -> [Tensor]? {
    if layout.matches(other) { return slabs }
    guard let first = slabs.first else { return other.entries.isEmpty ? [] : nil }
    let isComplete = other.entries.allSatisfy { entry in
      layout.entry(entry.path).map { $0.shape == entry.shape } ?? false
    }
    guard isComplete else { return nil }
    return other.slabCounts.indices.map { slab in
      other.packed(slab, first.dtype, first.device) { self[$0.path] }
    }
  }
}

extension Gradients {
  /// Returns an error that describes how these gradients differ from the parameters of a layout.
  func mismatch(with other: SlabLayout) -> ModelError {
    let shapes = other.entries.compactMap { entry -> String? in
      guard let known = layout.entry(entry.path), known.shape != entry.shape else { return nil }
      return "gradient of \(entry.path) \(known.shape), expected \(entry.shape)"
    }
    return .parameters(
      missing: other.entries.map(\.path).filter { layout.entry($0) == nil }.map { "gradient of \($0)" },
      unknown: paths.filter { other.entry($0) == nil }.map { "gradient of \($0)" }, shapes: shapes)
  }
}

/// Checks of arguments. An invalid argument ends the program.
enum Checks {
  static func clipping(_ maximum: Double, _ kind: String) {
    if !(maximum > 0) { ProgrammerError.end("gradients are clipped to a \(kind) above 0, not \(maximum)") }
  }

  static func differentParameters(_ a: Gradients, _ b: Gradients) -> Never {
    ProgrammerError.end("gradients of different parameters were added: \(a.paths) and \(b.paths)")
  }
}

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
