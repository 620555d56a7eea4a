import BackendCore

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
  public func flipped(axis: Int) -> Tensor {
    checked {
      let axis = try Checks.axis("flipped", axis, extents)
      if extents[axis] < 2 { return self }
      var strides = Strides(dense: extents)
      let step = strides[axis]
      strides[axis] = -step
      return strided(extents, strides, offset: (extents[axis] - 1) * step)
    }
  }
}
