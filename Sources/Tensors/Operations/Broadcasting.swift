import BackendCore

extension Tensor {
  /// Repeated to a shape: axes are aligned at the end, and extents of 1 repeat (NumPy).
  public func broadcast(to shape: [Int]) -> Tensor { broadcast(to: Checks.extents("broadcast", shape)) }

  /// The whole repeated along each axis; one number per axis, and more numbers than axes add axes in front (NumPy's `tile`).
  public func tiled(_ repetitions: [Int]) -> Tensor {
    if repetitions.contains(where: { $0 < 0 }) {
      Checks.fail("tiled", "\(repetitions) has a negative count for shape \(extents)")
    }
    let missing = Swift.max(repetitions.count - rank, 0)
    var result = reshaped(to: Checks.extents("tiled", Array(repeating: 1, count: missing) + shape))
    let first = result.rank - repetitions.count
    for (position, count) in repetitions.enumerated() where count != 1 {
      let shape = result.extents.about(first + position)
      var extents = result.extents
      extents[first + position] = Checks.repeated("tiled", extents[first + position], count, extents)
      Checks.countable("tiled", extents)
      let width = shape.extent * shape.inner
      result = result.reshaped(to: [shape.outer, 1, width]).broadcast(to: [shape.outer, count, width] as Shape)
        .reshaped(to: extents)
    }
    return result
  }

  /// Each element repeated `count` times in a row along an axis (PyTorch's `repeat_interleave`).
  public func repeated(_ count: Int, axis: Int) -> Tensor {
    let axis = Checks.axis("repeated", axis, extents)
    if count < 0 { Checks.fail("repeated", "a count of \(count) for shape \(extents)") }
    let shape = extents.about(axis)
    var result = extents
    result[axis] = Checks.repeated("repeated", result[axis], count, extents)
    Checks.countable("repeated", result)
    return reshaped(to: [shape.outer, shape.extent, 1, shape.inner])
      .broadcast(to: [shape.outer, shape.extent, count, shape.inner] as Shape).reshaped(to: result)
  }

  func broadcast(to target: Shape) -> Tensor {
    if extents == target { return self }
    Checks.broadcast(extents, to: target)
    if extents.count == target.count { return reshaped(to: target) }
    let strides = Strides(broadcasting: extents, to: target)
    var y = Tensor.launch(self, target, dtype, on: device) { backend, x, y in
      try backend.copyStrided(x, strides, shape: target, into: y, Strides(dense: target), accumulating: false)
    }
    if let tape = Tape.recording(node) { y.node = tape.append(.broadcast(BroadcastRecord(x: Operand(self)))) }
    return y
  }
}

/// y = x repeated: dx sums over the repetitions.
struct BroadcastRecord: GradientRule {
  let x: Operand

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) { walk.add(dy, to: x) }
}
