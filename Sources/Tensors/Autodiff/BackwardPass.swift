import BackendCore

/// The backward pass over the records of one scope, from the result to the leaves.
struct BackwardPass {
  /// A range of a slab.
  private struct SlabRange {
    let target: LeafTarget
    var isWritten = false
  }

  let tape: Tape
  /// The depth of the scope. Leaves of this depth collect gradients.
  let depth: Int
  /// True if an outer scope is open. The pass is then recorded for it, and records are kept.
  let isRecorded: Bool
  /// One-dimensional tensors shared by the leaves that have a target.
  private(set) var slabs: [Tensor]
  private let first: Int
  /// The gradient accumulated for each record so far.
  private var gathered: ContiguousArray<Tensor?>
  /// The uniform gradients of records that have accumulated nothing else.
  private var uniforms: [Int: (gradient: UniformGradient, extents: Shape)] = [:]
  /// The slab ranges of the leaves that have one, by slot. These leaves accumulate in their slab.
  private var ranges: [Int: SlabRange] = [:]

  /// Creates a pass over the closed scope `scope`.
  init(_ tape: Tape, _ scope: GradientScope, slabs: [Tensor] = []) {
    self.tape = tape
    depth = scope.depth
    first = scope.first
    isRecorded = !tape.scopes.isEmpty
    self.slabs = slabs
    gathered = []
    swap(&gathered, &tape.gradients)
    gathered.append(contentsOf: repeatElement(nil, count: tape.records.count - scope.first))
    if slabs.isEmpty { return }
    for (key, node) in scope.leaves {
      if let target = scope.targets[key] { ranges[node.index - first] = SlabRange(target: target) }
    }
  }

  /// Returns the memory of the pass to the tape. After that, the pass has no gradients.
  mutating func end() {
    gathered.removeAll(keepingCapacity: true)
    swap(&gathered, &tape.gradients)
  }

  /// Runs the pass from the result, which has one element and the gradient 1. A failed result gives failed gradients.
  mutating func run(from result: Tensor) {
    guard let last = slot(of: result.node) else { return }
    if result.isPoisoned {
      gathered[last] = result.detached()
    } else {
      uniforms[last] = (UniformGradient(value: 1, dtype: result.dtype, device: result.device), result.extents)
    }
    for slot in stride(from: last, through: 0, by: -1) {
      let index = first + slot
      if !uniforms.isEmpty, propagateUniform(slot) { continue }
      if gathered[slot] == nil {
        if !isRecorded { tape.records[index] = .consumed }
        continue
      }
      if case .leaf(let leaf) = tape.records[index], leaf.depth == depth { continue }
      // Taken out, not copied: the values that a record kept are freed when its rule has run, and `dy` has one owner.
      var record = Record.consumed
      if isRecorded { record = tape.records[index] } else { swap(&record, &tape.records[index]) }
      guard var dy = gathered[slot].take() else { continue }
      record.propagate(&dy, in: &self)
    }
  }

  /// Passes on a uniform gradient as a number if the record's rule supports it; otherwise converts it to a tensor.
  /// Returns false in that case and if there is no uniform gradient.
  private mutating func propagateUniform(_ slot: Int) -> Bool {
    guard let uniform = uniforms[slot] else { return false }
    if !isRecorded && tape.records[first + slot].takesUniformGradient {
      uniforms[slot] = nil
      var record = Record.consumed
      swap(&record, &tape.records[first + slot])
      record.propagate(uniform.gradient, in: &self)
      return true
    }
    materialize(slot)
    return false
  }

  /// Converts the uniform gradient of the slot, if any, to a tensor.
  private mutating func materialize(_ slot: Int) {
    if !uniforms.isEmpty, let uniform = uniforms.removeValue(forKey: slot) {
      gathered[slot] = uniform.gradient.tensor(uniform.extents)
    }
  }

  /// Returns the gradient that a leaf of the scope has collected; zero if the result does not depend on it.
  func gradient(of leaf: Tensor) -> Tensor {
    if let slot = slot(of: leaf.node), let gradient = gathered[slot] { return gradient }
    return .zeros(like: leaf)
  }

  /// Returns the gradient of a leaf given by its node, flattened to `count` elements.
  func gradient(at node: TapeNode, count: Int, _ dtype: DType, _ device: Device) -> Tensor {
    if let slot = slot(of: node), let gradient = gathered[slot] { return gradient.reshaped(to: [count]) }
    return .full([count], 0, dtype, on: device)
  }

