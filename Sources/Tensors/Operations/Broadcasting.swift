import BackendCore

extension Tensor {
  /// Broadcasts this tensor to a shape: axes are aligned at the end, and extents of 1 repeat (NumPy).
  public func broadcast(to shape: [Int]) -> Tensor {
    checked {
      broadcast(to: try Checks.extents("broadcast", shape))
    }
  }

  /// Repeats the whole tensor along each axis (NumPy's `tile`). There is one number per axis; additional numbers add
  /// axes at the front.
  public func tiled(_ repetitions: [Int]) -> Tensor {
    checked {
      if repetitions.contains(where: { $0 < 0 }) {
        try Checks.fail("tiled", "\(repetitions) has a negative count for shape \(extents)")
      }
      let missing = Swift.max(repetitions.count - rank, 0)
      var result = reshaped(to: try Checks.extents("tiled", Array(repeating: 1, count: missing) + shape))
      let first = result.rank - repetitions.count
      for (position, count) in repetitions.enumerated() where count != 1 {
        let shape = result.extents.about(first + position)
        var extents = result.extents
        extents[first + position] = try Checks.repeated("tiled", extents[first + position], count, extents)
        try Checks.countable("tiled", extents)
        let width = shape.extent * shape.inner
        result = result.reshaped(to: [shape.outer, 1, width]).broadcast(to: [shape.outer, count, width] as Shape)
          .reshaped(to: extents)
      }
      return result
    }
  }

  /// Repeats each element `count` times in succession along an axis (PyTorch's `repeat_interleave`).
  public func repeated(_ count: Int, axis: Int) -> Tensor {
    checked {
      let axis = try Checks.axis("repeated", axis, extents)
      if count < 0 { try Checks.fail("repeated", "a count of \(count) for shape \(extents)") }
      let shape = extents.about(axis)
      var result = extents
      result[axis] = try Checks.repeated("repeated", result[axis], count, extents)
      try Checks.countable("repeated", result)
      return reshaped(to: [shape.outer, shape.extent, 1, shape.inner])
        .broadcast(to: [shape.outer, shape.extent, count, shape.inner] as Shape).reshaped(to: result)
    }
  }

  func broadcast(to target: Shape) -> Tensor {
    checked {
      if extents == target { return self }
      try Checks.broadcast(extents, to: target)
      if extents.count == target.count { return reshaped(to: target) }
      let strides = Strides(broadcasting: extents, to: target)
      var y = Tensor.launch(self, target, dtype, on: device) { backend, x, y in
        try backend.copyStrided(x, strides, shape: target, into: y, Strides(dense: target), accumulating: false)
      }
      if let tape = Tape.recording(node) { y.node = tape.append(.broadcast(BroadcastRecord(x: Operand(self)))) }
      return y
    }
  }
}

/// y = x repeated; dx is the sum over the repetitions.
struct BroadcastRecord: GradientRule {
  let x: Operand

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) { pass.accumulate(dy, to: x) }
}
