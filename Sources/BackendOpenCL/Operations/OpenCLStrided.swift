#if OpenCL
internal import HostSystem

public import BackendCore

/// The primitives for strided operands. Dense operands have separate kernels without index arithmetic.
extension OpenCLBackend {
  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let pair = StridedPair(aLayout, bLayout)
    let isWide = isWide(pair.span)
    let name = try binaryName(pair.isDense ? "binary" : "binaryStrided", op, a.dtype, isWide: isWide)
    try launchPair(name, pair, a, b, into: y)
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let pair = StridedPair(aLayout, bLayout)
    let isWide = isWide(pair.span)
    let name = try comparisonName(pair.isDense ? "compare" : "compareStrided", op, a.dtype, isWide: isWide)
    try launchPair(name, pair, a, b, into: y)
  }

  private func launchPair(
    _ name: KernelName, _ pair: StridedPair, _ a: BufferSlice, _ b: BufferSlice, into y: BufferSlice
  ) throws {
    try launch(name, .elements(pair.count)) { arguments in
      arguments.slice(a)
      arguments.slice(b)
      arguments.slice(y)
      arguments.count(pair.count)
      guard !pair.isDense else { return }
      arguments.loop(pair.loop.shape)
      arguments.steps(pair.loop.strides[0], rank: pair.loop.shape.rank)
      arguments.steps(pair.loop.strides[1], rank: pair.loop.shape.rank)
    }
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let loop = StridedLoop<3>(
      shape: aLayout.shape, strides: [conditionLayout.strides, aLayout.strides, bLayout.strides])
    let (count, rank) = (aLayout.shape.count, loop.shape.rank)
    let isDense = conditionLayout.isDense && aLayout.isDense && bLayout.isDense
    let span = max(
      max(loop.shape.span(loop.strides[0]), loop.shape.span(loop.strides[1])),
      loop.shape.span(loop.strides[2]), count)
    let name = KernelName(
      program: ProgramName(family: .elementwiseSelection, isWide: isWide(span)),
      stem: isDense ? "select" : "selectStrided", type: y.dtype.kernelWord)
    try launch(name, .elements(count)) { arguments in
      arguments.slice(condition)
      arguments.slice(a)
      arguments.slice(b)
      arguments.slice(y)
      arguments.count(count)
      guard !isDense else { return }
      arguments.loop(loop.shape)
      for operand in 0..<3 { arguments.steps(loop.strides[operand], rank: rank) }
    }
  }

  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    let type = try kernelType(of: y.dtype, for: accumulating ? .accumulatingCopy : .copyStrided)
    let pair = StridedPair(Layout(shape: shape, strides: xStrides), Layout(shape: shape, strides: yStrides))
    if !accumulating {
      if pair.isDense { return try copy(x, count: pair.count, into: y) }
      if let transposition = pair.transposition { return try transpose(x, transposition, into: y) }
    }
    let isWide = isWide(pair.span)
    let name = KernelName(
      program: accumulating
        ? ProgramName(.stridedCopy, of: y.dtype, isWide: isWide) : ProgramName(family: .stridedCopy, isWide: isWide),
      stem: accumulating ? "accumulate" : "copy", type: accumulating ? type : y.dtype.kernelWord)
    try launch(name, .elements(pair.count)) { arguments in
      arguments.slice(x)
      arguments.slice(y)
      arguments.count(pair.count)
      arguments.loop(pair.loop.shape)
      arguments.steps(pair.loop.strides[0], rank: pair.loop.shape.rank)
      arguments.steps(pair.loop.strides[1], rank: pair.loop.shape.rank)
    }
  }

  private func transpose(_ x: BufferSlice, _ shape: Transposition, into y: BufferSlice) throws {
    let name = KernelName(
      program: ProgramName(family: .stridedCopy, isWide: isWide(max(shape.rows * shape.columns, shape.batches))),
      stem: "transpose", type: y.dtype.kernelWord)
    let height = KernelConstants.transposeRows(runsLoops: options.runsLoops), width = KernelConstants.transposeColumns
    let items = options.runsLoops ? 1 : WorkGroup.size
    let groups = WorkGroups(
      x: shape.columns.dividedRoundingUp(by: width), y: shape.rows.dividedRoundingUp(by: height),
      z: min(shape.batches, 65535),
      items: items)
    try launch(name, groups) { arguments in
      arguments.slice(x)
      arguments.slice(y)
      arguments.count(shape.rows)
      arguments.count(shape.columns)
      arguments.count(shape.batches)
    }
  }
}

/// The loop over two operands of the same shape.
private struct StridedPair {
  let loop: StridedLoop<2>
  let count: Int
  let isDense: Bool

  init(_ a: Layout, _ b: Layout) {
    loop = StridedLoop<2>(shape: a.shape, strides: [a.strides, b.strides])
    count = a.shape.count
    isDense = a.isDense && b.isDense
  }

  /// The number of elements covered by the operand with the larger span, or by the dense result.
  var span: Int { max(loop.shape.span(loop.strides[0]), loop.shape.span(loop.strides[1]), count) }

  /// The transposition if the second operand is dense and the first has the same layout with its last two axes
  /// exchanged; nil otherwise.
  var transposition: Transposition? {
    let (shape, x, y) = (loop.shape, loop.strides[0], loop.strides[1])
    guard shape.rank == 2 || shape.rank == 3 else { return nil }
    let (columns, rows) = (shape[-2], shape[-1])
    let batches = shape.rank == 3 ? shape[0] : 1
    let (last, before) = (shape.rank - 1, shape.rank - 2)
    guard y[last] == 1, y[before] == rows, x[last] == columns, x[before] == 1, min(rows, columns) >= 8,
      rows <= 65535 * 32
    else { return nil }
    if shape.rank == 3 && (x[0] != rows * columns || y[0] != rows * columns) { return nil }
    return Transposition(batches: batches, rows: rows, columns: columns)
  }
}

/// y[batch, column, row] = x[batch, row, column].
private struct Transposition {
  let batches, rows, columns: Int
}

extension Shape {
  /// The number of elements from the first to the last one that these strides reach, regardless of their signs.
  func span(_ strides: Strides) -> Int {
    var span = 1
    for axis in 0..<rank { span += (self[axis] - 1) * abs(strides[axis]) }
    return span
  }
}
#endif
