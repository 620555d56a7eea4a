import BackendCore

extension Tensor {
  /// Pools images `[N, C, H, W]` → `[N, C, H′, W′]`.
  package func pooled(_ op: PoolingOp, _ geometry: WindowGeometry) -> Tensor {
    checked {
      let name: StaticString = "pooled"
      try Checks.floatingPoint(name, self)
      if rank != 4 { try Checks.fail(name, "images have four axes, [N, C, H, W], not \(extents)") }
      let (height, width) = try geometry.axes(name, height: extents[2], width: extents[3], extents)
      let shape = PoolingShape(planes: extents[0] * extents[1], height: height, width: width)
      let result: Shape = [extents[0], extents[1], height.output, width.output]
      let tape = Tape.recording(node)
      let indices = tape != nil && op == .maximum ? Tensor.uninitialized(result, .int32, on: device) : nil
      var y = Tensor.launch(self, result, dtype, on: device) { backend, x, y in
        try backend.pool(op, x, shape, into: y, indices: indices?.slice)
      }
      if let tape {
        let record = PoolingRecord(
          op: op, x: Operand(self), shape: shape, indices: indices.map { Operand($0, keeping: true) })
        y.node = tape.append(.pooling(record))
      }
      return y
    }
  }
}

/// y = pooling of x.
struct PoolingRecord: GradientRule {
  let op: PoolingOp
  let x: Operand
  let shape: PoolingShape
  /// The positions of the maxima.
  let indices: Operand?

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.passedBack(op, indices?.tensor, shape, to: x.extents), to: x)
  }
}

/// dx = the gradient of pooling: linear in dy.
struct PoolingGradientRecord: GradientRule {
  let op: PoolingOp
  let dy: Operand
  let shape: PoolingShape
  let indices: Operand?

  func propagate(_ ddx: inout Tensor, in pass: inout BackwardPass) {
    guard let indices = indices?.tensor else {
      return pass.accumulate(ddx.pooledAgain(op, shape, to: dy.extents), to: dy)
    }
    let rows = ddx.reshaped(to: [shape.planes, shape.inputPlane])
    let positions = indices.reshaped(to: [shape.planes, shape.outputPlane])
    // A window that covers only padding has no position and passes nothing on.
    let found = rows.gathered(positions.maximum(0), axis: 1).replacing(with: 0, where: positions .< 0)
    pass.accumulate(found.reshaped(to: dy.extents), to: dy)
  }
}

extension Tensor {
  /// Returns the gradient of pooling with respect to its input; `self` is the gradient of its result.
  fileprivate func passedBack(_ op: PoolingOp, _ indices: Tensor?, _ shape: PoolingShape, to x: Shape) -> Tensor {
    var dx = Tensor.launch(self, indices ?? self, x, dtype, on: device) { backend, dy, positions, dx in
      try backend.poolGradient(op, dy, indices: indices == nil ? nil : positions, shape, into: dx)
    }
    if let tape = Tape.recording(node) {
      let record = PoolingGradientRecord(
        op: op, dy: Operand(self), shape: shape, indices: indices.map { Operand($0, keeping: true) })
      dx.node = tape.append(.poolingGradient(record))
    }
    return dx
  }

  /// Returns the mean over the same windows.
  fileprivate func pooledAgain(_ op: PoolingOp, _ shape: PoolingShape, to y: Shape) -> Tensor {
    func after(_ axis: WindowAxis) -> Int { axis.reach - axis.input - axis.padding }
    let (height, width) = (shape.height, shape.width)
    return pooled(
      op,
      WindowGeometry(
        kernel: (height.kernel, width.kernel), stride: (height.stride, width.stride),
        dilation: (height.dilation, width.dilation),
        padding: (height.padding, after(height), width.padding, after(width))))
  }
}
