import BackendCore

extension Tensor {
  /// Returns eˣ/Σeˣ along an axis, without overflow.
  public func softmax(axis: Int = -1) -> Tensor { normalized(axis: axis, logarithmic: false, "softmax") }

  /// Returns x − ln Σeˣ along an axis, without overflow.
  public func logSoftmax(axis: Int = -1) -> Tensor { normalized(axis: axis, logarithmic: true, "logSoftmax") }

  private func normalized(axis: Int, logarithmic: Bool, _ name: StaticString) -> Tensor {
    checked {
      try Checks.floatingPoint(name, self)
      let axis = try Checks.axis(name, axis, extents)
      if axis != rank - 1 {
        return transposed(axis, -1).normalized(axis: -1, logarithmic: logarithmic, name).transposed(axis, -1)
      }
      let recording = Tape.recording(node)
      if let recording, recording.isNested {
        // The largest element is subtracted first: next to a large common offset, ln Σ eˣ would be rounded away.
        let shifted = self - largestFinite(axes: [axis])
        let logarithms = shifted - shifted.exp().sum(axis: axis, keepingRank: true).log()
        return logarithmic ? logarithms : logarithms.exp()
      }
      let columns = extents[-1]
      let rows = extents.dropping(last: 1).count
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.softmax(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
      }
      if let recording {
        y.node = recording.append(
          .softmax(SoftmaxRecord(x: node, y: Operand(y, keeping: true), isLogarithmic: logarithmic)))
      }
      return y
    }
  }
}

/// y = softmax(x) or ln softmax(x) over the last axis. Recorded only in outermost scopes; nested scopes compose it.
struct SoftmaxRecord: GradientRule {
  let x: TapeNode
  let y: Operand
  let isLogarithmic: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let y = y.tensor
    let columns = y.extents[-1]
    let rows = y.extents.dropping(last: 1).count
    let isLogarithmic = isLogarithmic
    let dx = Tensor.launch(dy, y, y.extents, y.dtype, on: y.device) { backend, dy, y, dx in
      try backend.softmaxGradient(dy, y, rows: rows, columns: columns, logarithmic: isLogarithmic, into: dx)
    }
    var operand = self.y
    operand.node = x
    pass.accumulate(dx, to: operand)
  }
}
