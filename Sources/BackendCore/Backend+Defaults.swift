/// Default implementations of the fused operations of the matrix product.
extension Backend {
  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.linear, for: x.dtype)
    let z = preActivation ?? y
    try matmul(x, w, MatmulShape(m: rows, n: units, k: inputs), alpha: 1, beta: 0, into: z)
    if let bias {
      let shape: Shape = [rows, units]
      try binary(.add, z, Layout(dense: shape), bias, Layout(broadcasting: [units], to: shape), into: z)
    }
    if let activation {
      try unary(activation, z, count: rows * units, into: y)
    } else if preActivation != nil {
      try copy(z, count: rows * units, into: y)
    }
  }

  public func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    try require(.linearGradient, for: dy.dtype)
    var gradient = dy
    if let activation {
      gradient = try dz ?? temporary(rows * units, dy.dtype)
      try unaryGradient(activation, dy, saved: saved ?? dy, count: rows * units, into: gradient)
    }
    if let dBias {
      try reduce(.sum, gradient, AxisShape(outer: 1, extent: rows, inner: units), into: dBias)
    }
  }

  /// Returns a buffer that lives as long as the call that requested it.
  func temporary(_ count: Int, _ dtype: DType) throws -> BufferSlice {
    BufferSlice(try allocate(count: count, dtype: dtype))
  }
}

/// Default implementation of dropout.
extension Backend {
  public func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    try require(.dropout, for: x.dtype)
    guard probability < 1 else {
      try fill(y, count: count, with: 0)
      return
    }
    let mask = try temporary(count, x.dtype)
    try random(.bernoulli(probability: 1 - probability), source, count: count, into: mask)
    let dense = Layout(dense: [count])
    try binary(.multiply, x, dense, mask, dense, into: y)
    try binaryScalar(.multiply, y, 1 / (1 - probability), scalarFirst: false, count: count, into: y)
  }
}
