import BackendCore

extension Tensor {
  /// The position of the largest along an axis, int32: the first of equals; the first NaN before any number.
  public func argmax(axis: Int = -1, keepingRank: Bool = false) -> Tensor {
    position(.argmax, axis, keepingRank: keepingRank, "argmax")
  }

  /// The position of the smallest along an axis, int32: the first of equals; the first NaN before any number.
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
