#if OpenCL
internal import HostSystem

public import BackendCore

/// Reductions, positions of maxima and minima, and cumulative sums.
extension OpenCLBackend {
  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    guard op.accepts(x.dtype), computes(x.dtype) else { throw unsupported(op.kernelName, x.dtype) }
    let second = op == .mean ? "mean" : op.kernelName
    try reduce(op.kernelName, thenBy: second, x.dtype.kernelType, x, shape, into: y)
  }

  /// Reduces with the kernels named `first`. If several partial results remain, the kernels named `second` reduce them.
  func reduce(
    _ first: String, thenBy second: String, _ type: String, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice
  ) throws {
    guard shape.reducedCount > 0 else { return }
    let plan = ReductionPlan(shape, runsLoops: options.runsLoops)
    guard plan.slices > 1 else {
      return try launchReduction(first, type, x, shape, plan, into: y, divisor: shape.extent)
    }
    // Partial sums consist of two numbers each: `PARTS` in `Reduction.cl`.
    let isSum = x.dtype.isFloatingPoint && (second == "sum" || second == "mean")
    let partial = AxisShape(outer: shape.outer, extent: plan.slices * (isSum ? 2 : 1), inner: shape.inner)
    let partials = try temporary(partial.count, x.dtype)
    // The mean divides once, at the end.
    try launchReduction(first == "mean" ? "sum" : first, type, x, shape, plan, into: partials, divisor: 1)
    let last = ReductionPlan(partial, isLast: true, runsLoops: options.runsLoops)
    try launchReduction(second, type, partials, partial, last, into: y, divisor: shape.extent)
  }

  private func launchReduction(
    _ operation: String, _ type: String, _ x: BufferSlice, _ shape: AxisShape, _ plan: ReductionPlan,
    into y: BufferSlice, divisor: Int
  ) throws {
    let isWide = isWide(max(shape.extent, shape.inner, shape.reducedCount))
    let program = ProgramName(.reduction, of: x.dtype, isWide: isWide)
    let (read, written) = (shape.count, shape.reducedCount * plan.slices)
    switch plan.work {
    case .lines, .items:
      let isLines = plan.work == .lines  // one result for each outer position
      let name = KernelName(program: program, stem: operation + (isLines ? "Lines" : "Items"), type: type)
      try launch(name, .elements(shape.reducedCount, each: isLines ? shape.extent : 1)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.reducedCount)
        arguments.count(shape.extent)
        arguments.count(isLines ? plan.block : shape.inner)
        arguments.divisor(divisor, x.dtype)
      }
    case .short:
      let name = KernelName(program: program, stem: operation + "Short", type: type)
      try launch(name, WorkGroups(x: shape.outer.dividedRoundingUp(by: ReductionPlan.lanes))) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.outer)
        arguments.count(shape.extent)
        arguments.divisor(divisor, x.dtype)
      }
    case .rows:
      let name = KernelName(program: program, stem: operation + "Rows", type: type)
      try launch(name, WorkGroups(x: shape.outer, y: plan.slices, items: plan.items)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.extent)
        arguments.count(plan.slice)
        arguments.divisor(divisor, x.dtype)
      }
    case .columns:
      let name = KernelName(program: program, stem: operation + "Columns", type: type)
      try launch(name, WorkGroups(x: shape.outer * plan.blocks, y: plan.slices, items: plan.items)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.extent)
        arguments.count(shape.inner)
        arguments.count(plan.slice)
        arguments.count(plan.blocks)
        if options.runsLoops { arguments.count(plan.block) }
        arguments.divisor(divisor, x.dtype)
      }
    }
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try BackendError.requirePositions("\(op)", below: shape.extent)
    let type = try kernelType(of: x.dtype, for: .argReduce)
    guard shape.reducedCount > 0 else { return }
    let program = ProgramName(
      .argReduction, of: x.dtype, isWide: isWide(max(shape.extent, shape.inner, shape.reducedCount)))
    if options.runsLoops || ReductionPlan.prefersItems(shape) {
      let name = KernelName(program: program, stem: op.kernelName + "Items", type: type)
      let groups = WorkGroups.elements(shape.reducedCount, each: shape.extent, areColumns: shape.inner > 1)
      try launch(name, groups) { arguments in
        arguments.slice(x)
        arguments.slice(y)
        arguments.count(shape.reducedCount)
        arguments.count(shape.extent)
        arguments.count(shape.inner)
      }
    } else {
      let name = KernelName(program: program, stem: op.kernelName + "Rows", type: type)
      try launch(name, WorkGroups(x: shape.reducedCount)) { arguments in
        arguments.slice(x)
        arguments.slice(y)
        arguments.count(shape.extent)
        arguments.count(shape.inner)
      }
    }
  }

  public func scan(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    let type = try kernelType(of: x.dtype, for: .scan)
    guard shape.count > 0 else { return }
    let program = ProgramName(.scan, of: x.dtype, isWide: isWide(max(shape.extent, shape.inner, shape.reducedCount)))
    let isByItems = options.runsLoops || ReductionPlan.prefersItems(shape)
    let name = KernelName(program: program, stem: (isByItems ? "scanItems_" : "scanRows_") + op.kernelName, type: type)
    let groups =
      isByItems
      ? WorkGroups.elements(shape.reducedCount, each: shape.extent, areColumns: shape.inner > 1)
      : WorkGroups(x: shape.reducedCount)
    try launch(name, groups) { arguments in
      arguments.slice(x)
      arguments.slice(y)
      if isByItems { arguments.count(shape.reducedCount) }
      arguments.count(shape.extent)
      arguments.count(shape.inner)
      arguments.flag(reversed)
    }
  }
}

