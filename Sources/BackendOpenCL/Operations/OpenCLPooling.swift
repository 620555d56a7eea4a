#if OpenCL
public import BackendCore

/// Pooling and its gradient, one item per element of the result.
extension OpenCLBackend {
  public func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    try require(.pool, for: x.dtype)
    if x.dtype == .float64 { return try composed.pool(op, x, shape, into: y, indices: indices) }
    if indices != nil { try BackendError.requirePositions("pool", below: shape.inputPlane) }
    let (count, isWide) = (shape.outputCount, isWide(max(shape.inputCount, shape.outputCount)))
    let program = ProgramName(family: .pooling, isWide: isWide)
    let name = op == .maximum ? "poolMaximum" : "poolMean"
    try launch(KernelName(program: program, stem: name), .elements(count, each: shape.window)) { arguments in
      arguments.slice(x)
      arguments.slice(y)
      if op == .maximum { arguments.slice(indices ?? y) }
      arguments.count(count)
      arguments.window(shape.height, isWide: isWide)
      arguments.window(shape.width, isWide: isWide)
      arguments.flag(op == .maximum ? indices != nil : op == .meanWithPadding)
    }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    try require(.poolGradient, for: dy.dtype)
    if dy.dtype == .float64 { return try composed.poolGradient(op, dy, indices: indices, shape, into: dx) }
    let (count, isWide) = (shape.inputCount, isWide(max(shape.inputCount, shape.outputCount)))
    let program = ProgramName(family: .pooling, isWide: isWide)
    if op == .maximum && indices == nil { fatalError("the gradient of a maximum needs the indices of the maxima") }
    let name = op == .maximum ? "poolMaximumGradient" : "poolMeanGradient"
    try launch(KernelName(program: program, stem: name), .elements(count, each: shape.window)) { arguments in
      arguments.slice(dy)
      if let indices, op == .maximum { arguments.slice(indices) }
      arguments.slice(dx)
      arguments.count(count)
      arguments.window(shape.height, isWide: isWide)
      arguments.window(shape.width, isWide: isWide)
      if op != .maximum { arguments.flag(op == .meanWithPadding) }
    }
  }
}
#endif
