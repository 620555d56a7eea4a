import BackendCore

extension Tensor {
  /// y[j] = Σ x[0...j] along an axis.
  public func cumulativeSum(axis: Int) -> Tensor { cumulativeSum(axis: axis, reversed: false) }

  /// y[j] = Σ x[0...j], or Σ x[j...] when `reversed`.
  public func cumulativeSum(axis: Int, reversed: Bool) -> Tensor {
    checked {
      try Checks.number("cumulativeSum", self)
      let axis = try Checks.axis("cumulativeSum", axis, extents)
      let shape = extents.about(axis)
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.cumulativeSum(x, shape, reversed: reversed, into: y)
      }
      if let tape = Tape.recording(node) {
        y.node = tape.append(.cumulativeSum(CumulativeSumRecord(x: Operand(self), axis: axis, isReversed: reversed)))
      }
      return y
    }
  }
}

/// y = the running sum of x: dx is the running sum of dy from the other end.
struct CumulativeSumRecord: GradientRule {
  let x: Operand
  let axis: Int
  let isReversed: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.cumulativeSum(axis: axis, reversed: !isReversed), to: x)
  }
}
