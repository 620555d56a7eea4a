/// The gradients of a module's trained parameters, by path.
///
/// They lie in slabs, in the places that the parameters have in theirs, so that an optimizer takes them whole.
public struct Gradients: Sendable {
  package let layout: SlabLayout
  package var slabs: [Tensor]

  /// The paths of the parameters, in order.
  public var paths: [String] { layout.entries.map(\.path) }

  /// The gradient of a parameter, of its shape; nil when the parameter was not trained.
  public subscript(_ path: String) -> Tensor? { layout.entry(path).map { layout.value($0, in: slabs) } }

  /// The gradient of a parameter, whatever its path.
  public subscript(_ parameter: Parameter) -> Tensor? {
    guard let target = layout.targets[LeafKey(parameter)], let shape = parameter.shape else { return nil }
    return Tensor(viewing: slabs[target.slab], offset: target.offset, shape: shape)
  }

  /// √Σg² over all gradients together: a scalar, on the device.
  public func globalNorm() -> Tensor {
    let sums = slabs.map { $0.squared().sum() }
    guard let first = sums.first else { return Tensor(0) }
    return sums.dropFirst().reduce(first, +).squareRoot()
  }

  /// All gradients scaled by the same factor, so that their global norm is at most `globalNorm`: the factor is
  /// min(1, globalNorm/(‖g‖ + 1e-6)), as in PyTorch's `clip_grad_norm_`. Nothing waits for the device.
  public func clipped(globalNorm maximum: Double) -> Gradients {
    Checks.clipping(maximum, "globalNorm")
    let norm = globalNorm() + 1e-6
    let factor = (maximum / norm).clamped(to: 0...1)
    return mapped { $0 * factor }
  }

  /// Each number brought into −value...value, as in PyTorch's `clip_grad_value_`.
  public func clipped(value maximum: Double) -> Gradients {
    Checks.clipping(maximum, "value")
    return mapped { $0.clamped(to: -maximum...maximum) }
  }

  /// Adds gradients of the same parameters, to accumulate over several batches.
  public static func += (a: inout Gradients, b: Gradients) {
    guard let others = b.arranged(as: a.layout) else { Checks.differentParameters(a, b) }
    for index in a.slabs.indices { a.slabs[index] += others[index] }
  }

  /// The sum of gradients of the same parameters.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var sum = a
    sum += b
    return sum
  }

  /// All gradients times a number.
  public static func * (a: Gradients, b: Double) -> Gradients { a.mapped { $0 * b } }

  /// All gradients times a number.
  public static func * (a: Double, b: Gradients) -> Gradients { b * a }

  private func mapped(_ transform: (Tensor) -> Tensor) -> Gradients {
    Gradients(layout: layout, slabs: slabs.map(transform))
  }

  /// The slabs in another layout of the same parameters; nil when that has parameters without a gradient here.
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

/// Checks of what a programmer hands to this module, ending in `fatalError`.
enum Checks {
  static func clipping(_ maximum: Double, _ kind: String) {
    if !(maximum > 0) { fatalError("gradients are clipped to a \(kind) above 0, not \(maximum)") }
  }

  static func differentParameters(_ a: Gradients, _ b: Gradients) -> Never {
    fatalError("gradients of different parameters were added: \(a.paths) and \(b.paths)")
  }
}
