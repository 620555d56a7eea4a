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

extension Tensor {
  /// Permutes the axes: axis `i` of the result is axis `axes[i]` of this tensor.
  public func permuted(_ axes: [Int]) -> Tensor {
    checked {
      if axes.count != rank {
        try Checks.fail("permuted", "\(axes) names \(axes.count) axes, shape \(extents) has \(rank)")
      }
      _ = try Checks.axes("permuted", axes, extents)
      let dense = Strides(dense: extents)
      var shape = extents
      var strides = Strides()
      for (position, axis) in axes.enumerated() {
        shape[position] = extents[axis]
        strides[position] = dense[axis < 0 ? axis + rank : axis]
      }
      return strided(shape, strides, offset: 0)
    }
  }

  /// Swaps two axes, by default the last two.
  public func transposed(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    checked {
      var axes = Array(extents.axes)
      axes.swapAt(try Checks.axis("transposed", a, extents), try Checks.axis("transposed", b, extents))
      return permuted(axes)
    }
  }

  /// Reverses the order along one axis.
  public func flipped(axis: Int) -> Tensor { flipped(axes: [axis]) }

  /// Reverses the order along several axes.
  public func flipped(axes: [Int]) -> Tensor {
    checked {
      let mask = try Checks.axes("flipped", axes, extents)
      var strides = Strides(dense: extents)
      var last = 0
      for axis in extents.axes where mask.contains(axis) && extents[axis] > 1 {
        last += (extents[axis] - 1) * strides[axis]
        strides[axis] = -strides[axis]
      }
      return last == 0 ? self : strided(extents, strides, offset: last)
    }
  }
}
