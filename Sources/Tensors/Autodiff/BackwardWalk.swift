import BackendCore

/// The backward pass over the records of one scope, from the result to the leaves.
struct BackwardWalk {
  /// What has been gathered for a record so far.
  private enum Accumulator {
    case nothing
    case tensor(Tensor)
    /// A range of a slab, zero until it is written.
    case slab(LeafTarget, isWritten: Bool)
  }

  let tape: Tape
  /// The depth of the scope: leaves of this depth collect.
  let depth: Int
  /// True when an outer scope is open: the pass is recorded for it, and records are kept.
  let isRecorded: Bool
  /// One-dimensional tensors that leaves with a target share.
  private(set) var slabs: [Tensor]
  private let first: Int
  private var accumulators: ContiguousArray<Accumulator>

  /// A pass over `scope`, which has been closed, for a result with node `result`.
  init(_ tape: Tape, _ scope: GradientScope, slabs: [Tensor] = []) {
    self.tape = tape
    depth = scope.depth
    first = scope.first
    isRecorded = !tape.scopes.isEmpty
    self.slabs = slabs
    accumulators = ContiguousArray(repeating: .nothing, count: tape.records.count - scope.first)
    if !slabs.isEmpty {
      for (key, node) in scope.leaves {
        if let target = scope.targets[key] { accumulators[node.index - first] = .slab(target, isWritten: false) }
      }
    }
  }

  /// Runs from the result, which has one element and gets the gradient 1; a failed result gives failed gradients.
  mutating func run(from result: Tensor) {
    guard let last = slot(of: result.node) else { return }
    accumulators[last] = .tensor(result.isPoisoned ? result.detached() : .ones(like: result))
    for slot in stride(from: last, through: 0, by: -1) {
      let index = first + slot
      guard case .tensor = accumulators[slot] else {
        if !isRecorded { tape.records[index] = .consumed }
        continue
      }
      if case .leaf(let leaf) = tape.records[index], leaf.depth == depth { continue }
      // Taken out, not copied: what a record kept is freed when its rule has run, and `dy` is held once.
      var gathered = Accumulator.nothing
      swap(&gathered, &accumulators[slot])
      var record = Record.consumed
      if isRecorded { record = tape.records[index] } else { swap(&record, &tape.records[index]) }
      guard case .tensor(var dy) = consume gathered else { continue }
      record.propagate(&dy, in: &self)
    }
  }

  /// The gradient that a leaf of the scope has collected; zero when it had no part in the result.
  func gradient(of leaf: Tensor) -> Tensor {
    if let slot = slot(of: leaf.node), case .tensor(let gradient) = accumulators[slot] { return gradient }
    return .zeros(like: leaf)
  }

  /// The same for a leaf known by its node, flattened to `count` elements.
  func gradient(at node: TapeNode, count: Int, _ dtype: DType, _ device: Device) -> Tensor {
    if let slot = slot(of: node), case .tensor(let gradient) = accumulators[slot] {
      return gradient.reshaped(to: [count])
    }
    return .full([count], 0, dtype, on: device)
  }

  /// True when the record of a node is part of this pass.
  func wants(_ operand: Operand) -> Bool { slot(of: operand.node) != nil }

  /// True when the operand has a slab range that nothing has been written to.
  func hasFreshRange(_ operand: Operand) -> Bool {
    guard let slot = slot(of: operand.node), case .slab(_, isWritten: false) = accumulators[slot] else { return false }
    return true
  }

  /// Why the slab of the operand has failed; nil when it has not, or there is none.
  func poison(of operand: Operand) -> Poison? {
    guard let slot = slot(of: operand.node), case .slab(let target, _) = accumulators[slot] else { return nil }
    return slabs[target.slab].storage.poison
  }

  @inline(__always)
  private func slot(of node: TapeNode) -> Int? {
    guard tape.owns(node) else { return nil }
    let slot = node.index - first
    return slot >= 0 && slot < accumulators.count ? slot : nil
  }

  // MARK: What rules call

  /// Adds a gradient to what the operand has gathered, summed over the axes along which the operand was repeated; computes
  /// it only if the operand is part of the pass.
  mutating func add(_ gradient: @autoclosure () -> Tensor, to operand: Operand) {
    guard let slot = slot(of: operand.node) else { return }
    let gradient = gradient().summed(to: operand.extents)
    switch accumulators[slot] {
    case .nothing: accumulators[slot] = .tensor(gradient)
    case .tensor(var sum):
      accumulators[slot] = .nothing  // so that the sum is held once and is added to in place
      sum += gradient
      accumulators[slot] = .tensor(sum)
    case .slab:
      write(to: operand) { backend, range, isAccumulating in
        let x = try gradient.slice
        if isAccumulating {
          let dense = Layout(dense: [gradient.count])
          try backend.binary(.add, range, dense, x, dense, into: range)
        } else {
          try backend.copy(x, count: gradient.count, into: range)
        }
      }
    }
  }

  /// Lets `body` write a gradient straight into the slab range of a leaf: over what is there, or adding to it when
  /// accumulating. False when the operand has no slab range; then nothing has been done.
  @discardableResult
  mutating func write(
    to operand: Operand, _ body: (any Backend, BufferSlice, _ isAccumulating: Bool) throws -> Void
  ) -> Bool {
    guard let slot = slot(of: operand.node), case .slab(let target, let isWritten) = accumulators[slot] else {
      return false
    }
    accumulators[slot] = .slab(target, isWritten: true)
    slabs[target.slab].overwrite { backend, slab in try body(backend, slab.advanced(by: target.offset), isWritten) }
    return true
  }

  /// Lets `body` add a gradient in place to what the operand has gathered, which starts as zeros; for gradients that touch
  /// few elements. Only in a pass that is not recorded.
  mutating func addInPlace(to operand: Operand, like dy: Tensor, _ body: (any Backend, BufferSlice) throws -> Void) {
    guard let slot = slot(of: operand.node) else { return }
    if write(to: operand, { backend, range, _ in try body(backend, range) }) { return }
    var sum: Tensor
    if case .tensor(let gathered) = accumulators[slot] {
      sum = gathered
      accumulators[slot] = .nothing
    } else {
      sum = .full(operand.extents, 0, dy.dtype, on: dy.device)
    }
    if !sum.isStorageUniquelyReferenced() { sum = sum.copied() }
    sum.overwrite(body)
    accumulators[slot] = .tensor(sum)
  }
}
