import BackendCore

extension Tensor {
  /// Returns the cumulative sum along an axis: y[j] = Σ x[0...j].
  public func cumulativeSum(axis: Int) -> Tensor { cumulativeSum(axis: axis, reversed: false) }

  /// Returns the cumulative sum along an axis: y[j] = Σ x[0...j], or Σ x[j...] if `reversed`.
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

/// y = the cumulative sum of x; dx is the cumulative sum of dy from the other end.
struct CumulativeSumRecord: GradientRule {
  let x: Operand
  let axis: Int
  let isReversed: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.cumulativeSum(axis: axis, reversed: !isReversed), to: x)
  }
}