/// The division of a reduction: the kernel, and the number of parts of the extent. It depends only on the shape and the
/// kind of device, so the bits do, too.
struct ReductionPlan {
  enum Work { case lines, items, short, rows, columns }

  /// The number of items in a work group that reduces rows or columns.
  let items: Int
  /// The number of blocks of at most `reductionColumns` adjacent results, one per work group, where columns are
  /// reduced. Where items run loops, blocks are as wide as allowed; if only blocks can be distributed (in the last
  /// stage), they are narrower.
  let blocks: Int
  /// The number of results of a work group that reduces short rows.
  static let lanes = KernelConstants.group / KernelConstants.reductionColumns(runsLoops: false)
  let work: Work
  /// The number of elements of a line, or of rows of columns, that one item sums in a single number, or the minimum for
  /// partial results.
  let block: Int
  /// The number of elements in a part.
  let slice: Int
  let slices: Int

  /// Plans a reduction.
  /// - Parameters:
  ///   - isLast: Whether partial results are reduced, which are not divided again.
  ///   - runsLoops: Whether one item reduces whole lines.
  init(_ shape: AxisShape, isLast: Bool = false, runsLoops: Bool) {
    items = runsLoops ? 1 : WorkGroup.size
    let columns = KernelConstants.reductionColumns(runsLoops: runsLoops)
    let width = runsLoops && isLast ? columns / 2 : columns
    blocks = max(1, shape.inner.dividedRoundingUp(by: width))
    block = shape.inner == 1 ? (isLast ? 16 : KernelConstants.sumBlock) : (isLast ? 1 : KernelConstants.blockRows)
    let groups = shape.inner == 1 ? shape.outer : shape.outer * blocks
    if runsLoops {
      // Each part of the rows has one partial result per column. Parts are long enough that these cost little.
      let most = shape.extent * shape.inner / blocks / WorkGroup.loop
      let wanted = isLast ? 1 : min(max(256 / groups, 1), most, shape.inner > 1 ? shape.extent / 32 : .max)
      let length = (shape.extent + max(wanted, 1) - 1) / max(wanted, 1)
      (slice, slices) = wanted > 1 ? (length, shape.extent.dividedRoundingUp(by: length)) : (shape.extent, 1)
      work = shape.inner > 1 ? .columns : (slices > 1 ? .rows : .lines)
      return
    }
    if ReductionPlan.prefersItems(shape) {
      (work, slice, slices) = (.items, shape.extent, 1)
      return
    }
    if shape.inner == 1 && shape.extent <= 1024 {
      (work, slice, slices) = (.short, shape.extent, 1)
      return
    }
    work = shape.inner == 1 ? .rows : .columns
    // At least this many elements per group, and no more groups than a large device can run.
    let smallest = shape.inner == 1 ? 4096 : 128
    let wanted = min(max(1024 / groups, 1), shape.extent.dividedRoundingUp(by: smallest))
    guard !isLast, wanted > 1 else {
      (slice, slices) = (shape.extent, 1)
      return
    }
    let length = shape.extent.dividedRoundingUp(by: wanted)
    slice = length
    slices = shape.extent.dividedRoundingUp(by: length)
  }

  /// Whether one item computes one line: lines are short, or so many are adjacent that they fill the device.
  static func prefersItems(_ shape: AxisShape) -> Bool {
    shape.extent <= 32 || (shape.inner >= 32 && shape.reducedCount >= 1 << 16)
  }
}

extension KernelArguments {
  /// Adds a count as two numbers whose sum is the count: `double` for float64, otherwise `float`.
  fileprivate mutating func divisor(_ count: Int, _ dtype: DType) {
    let type: DType = dtype == .float64 ? .float64 : .float32
    let rounded = type == .float64 ? Double(count) : Double(Float(count))
    scalar(rounded, type)
    scalar(Double(count) - rounded, type)
  }
}

extension ScanOp {
  fileprivate var kernelName: String {
    switch self {
    case .sum: "sum"
    case .product: "product"
    case .maximum: "maximum"
    case .minimum: "minimum"
    }
  }
}

extension ReductionOp {
  var kernelName: String {
    switch self {
    case .sum: "sum"
    case .mean: "mean"
    case .maximum: "maximum"
    case .minimum: "minimum"
    case .product: "product"
    }
  }
}

extension ArgReductionOp {
  var kernelName: String {
    switch self {
    case .argmax: "argmax"
    case .argmin: "argmin"
    }
  }
}
#endif
