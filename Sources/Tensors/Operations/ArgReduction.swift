import BackendCore

extension Tensor {
  /// Returns the position of the largest element along an axis, as int32. The first of equal elements wins, and the
  /// first NaN wins over every number.
  public func argmax(axis: Int = -1, keepingRank: Bool = false) -> Tensor {
    position(.argmax, axis, keepingRank: keepingRank, "argmax")
  }

  /// Returns the position of the smallest element along an axis, as int32. The first of equal elements wins, and the
  /// first NaN wins over every number.
  public func argmin(axis: Int = -1, keepingRank: Bool = false) -> Tensor {
    position(.argmin, axis, keepingRank: keepingRank, "argmin")
  }

  private func position(_ op: ArgReductionOp, _ axis: Int, keepingRank: Bool, _ name: StaticString) -> Tensor {
    checked {
      try Checks.number(name, self)
      let axis = try Checks.axis(name, axis, extents)
      let shape = extents.about(axis)
      if shape.extent == 0 && shape.reducedCount > 0 {
        try Checks.fail(name, "axis \(axis) of shape \(extents) has no elements")
      }
      var result = extents
      result[axis] = 1
      if !keepingRank { result = result.removing(AxisMask(axis: axis)) }
      return Tensor.launch(self, result, .int32, on: device) { backend, x, y in
        try backend.argReduce(op, x, shape, into: y)
      }
    }
  }
}
