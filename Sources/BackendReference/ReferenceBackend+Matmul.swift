import BackendCore

/// The matrix product, and its fusion with bias and activation.
extension ReferenceBackend {
  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    try require(.matmul, for: a.dtype)
    let (left, right, result) = (Elements(a), Elements(b), Elements(c))
    let (m, n, k) = (shape.m, shape.n, shape.k)
    let (alpha, beta) = (rounded(alpha, to: a.dtype), rounded(beta, to: a.dtype))
    for batch in 0..<shape.batch {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for p in 0..<k {
            let aIndex = batch * shape.strideA + (shape.transposesA ? p * m + i : i * k + p)
            let bIndex = batch * shape.strideB + (shape.transposesB ? j * k + p : p * n + j)
            sum += left[aIndex] * right[bIndex]
          }
          let target = (batch * m + i) * n + j
          // With beta = 0, C is not read, so it may contain anything.
          result[target] = beta == 0 ? alpha * sum : alpha * sum + beta * result[target]
        }
      }
    }
  }

  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.linear, for: x.dtype)
    let (input, weight, result) = (Elements(x), Elements(w), Elements(y))
    let activation = activation.map { UnaryOp($0.kind, rounded($0.a, to: x.dtype), rounded($0.b, to: x.dtype)) }
    let (bias, before) = (bias.map { Elements($0) }, preActivation.map { Elements($0) })
    for row in 0..<rows {
      for unit in 0..<units {
        var z = bias?[unit] ?? 0
        for i in 0..<inputs { z += input[row * inputs + i] * weight[i * units + unit] }
        before?[row * units + unit] = z
        result[row * units + unit] = activation.map { value(of: $0.kind, $0.a, $0.b, at: z) } ?? z
      }
    }
  }

  public func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    try require(.linearGradient, for: dy.dtype)
    let (gradient, saved) = (Elements(dy), saved.map { Elements($0) })
    let activation = activation.map { UnaryOp($0.kind, rounded($0.a, to: dy.dtype), rounded($0.b, to: dy.dtype)) }
    let (result, biasResult) = (dz.map { Elements($0) }, dBias.map { Elements($0) })
    for unit in 0..<units {
      var sum = 0.0
      for row in 0..<rows {
        let i = row * units + unit
        var z = gradient[i]
        if let activation {
          z = passBack(z, through: activation.kind, activation.a, activation.b, saved: saved?[i] ?? 0)
          result?[i] = z
        }
        sum += z
      }
      biasResult?[unit] = sum
    }
  }
}
