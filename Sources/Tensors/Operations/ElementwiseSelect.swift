import BackendCore

extension Tensor {
  /// Returns `other` where the mask is true, and the elements of this tensor elsewhere. All three are broadcast
  /// together.
  public func replacing(with other: Tensor, where mask: Tensor) -> Tensor {
    checked {
      let name: StaticString = "replacing"
      try Checks.sameDType(name, self, other)
      try Checks.dtype(name, mask, is: .bool)
      let device = try Checks.sameDevice(name, self, other, mask)
      let extents = try Checks.broadcast(name, try Checks.broadcast(name, self.extents, other.extents), mask.extents)
      let layout = Layout(broadcasting: self.extents, to: extents)
      let otherLayout = Layout(broadcasting: other.extents, to: extents)
      let maskLayout = Layout(broadcasting: mask.extents, to: extents)
      var y = Tensor.launch(mask, other, self, extents, dtype, on: device) { backend, mask, other, x, y in
        try backend.select(mask, maskLayout, other, otherLayout, x, layout, into: y)
      }
      if let tape = Tape.recording(node, other.node) {
        y.node = tape.append(
          .select(SelectRecord(mask: Operand(mask, keeping: true), chosen: Operand(other), rest: Operand(self))))
      }
      return y
    }
  }

  /// Returns a number where the mask is true, and the elements of this tensor elsewhere.
  public func replacing(with value: Double, where mask: Tensor) -> Tensor {
    checked {
      if dtype.isInteger { try Checks.scalar("replacing", self, value) }
      return replacing(with: constant(value), where: mask)
    }
  }
}

/// y = mask ? chosen : rest.
struct SelectRecord: GradientRule {
  let mask, chosen, rest: Operand

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let mask = mask.tensor
    let zero = dy.constant(0)
    pass.accumulate(zero.replacing(with: dy, where: mask), to: chosen)
    pass.accumulate(dy.replacing(with: zero, where: mask), to: rest)
  }
}
