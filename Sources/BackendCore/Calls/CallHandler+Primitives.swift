// The primitives of `Backend` as values, in its order.

extension PrimitiveHandler {
  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    try perform(.upload(bytes: [UInt8](source)), [destination])
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    try perform(.copy(count: count), [source, destination])
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    try perform(.fill(value: value, count: count), [destination])
  }

  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    try perform(.unary(op, count: count), [x, y])
  }

  public func unaryGradient(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice)
    throws
  {
    try perform(.unaryGradient(op, count: count), [dy, saved, dx])
  }

  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try perform(.binary(op, a: aLayout, b: bLayout), [a, b, y])
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    try perform(.binaryScalar(op, scalar: scalar, scalarFirst: scalarFirst, count: count), [x, y])
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try perform(.compare(op, a: aLayout, b: bLayout), [a, b, y])
  }

  public func compareScalar(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice)
    throws
  {
    try perform(.compareScalar(op, scalar: scalar, count: count), [x, y])
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try perform(.select(condition: conditionLayout, a: aLayout, b: bLayout), [condition, a, b, y])
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    try perform(.cast(count: count), [x, y])
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    try perform(.range(start: start, step: step, count: count), [y])
  }

  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    try perform(.copyStrided(x: xStrides, shape: shape, y: yStrides, accumulating: accumulating), [x, y])
  }

  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try perform(.reduce(op, shape), [x, y])
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try perform(.argReduce(op, shape), [x, y])
  }

  public func scan(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    try perform(.scan(op, shape, reversed: reversed), [x, y])
  }

  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    try perform(.sort(rows: rows, columns: columns, descending: descending), [x, values, indices])
  }

  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    try perform(.matmul(shape, alpha: alpha, beta: beta), [a, b, c])
  }

  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    try perform(.gatherRows(shape, indexCount: indexCount), [x, indices, y])
  }

  public func scatterRows(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try perform(.scatterRows(op, shape, indexCount: indexCount), [updates, indices, y])
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    try perform(.gatherElements(shape, indexExtent: indexExtent), [x, indices, y])
  }

  public func scatterElements(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try perform(.scatterElements(op, shape, indexExtent: indexExtent), [updates, indices, y])
  }

  public func random(_ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice) throws
  {
    try perform(.random(distribution, source: source.reading(nil), count: count), [y, source.stepOffset])
  }
}
