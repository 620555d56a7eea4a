import BackendCore

// Other shapes for the same elements in the same order: nothing is copied.

extension Tensor {
  /// The elements in another shape of as many; one extent may be -1, and is what is left.
  public func reshaped(_ shape: [Int]) -> Tensor {
    checked {
      reshaped(to: try Checks.reshape(extents, shape))
    }
  }

  /// An axis of extent 1 more, at position `axis` of the result.
  public func expanded(axis: Int) -> Tensor {
    checked {
      let position = axis < 0 ? axis + rank + 1 : axis
      if position < 0 || position > rank { try Checks.badAxis("expanded", axis, extents) }
      var shape = shape
      shape.insert(1, at: position)
      return reshaped(to: try Checks.extents("expanded", shape))
    }
  }

  /// Without the axis, whose extent is 1.
  public func squeezed(axis: Int) -> Tensor {
    checked {
      let position = try Checks.axis("squeezed", axis, extents)
      if extents[position] != 1 {
        try Checks.fail("squeezed", "axis \(axis) of shape \(extents) has extent \(extents[position]), not 1")
      }
      return reshaped(to: extents.removing(AxisMask(axis: position)))
    }
  }

  /// The axes from `axis` on as one.
  public func flattened(from axis: Int = 0) -> Tensor {
    checked {
      if rank == 0 { return reshaped(to: [1]) }
      let first = try Checks.axis("flattened", axis, extents)
      var result = Shape(rank: first + 1, repeating: 1)
      for axis in extents.axes { result[Swift.min(axis, first)] *= extents[axis] }
      return reshaped(to: result)
    }
  }

  /// The same elements in a shape that has been checked.
  func reshaped(to shape: Shape) -> Tensor {
    if shape == extents { return self }
    var y = Tensor(storage, offset: offset, extents: shape)
    if let tape = Tape.recording(node) { y.node = tape.append(.identity(IdentityRecord(x: Operand(self)))) }
    return y
  }
}
