import BackendCore

// Two primitives, each the adjoint of the other, on which permutations, slices, flips, and padding are based.

extension Tensor {
  /// y[index] = x[offset + Σ index·stride], which reads each element of x at most once. Shares the memory if the result
  /// is dense in it, else copies.
  func strided(_ shape: Shape, _ strides: Strides, offset start: Int) -> Tensor {
    var y: Tensor
    if Layout(shape: shape, strides: strides).isDense {
      y = Tensor(storage, offset: offset + start, extents: shape)
    } else {
      y = Tensor.launch(self, shape, dtype, on: device) { backend, x, y in
        try backend.copyStrided(
          x.advanced(by: start), strides, shape: shape, into: y, Strides(dense: shape), accumulating: false)
      }
    }
    if let tape = Tape.recording(node) {
      y.node = tape.append(.stridedRead(StridedReadRecord(x: Operand(self), strides: strides, offset: start)))
    }
    return y
  }

  /// y[offset + Σ index·stride] = x[index], and `value` elsewhere.
  func scattered(into shape: Shape, _ strides: Strides, offset start: Int, filledWith value: Double = 0) -> Tensor {
    let source = extents
    let count = shape.count
    let isComplete = source.count == count
    var y = Tensor.launch(self, shape, dtype, on: device) { backend, x, y in
      if !isComplete { try backend.fill(y, count: count, with: value) }
      if source.count == 0 { return }
      try backend.copyStrided(
        x, Strides(dense: source), shape: source, into: y.advanced(by: start), strides, accumulating: false)
    }
    if let tape = Tape.recording(node) {
      y.node = tape.append(.stridedWrite(StridedWriteRecord(x: Operand(self), strides: strides, offset: start)))
    }
    return y
  }
}

/// y = some elements of x.
struct StridedReadRecord: GradientRule {
  let x: Operand
  let strides: Strides
  let offset: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if pass.isRecorded || dy.isPoisoned || dy.count == x.extents.count {
      pass.accumulate(dy.scattered(into: x.extents, strides, offset: offset), to: x)
      return
    }
    // Many slices of one tensor, as in a loop over its rows, accumulate in one gradient in place.
    let shape = dy.extents
    let (strides, offset, source) = (strides, offset, dy)
    pass.addInPlace(to: x, like: dy) { backend, sum in
      try backend.copyStrided(
        source.slice, Strides(dense: shape), shape: shape, into: sum.advanced(by: offset), strides, accumulating: true)
    }
  }
}

/// y = x surrounded by constants.
struct StridedWriteRecord: GradientRule {
  let x: Operand
  let strides: Strides
  let offset: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.strided(x.extents, strides, offset: offset), to: x)
  }
}
