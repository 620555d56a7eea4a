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
    var shape = shape
    if shape.batch > 1 && shape.strideB == 0 && shape.strideA == shape.m * shape.k && !shape.transposesA {
      // If all batches share one B, their rows are the rows of a single product.
      shape.m *= shape.batch
      shape.batch = 1
    }
    if a.dtype.isHalf { return try multiplyHalves(a, b, shape, alpha: alpha, beta: beta, into: c) }
    try require(.matmul, for: a.dtype)
    if a.dtype == .float64 { return try matmul64(a, b, shape, alpha: alpha, beta: beta, into: c) }
    let product = MatrixProduct(
      kernels: kernels, m: shape.m, n: shape.n, k: shape.k, transposesA: shape.transposesA,
      transposesB: shape.transposesB, alpha: Float(alpha), beta: Float(beta))
    try multiply(product, a.floats, b.floats, c.floats, shape)
  }

  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    let shape = MatmulShape(m: rows, n: units, k: inputs)
    if x.dtype.isHalf {
      return try linearOfHalves(
        x, w, bias: bias, shape, activation: activation, into: y, preActivation: preActivation)
    }
    try require(.linear, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.linear(
        x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y,
        preActivation: preActivation)
    }
    var product = MatrixProduct(
      kernels: kernels, m: rows, n: units, k: inputs, transposesA: false, transposesB: false, alpha: 1, beta: 0)
    if bias != nil || activation != nil || preActivation != nil {
      product.epilogue = MatmulEpilogue(
        bias: bias.map { UnsafePointer($0.floats) }, activation: activation?.kind.code, a: Float(activation?.a ?? 0),
        b: Float(activation?.b ?? 0), result: y.floats)
    }
    try multiply(product, x.floats, w.floats, (preActivation ?? y).floats, shape)
  }

  private func multiply(
    _ product: MatrixProduct, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
    _ shape: MatmulShape
  ) throws {
    let least = (rows: 24, columns: kernels.pointee.strip)
    try divide(shape, least: least, scratchCount: { product.scratchCount(rows: $0, columns: $1) }) {
      matrix, rows, columns, scratch in
      product.compute(
        a + matrix * shape.strideA, b + matrix * shape.strideB, c + matrix * shape.m * shape.n, rows: rows,
        columns: columns, scratch: scratch)
    }
  }

  /// Computes all batches of a product, divided into rectangles of C if there is enough work for several threads.
  ///
  /// - Parameters:
  ///   - least: The smallest extents of a rectangle for which the kernels are fast.
  ///   - scratchCount: The number of floats of scratch memory for a rectangle of these extents.
  ///   - compute: Computes a rectangle of one matrix of the batch.
  func divide(
    _ shape: MatmulShape, least: (rows: Int, columns: Int), scratchCount: (_ rows: Int, _ columns: Int) -> Int,
    _ compute: (
      _ matrix: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ scratch: UnsafeMutablePointer<Float>?
    ) -> Void
  ) throws {
    let (m, n, batch) = (shape.m, shape.n, shape.batch)
    guard m > 0 && n > 0 && batch > 0 else { return }
    // If each element of a matrix is used only once, loading it from memory takes longer than the arithmetic.
    let grain = min(m, n) == 1 ? 4 * Self.flopGrain : Self.flopGrain
    let wanted = pieces(2 * m * n * max(shape.k, 1) * batch / grain)
    if wanted == 1 && batch == 1 && scratchCount(m, n) == 0 {
      compute(0, 0..<m, 0..<n, nil)
      return
    }
    let grid = batch >= wanted ? (rows: 1, columns: 1) : grid(wanted.dividedRoundingUp(by: batch), m, n, least)
    let cells = grid.rows * grid.columns
    let columns = n.dividedRoundingUp(by: 16).dividedRoundingUp(by: grid.columns) * 16
    let rows = m.dividedRoundingUp(by: grid.rows)
    let count = scratchCount(rows, min(columns, n))

    func computeCell(_ index: Int, _ scratch: UnsafeMutablePointer<Float>?) {
      let (matrix, cell) = (index / cells, index % cells)
      let (row, column) = (cell / grid.columns, cell % grid.columns)
      let units = n.dividedRoundingUp(by: 16)
      let first = column * units / grid.columns * 16
      let end = min((column + 1) * units / grid.columns * 16, n)
      compute(matrix, row * m / grid.rows..<(row + 1) * m / grid.rows, first..<end, scratch)
    }

    let total = batch * cells
    let lanes = min(total, wanted)
    func computeAll(_ scratch: UnsafeMutablePointer<Float>?) {
      guard lanes > 1 else {
        for index in 0..<total { computeCell(index, scratch) }
        return
      }
      pool.run(lanes) { lane in
        let memory = scratch.map { $0 + lane * count }
        for index in lane * total / lanes..<(lane + 1) * total / lanes { computeCell(index, memory) }
      }
    }
    if count == 0 {
      computeAll(nil)
    } else {
      try withScratch(lanes * count, of: Float.self) { computeAll($0) }
    }
  }

  /// The numbers of rows and columns of a grid of about `wanted` rectangles. The longer side is divided first, and no
  /// side is divided into pieces that are too small for fast kernels.
  private func grid(
    _ wanted: Int, _ m: Int, _ n: Int, _ least: (rows: Int, columns: Int)
  ) -> (rows: Int, columns: Int) {
    let mostColumns = max(1, n / least.columns)
    let mostRows = max(1, m / least.rows)
    if n >= m {
      let columns = min(wanted, mostColumns)
      return (min(wanted.dividedRoundingUp(by: columns), mostRows), columns)
    }
    let rows = min(wanted, mostRows)
    return (rows, min(wanted.dividedRoundingUp(by: rows), mostColumns))
  }
}
