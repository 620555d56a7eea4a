internal import HostSystem
import BackendCore
import CPUKernels

/// The matrix product, and its fusion with bias and activation.
extension CPUBackend {
  /// The minimum number of floating-point operations for another thread: about half a microsecond of work.
  private static let flopGrain = 98304

  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    try require(.matmul, for: a.dtype)
    var shape = shape
    if shape.batch > 1 && shape.strideB == 0 && shape.strideA == shape.m * shape.k && !shape.transposesA {
      // If all batches share one B, their rows are the rows of a single product.
      shape.m *= shape.batch
      shape.batch = 1
    }
    let product = MatrixProduct(
      kernels: kernels, m: shape.m, n: shape.n, k: shape.k, transposesA: shape.transposesA,
      transposesB: shape.transposesB, alpha: Float(alpha), beta: Float(beta))
    try multiply(product, a.floats, b.floats, c.floats, shape)
  }

  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.linear, for: x.dtype)
    var product = MatrixProduct(
      kernels: kernels, m: rows, n: units, k: inputs, transposesA: false, transposesB: false, alpha: 1, beta: 0)
    if bias != nil || activation != nil || preActivation != nil {
      product.epilogue = MatmulEpilogue(
        bias: bias.map { UnsafePointer($0.floats) }, activation: activation?.kind.code, a: Float(activation?.a ?? 0),
        b: Float(activation?.b ?? 0), result: y.floats)
    }
    let shape = MatmulShape(m: rows, n: units, k: inputs)
    try multiply(product, x.floats, w.floats, (preActivation ?? y).floats, shape)
  }

  /// Computes all batches of a product, divided into rectangles of C if there is enough work for several threads.
  private func multiply(
    _ product: MatrixProduct, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
    _ shape: MatmulShape
  ) throws {
    let (m, n, batch) = (shape.m, shape.n, shape.batch)
    guard m > 0 && n > 0 && batch > 0 else { return }
    // If each element of a matrix is used only once, loading it from memory takes longer than the arithmetic.
    let grain = min(m, n) == 1 ? 4 * Self.flopGrain : Self.flopGrain
    let wanted = pieces(2 * m * n * max(shape.k, 1) * batch / grain)
    if wanted == 1 && batch == 1 && product.needsNoScratch {
      product.compute(a, b, c, rows: 0..<m, columns: 0..<n, scratch: nil)
      return
    }
    let grid = batch >= wanted ? (rows: 1, columns: 1) : grid(wanted.dividedRoundingUp(by: batch), m, n)
    let cells = grid.rows * grid.columns
    let columns = n.dividedRoundingUp(by: 16).dividedRoundingUp(by: grid.columns) * 16
    let rows = m.dividedRoundingUp(by: grid.rows)
    let scratchCount = product.scratchCount(rows: rows, columns: min(columns, n))

    func compute(_ index: Int, _ scratch: UnsafeMutablePointer<Float>?) {
      let (matrix, cell) = (index / cells, index % cells)
      let (row, column) = (cell / grid.columns, cell % grid.columns)
      let rows = row * m / grid.rows..<(row + 1) * m / grid.rows
      let units = n.dividedRoundingUp(by: 16)
      let first = column * units / grid.columns * 16
      let end = min((column + 1) * units / grid.columns * 16, n)
      product.compute(
        a + matrix * shape.strideA, b + matrix * shape.strideB, c + matrix * m * n, rows: rows, columns: first..<end,
        scratch: scratch)
    }

    let total = batch * cells
    let lanes = min(total, wanted)
    func computeAll(_ scratch: UnsafeMutablePointer<Float>?) {
      guard lanes > 1 else {
        for index in 0..<total { compute(index, scratch) }
        return
      }
      pool.run(lanes) { lane in
        let memory = scratch.map { $0 + lane * scratchCount }
        for index in lane * total / lanes..<(lane + 1) * total / lanes { compute(index, memory) }
      }
    }
    if scratchCount == 0 {
      computeAll(nil)
    } else {
      try withScratch(lanes * scratchCount, of: Float.self) { computeAll($0) }
    }
  }

  /// The numbers of rows and columns of a grid of about `wanted` rectangles. The longer side is divided first, and no
  /// side is divided into pieces that are too small for fast kernels.
  private func grid(_ wanted: Int, _ m: Int, _ n: Int) -> (rows: Int, columns: Int) {
    let mostColumns = max(1, n / kernels.pointee.strip)
    let mostRows = max(1, m / 24)
    if n >= m {
      let columns = min(wanted, mostColumns)
      return (min(wanted.dividedRoundingUp(by: columns), mostRows), columns)
    }
    let rows = min(wanted, mostRows)
    return (rows, min(wanted.dividedRoundingUp(by: rows), mostColumns))
  }
}
