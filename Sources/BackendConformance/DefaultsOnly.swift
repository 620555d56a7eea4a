import BackendCore

/// A backend that forwards the primitives to another backend and uses the protocol's defaults for every fused
/// operation. It is the reference for that backend's overrides. Buffers belong to the other backend.
public final class DefaultsOnly: Backend {
  private let base: any Backend

  /// Creates a backend from the primitives of another one.
  /// - Parameter base: The backend that provides the primitives.
  public init(_ base: any Backend) { self.base = base }

  public var name: String { base.name }
  public var identifier: String { base.identifier }
  public var kind: DeviceKind { base.kind }
  public func supports(_ dtype: DType) -> Bool { base.supports(dtype) }

  // MARK: Memory

  public func allocate(count: Int, dtype: DType) throws -> Buffer { try base.allocate(count: count, dtype: dtype) }

  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    try base.upload(source, into: destination)
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    try base.download(source, into: destination)
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    try base.copy(source, count: count, into: destination)
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    try base.fill(destination, count: count, with: value)
  }

  public func synchronize() throws { try base.synchronize() }
  public func memoryStatistics() -> MemoryStatistics { base.memoryStatistics() }
  public func setMemoryLimit(bytes: Int) { base.setMemoryLimit(bytes: bytes) }
  public func trimMemory() { base.trimMemory() }

  // MARK: Elementwise

  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    try base.unary(op, x, count: count, into: y)
  }

  public func unaryGradient(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {
    try base.unaryGradient(op, dy, saved: saved, count: count, into: dx)
  }

  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try base.binary(op, a, aLayout, b, bLayout, into: y)
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    try base.binaryScalar(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try base.compare(op, a, aLayout, b, bLayout, into: y)
  }

  public func compareScalar(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) throws {
    try base.compareScalar(op, x, scalar, count: count, into: y)
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try base.select(condition, conditionLayout, a, aLayout, b, bLayout, into: y)
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    try base.cast(x, count: count, into: y)
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    try base.range(start: start, step: step, count: count, into: y)
  }

  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    try base.copyStrided(x, xStrides, shape: shape, into: y, yStrides, accumulating: accumulating)
  }

  // MARK: Reductions

  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try base.reduce(op, x, shape, into: y)
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try base.argReduce(op, x, shape, into: y)
  }

  public func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    try base.cumulativeSum(x, shape, reversed: reversed, into: y)
  }

  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    try base.sort(x, rows: rows, columns: columns, descending: descending, values: values, indices: indices)
  }

  // MARK: Matrix product, indexing, random numbers

  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    try base.matmul(a, b, shape, alpha: alpha, beta: beta, into: c)
  }

  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    try base.gatherRows(x, shape, indices: indices, indexCount: indexCount, into: y)
  }

  public func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    try base.scatterAddRows(updates, indices: indices, indexCount: indexCount, into: y, shape)
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    try base.gatherElements(x, shape, indices: indices, indexExtent: indexExtent, into: y)
  }

  public func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    try base.scatterAddElements(updates, indices: indices, indexExtent: indexExtent, into: y, shape)
  }

  public func random(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    try base.random(distribution, source, count: count, into: y)
  }
}
