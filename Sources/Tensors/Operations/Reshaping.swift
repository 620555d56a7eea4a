import BackendCore

// The same elements, in the same order, in another shape. Nothing is copied.

extension Tensor {
  /// Returns the elements in another shape with the same count. One extent may be -1; it is inferred.
  public func reshaped(_ shape: [Int]) -> Tensor {
    checked {
      reshaped(to: try Checks.reshape(extents, shape))
    }
  }

  /// Inserts an axis of extent 1 at position `axis` of the result.
  public func expanded(axis: Int) -> Tensor {
    checked {
      let position = axis < 0 ? axis + rank + 1 : axis
      if position < 0 || position > rank { try Checks.badAxis("expanded", axis, extents) }
      var shape = shape
      shape.insert(1, at: position)
      return reshaped(to: try Checks.extents("expanded", shape))
    }
  }

  /// Removes an axis of extent 1.
  public func squeezed(axis: Int) -> Tensor {
    checked {
      let position = try Checks.axis("squeezed", axis, extents)
      if extents[position] != 1 {
        try Checks.fail("squeezed", "axis \(axis) of shape \(extents) has extent \(extents[position]), not 1")
      }
      return reshaped(to: extents.removing(AxisMask(axis: position)))
    }
  }

  /// Merges the axes from `axis` on into one.
  public func flattened(from axis: Int = 0) -> Tensor {
    checked {
      if rank == 0 { return reshaped(to: [1]) }
      let first = try Checks.axis("flattened", axis, extents)
      var result = Shape(rank: first + 1, repeating: 1)
      for axis in extents.axes { result[Swift.min(axis, first)] *= extents[axis] }
      return reshaped(to: result)
    }
  }

  /// Returns the same elements in a shape that has been checked.
  func reshaped(to shape: Shape) -> Tensor {
    if shape == extents { return self }
    var y = Tensor(storage, offset: offset, extents: shape)
    if let tape = Tape.recording(node) { y.node = tape.append(.identity(IdentityRecord(x: Operand(self)))) }
    return y
  }
}
