import BackendCore

/// The identity of a model parameter.
package struct LeafKey: Hashable, Sendable {
  private let identifier: ObjectIdentifier

  /// Creates the key of an object. It is valid as long as the object lives.
  package init(_ object: AnyObject) { identifier = ObjectIdentifier(object) }
}

/// The destination of a leaf's gradient: a range of one slab.
package struct LeafTarget: Sendable, Hashable {
  /// The index of the slab.
  package var slab: Int
  /// The first element.
  package var offset: Int
  /// The number of elements.
  package var count: Int

  package init(slab: Int, offset: Int, count: Int) {
    self.slab = slab
    self.offset = offset
    self.count = count
  }
}

/// Registers a parameter with the innermost active scope that tracks it, and returns its value with its node, which is
/// the same for every use. Returns the value unchanged if no scope tracks it or recording is paused.
package func trackedLeaf(_ key: LeafKey, value: @autoclosure () -> Tensor) -> Tensor {
  guard let tape = Tape.current else {
    OpenScopes.checkUse(of: key)
    return value()
  }
  if tape.pauses > 0 { return value() }
  var result = value()
  if let node = tape.trackedNode(key, of: result, below: tape.scopes.count) {
    result.node = node
  } else {
    OpenScopes.checkUse(of: key)
  }
  return result
}

extension Tape {
  /// Returns the node of a parameter in the innermost scope that tracks it, among the `depth` outermost scopes. Its
  /// parent is the node in the next outer scope that tracks the parameter.
  fileprivate func trackedNode(_ key: LeafKey, of value: Tensor, below depth: Int) -> TapeNode? {
    var position = depth - 1
    while position >= 0 && scopes[position].targets[key] == nil { position -= 1 }
    if position < 0 { return nil }
    if let node = scopes[position].leaves[key] { return node }
    var parent = Operand(value)
    parent.node = trackedNode(key, of: value, below: position) ?? .constant
    let node = append(.leaf(LeafRecord(parent: parent, depth: position + 1)))
    scopes[position].leaves[key] = node
    return node
  }
}

/// Returns the value of `body` and its gradients with respect to the parameters in `targets`, stored in slabs.
package func slabGradients<E: Error>(
  targets: [LeafKey: LeafTarget], slabCounts: [Int], device: Device, dtype: DType, of body: () throws(E) -> Tensor
) throws(E) -> (value: Tensor, slabs: [Tensor]) {
  let (value, slabs, _) = try slabGradients(
    targets: targets, slabCounts: slabCounts, device: device, dtype: dtype, at: []
  ) { (_: [Tensor]) throws(E) in try body() }
  return (value, slabs)
}

/// Returns the value of `body`, its gradients with respect to the parameters in `targets`, and its gradients with
/// respect to further tensors.
///
/// `slabs[i]` has `slabCounts[i]` elements. The gradient of a parameter is in its range, in row-major order, and all
/// other elements are zero. Rules write directly into the slabs, unless an outer scope is active: then the slabs are
/// ordinary, recorded tensors.
package func slabGradients<E: Error>(
  targets: [LeafKey: LeafTarget], slabCounts: [Int], device: Device, dtype: DType, at tensors: [Tensor],
  of body: ([Tensor]) throws(E) -> Tensor
) throws(E) -> (value: Tensor, slabs: [Tensor], gradients: [Tensor]) {
  let tape = Tape.openScope(tracking: targets)
  let leaves = tensors.map { tape.leaf($0) }
  let value = try tape.run { () throws(E) in try body(leaves) }
  Checks.insist { try Checks.differentiated(value) }
  let scope = tape.closeScope()
  if tape.scopes.isEmpty {
    let slabs = slabCounts.indices.map { slab -> Tensor in
      let hasGaps = !targets.values.cover(slab, count: slabCounts[slab])
      return hasGaps
        ? .zeros([slabCounts[slab]], dtype: dtype, on: device)
        : .uninitialized([slabCounts[slab]], dtype, on: device)
    }
    var pass = BackwardPass(tape, scope, slabs: slabs)
    defer { pass.end() }
    pass.run(from: value)
    pass.fillUnwrittenRanges(of: targets.values)
    return (value.detached(), pass.slabs, leaves.map { pass.gradient(of: $0) })
  }
  var pass = BackwardPass(tape, scope)
  defer { pass.end() }
  pass.run(from: value)
  let slabs = slabCounts.indices.map { pass.slab($0, count: slabCounts[$0], of: scope, device, dtype) }
  return (value, slabs, leaves.map { pass.gradient(of: $0) })
}

extension Collection<LeafTarget> {
  /// Returns whether the ranges cover every element of a slab.
  fileprivate func cover(_ slab: Int, count: Int) -> Bool {
    reduce(0) { $0 + ($1.slab == slab ? $1.count : 0) } == count
  }
}

extension BackwardPass {
  /// Assembles one slab from recorded gradients and zeros.
  fileprivate func slab(
    _ index: Int, count: Int, of scope: GradientScope, _ device: Device, _ dtype: DType
  ) -> Tensor {
    let leaves = scope.leaves.compactMap { key, node -> (LeafTarget, TapeNode)? in
      guard let target = scope.targets[key], target.slab == index else { return nil }
      return (target, node)
    }
    var pieces: [Tensor] = []
    var end = 0
    for (target, node) in leaves.sorted(by: { $0.0.offset < $1.0.offset }) {
      if target.offset > end { pieces.append(.zeros([target.offset - end], dtype: dtype, on: device)) }
      pieces.append(gradient(at: node, count: target.count, dtype, device))
      end = target.offset + target.count
    }
    if count > end || pieces.isEmpty { pieces.append(.zeros([count - end], dtype: dtype, on: device)) }
    return Tensor.concatenated(pieces)
  }
}
