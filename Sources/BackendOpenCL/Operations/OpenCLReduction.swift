#if OpenCL
public import BackendCore

/// Folds, positions of extremes, and running sums.
extension OpenCLBackend {
  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    let isDefined =
      switch x.dtype {
      case .float32: true
      case .int32: op != .mean
      case .bool: op == .maximum || op == .minimum
      case .float64: false
      }
    guard isDefined, let type = x.dtype.kernelType else { throw unsupported(op.kernelName, x.dtype) }
    try reduce(op.kernelName, thenBy: op == .mean ? "mean" : op.kernelName, type, x, shape, into: y)
  }

  /// Folds with the kernels called `first`; when that leaves several partial results, these are folded with those called
  /// `second`.
  func reduce(
    _ first: String, thenBy second: String, _ type: String, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice
  ) throws {
    guard shape.reducedCount > 0 else { return }
    let plan = ReductionPlan(shape, runsLoops: options.runsLoops)
    guard plan.stretches > 1 else {
      return try fold(first, type, x, shape, plan, into: y, divisor: shape.extent)
    }
    let partials = try temporary(shape.outer * plan.stretches * shape.inner, x.dtype)
    // The mean divides once, at the end.
    try fold(first == "mean" ? "sum" : first, type, x, shape, plan, into: partials, divisor: 1)
    let rest = AxisShape(outer: shape.outer, extent: plan.stretches, inner: shape.inner)
    let last = ReductionPlan(rest, isLast: true, runsLoops: options.runsLoops)
    try fold(second, type, partials, rest, last, into: y, divisor: shape.extent)
  }

  private func fold(
    _ operation: String, _ type: String, _ x: BufferSlice, _ shape: AxisShape, _ plan: ReductionPlan,
    into y: BufferSlice, divisor: Int
  ) throws {
    let isWide = isWide(max(shape.extent, shape.inner, shape.reducedCount))
    let program = ProgramName(family: .reduction, isWide: isWide)
    let (read, written) = (shape.outer * shape.extent * shape.inner, shape.reducedCount * plan.stretches)
    switch plan.work {
    case .lines:
      let name = KernelName(program: program, stem: operation + "Lines", type: type)
      try launch(name, .elements(shape.outer, each: shape.extent)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.outer)
        arguments.count(shape.extent)
        arguments.float(Double(divisor))
      }
    case .items:
      let name = KernelName(program: program, stem: operation + "Items", type: type)
      try launch(name, .elements(shape.reducedCount)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.reducedCount)
        arguments.count(shape.extent)
        arguments.count(shape.inner)
        arguments.float(Double(divisor))
      }
    case .short:
      let name = KernelName(program: program, stem: operation + "Short", type: type)
      try launch(name, WorkGroups(x: (shape.outer + ReductionPlan.lanes - 1) / ReductionPlan.lanes)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.outer)
        arguments.count(shape.extent)
        arguments.float(Double(divisor))
      }
    case .rows:
      let name = KernelName(program: program, stem: operation + "Rows", type: type)
      try launch(name, WorkGroups(x: shape.outer, y: plan.stretches, items: plan.items)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.extent)
        arguments.count(plan.stretch)
        arguments.float(Double(divisor))
      }
    case .columns:
      let name = KernelName(program: program, stem: operation + "Columns", type: type)
      try launch(name, WorkGroups(x: shape.outer * plan.blocks, y: plan.stretches, items: plan.items)) { arguments in
        arguments.slice(x, read)
        arguments.slice(y, written)
        arguments.count(shape.extent)
        arguments.count(shape.inner)
        arguments.count(plan.stretch)
        arguments.count(plan.blocks)
        arguments.float(Double(divisor))
      }
    }
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    guard let type = x.dtype.kernelType else { throw unsupported(op.kernelName, x.dtype) }
    guard shape.reducedCount > 0 else { return }
    let program = ProgramName(
      family: .argReduction, isWide: isWide(max(shape.extent, shape.inner, shape.reducedCount)))
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

  public func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    guard x.dtype != .bool, let type = x.dtype.kernelType else { throw unsupported("cumulativeSum", x.dtype) }
    guard shape.count > 0 else { return }
    let program = ProgramName(family: .scan, isWide: isWide(max(shape.extent, shape.inner, shape.reducedCount)))
    let isByItems = options.runsLoops || ReductionPlan.prefersItems(shape)
    let name = KernelName(program: program, stem: isByItems ? "scanItems" : "scanRows", type: type)
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

/// How a fold is shared out: which kernel, and into how many stretches the extent is cut. It depends on the shape and the
/// kind of device alone, so that the bits do.
struct ReductionPlan {
  enum Work { case lines, items, short, rows, columns }

  /// Items of a work group that folds rows or columns.
  let items: Int
  /// Blocks of neighbouring results, a work group each, where columns are folded.
  let blocks: Int
  /// Results of a work group that folds short rows: `NN_LANES`.
  static let lanes = 8
  let work: Work
  /// The elements of a stretch.
  let stretch: Int
  let stretches: Int

  /// - Parameters:
  ///   - isLast: Partial results are folded, which is not cut again.
  ///   - runsLoops: One item folds whole lines.
  init(_ shape: AxisShape, isLast: Bool = false, runsLoops: Bool) {
    items = runsLoops ? 1 : WorkGroup.size
    blocks = ReductionPlan.blocks(shape, isLast: isLast, runsLoops: runsLoops)
    let groups = shape.inner == 1 ? shape.outer : shape.outer * blocks
    if runsLoops {
      // Partial results of columns are as many as their rows: stretches are not so short that they would weigh.
      let most = shape.extent * shape.inner / blocks / WorkGroup.loop
      let wanted = isLast ? 1 : min(max(256 / groups, 1), most, shape.inner > 1 ? shape.extent / 32 : .max)
      let length = (shape.extent + max(wanted, 1) - 1) / max(wanted, 1)
      (stretch, stretches) = wanted > 1 ? (length, (shape.extent + length - 1) / length) : (shape.extent, 1)
      work = shape.inner > 1 ? .columns : (stretches > 1 ? .rows : .lines)
      return
    }
    if ReductionPlan.prefersItems(shape) {
      (work, stretch, stretches) = (.items, shape.extent, 1)
      return
    }
    if shape.inner == 1 && shape.extent <= 1024 {
      (work, stretch, stretches) = (.short, shape.extent, 1)
      return
    }
    work = shape.inner == 1 ? .rows : .columns
    // At least this many elements a group, and no more groups than fill a large device.
    let smallest = shape.inner == 1 ? 4096 : 128
    let wanted = min(max(1024 / groups, 1), (shape.extent + smallest - 1) / smallest)
    guard !isLast, wanted > 1 else {
      (stretch, stretches) = (shape.extent, 1)
      return
    }
    let length = (shape.extent + wanted - 1) / wanted
    stretch = length
    stretches = (shape.extent + length - 1) / length
  }

  /// Blocks of at most `NN_COLUMNS` neighbouring results. Where items run loops, they are as wide as may be, and narrow where
  /// their number is all there is to share out.
  private static func blocks(_ shape: AxisShape, isLast: Bool, runsLoops: Bool) -> Int {
    let width = runsLoops ? (isLast ? 512 : 4096) : 32
    return max(1, (shape.inner + width - 1) / width)
  }

  /// True when one item does one line: lines are short, or lie side by side in such numbers that they fill the device.
  static func prefersItems(_ shape: AxisShape) -> Bool {
    shape.extent <= 32 || (shape.inner >= 32 && shape.reducedCount >= 1 << 16)
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