  /// Fills the slab ranges to which no gradient has been written with zeros.
  mutating func fillUnwrittenRanges(of targets: some Sequence<LeafTarget>) {
    let written = Set(ranges.values.lazy.filter(\.isWritten).map(\.target))
    for target in targets where target.count > 0 && !written.contains(target) {
      slabs[target.slab].overwrite { backend, slab in
        try backend.fill(slab.advanced(by: target.offset), count: target.count, with: 0)
      }
    }
  }

  /// Returns whether the record of the operand is part of this pass.
  func needsGradient(_ operand: Operand) -> Bool { slot(of: operand.node) != nil }

  /// Returns whether the operand has a slab range that has not been written to.
  func hasFreshRange(_ operand: Operand) -> Bool { range(of: operand)?.isWritten == false }

  /// Returns the reason why the slab of the operand has failed; nil if it has not failed or there is no slab.
  func poison(of operand: Operand) -> Poison? {
    range(of: operand).flatMap { slabs[$0.target.slab].storage.poison }
  }

  private func range(of operand: Operand) -> SlabRange? {
    ranges.isEmpty ? nil : slot(of: operand.node).flatMap { ranges[$0] }
  }

  @inline(__always)
  private func slot(of node: TapeNode) -> Int? {
    guard tape.owns(node) else { return nil }
    let slot = node.index - first
    return slot >= 0 && slot < gathered.count ? slot : nil
  }

  // MARK: Called by rules

  /// Adds a gradient to the accumulated gradient of the operand, summed over the axes along which the operand was
  /// repeated. The gradient is computed only if the operand is part of the pass.
  mutating func accumulate(_ gradient: @autoclosure () -> Tensor, to operand: Operand) {
    guard let slot = slot(of: operand.node) else { return }
    let gradient = gradient().summed(to: operand.extents)
    materialize(slot)
    if !ranges.isEmpty && ranges[slot] != nil {
      write(to: operand) { backend, range, isAccumulating in
        let x = try gradient.slice
        if isAccumulating {
          let dense = Layout(flat: gradient.count)
          try backend.binary(.add, range, dense, x, dense, into: range)
        } else {
          try backend.copy(x, count: gradient.count, into: range)
        }
      }
    } else if var sum = gathered[slot].take() {  // taken, so that the sum is held once and is added to in place
      sum += gradient
      gathered[slot] = sum
    } else {
      gathered[slot] = gradient
    }
  }

  /// Adds a gradient that has the shape of the operand and the same number in every element.
  mutating func accumulate(_ gradient: UniformGradient, to operand: Operand) {
    guard let slot = slot(of: operand.node) else { return }
    if gathered[slot] == nil && uniforms[slot] == nil && ranges[slot] == nil {
      uniforms[slot] = (gradient, operand.extents)
    } else {
      accumulate(gradient.tensor(operand.extents), to: operand)
    }
  }

  /// Lets `body` write a gradient directly into the slab range of a leaf, replacing the content or, if
  /// `isAccumulating`, adding to it. Returns false, without calling `body`, if the operand has no slab range.
  @discardableResult
  mutating func write(
    to operand: Operand, _ body: (any Backend, BufferSlice, _ isAccumulating: Bool) throws -> Void
  ) -> Bool {
    guard !ranges.isEmpty, let slot = slot(of: operand.node), let range = ranges[slot] else { return false }
    ranges[slot]?.isWritten = true
    let target = range.target
    slabs[target.slab].overwrite { backend, slab in
      try body(backend, slab.advanced(by: target.offset), range.isWritten)
    }
    return true
  }

  /// Lets `body` add a gradient in place to the accumulated gradient of the operand, which starts as zeros. For
  /// gradients that affect few elements, and only in a pass that is not recorded.
  mutating func addInPlace(to operand: Operand, like dy: Tensor, _ body: (any Backend, BufferSlice) throws -> Void) {
    guard let slot = slot(of: operand.node) else { return }
    let isInSlab = write(to: operand) { backend, range, isAccumulating in
      if !isAccumulating { try backend.fill(range, count: operand.extents.count, with: 0) }
      try body(backend, range)
    }
    if isInSlab { return }
    materialize(slot)
    var sum = gathered[slot].take() ?? .full(operand.extents, 0, dy.dtype, on: dy.device)
    if !sum.isStorageUniquelyReferenced() { sum = sum.copied() }
    sum.overwrite(body)
    gathered[slot] = sum
  }
}
