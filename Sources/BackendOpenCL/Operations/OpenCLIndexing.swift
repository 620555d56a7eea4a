#if OpenCL
public import BackendCore

/// Gathers and scatters at positions given by an int32 operand. The scatters use no atomics: each item owns the
/// elements to which it adds.
extension OpenCLBackend {
  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    try gather("gatherRows", x, shape, indices, indexCount, into: y)
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    try gather("gatherElements", x, shape, indices, indexExtent, into: y)
  }

  private func gather(
    _ stem: String, _ x: BufferSlice, _ shape: AxisShape, _ indices: BufferSlice, _ indexCount: Int,
    into y: BufferSlice
  ) throws {
    let type = x.dtype.isFloatingPoint ? x.dtype.kernelType : x.dtype.kernelWord
    let count = shape.outer * indexCount * shape.inner
    let program = ProgramName(family: .indexing, isWide: isWide(max(count, shape.extent)))
    try launch(KernelName(program: program, stem: stem, type: type), .elements(count)) { arguments in
      arguments.slice(x)
      arguments.slice(indices)
      arguments.slice(y)
      arguments.count(count)
      arguments.count(shape.extent)
      arguments.count(shape.inner)
      arguments.count(indexCount)
    }
  }

  public func scatterRows(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    let type = try kernelType(of: y.dtype, for: .scatterRows)
    let count = shape.outer * indexCount * shape.inner
    guard count > 0 else { return }
    let order = try temporary(indexCount, .int32)
    try sort(indices, rows: 1, columns: indexCount, descending: false, values: nil, indices: order)
    let program = ProgramName(.scatter, of: y.dtype, isWide: isWide(max(count, shape.extent)))
    try launch(KernelName(program: program, stem: "scatterRows_\(op.kernelName)", type: type), .elements(count)) {
      arguments in
      arguments.slice(updates)
      arguments.slice(indices)
      arguments.memory(order)
      arguments.slice(y)
      arguments.count(count)
      arguments.count(shape.extent)
      arguments.count(shape.inner)
      arguments.count(indexCount)
    }
  }

  public func scatterElements(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    let type = try kernelType(of: y.dtype, for: .scatterElements)
    let lines = shape.outer * shape.inner
    guard lines * indexExtent > 0 else { return }
    let program = ProgramName(
      .scatter, of: y.dtype, isWide: isWide(max(lines, indexExtent, shape.extent, shape.outer * indexExtent)))
    guard shape.inner > 1 || indexExtent < 64 else {
      return try scatterLines(op, updates, indices, indexExtent, into: y, shape, program, type)
    }
    // Compensates the rounding errors of floating-point sums over long lines.
    let isCompensated = op == .sum && y.dtype.isFloatingPoint && indexExtent >= 64
    let rests = isCompensated ? try temporary(shape.count, y.dtype) : nil
    if let rests { try fill(rests, count: shape.count, with: 0) }
    try launch(KernelName(program: program, stem: "scatterElements_\(op.kernelName)", type: type), .elements(lines)) {
      arguments in
      arguments.slice(updates)
      arguments.slice(indices)
      arguments.slice(y)
      arguments.count(lines)
      arguments.count(shape.extent)
      arguments.count(shape.inner)
      arguments.count(indexExtent)
      arguments.memory(rests ?? y)
      arguments.flag(rests != nil)
    }
    if let rests {
      let layout = Layout(flat: shape.count)
      try binary(.add, y, layout, rests, layout, into: y)
    }
  }

  /// Scatters to long lines without an inner axis: the indices of each are sorted, so that many items share a line.
  private func scatterLines(
    _ op: ScatterOp, _ updates: BufferSlice, _ indices: BufferSlice, _ indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape, _ program: ProgramName, _ type: String
  ) throws {
    let count = shape.outer * indexExtent
    let order = try temporary(count, .int32)
    try sort(indices, rows: shape.outer, columns: indexExtent, descending: false, values: nil, indices: order)
    try launch(KernelName(program: program, stem: "scatterLines_\(op.kernelName)", type: type), .elements(count)) {
      arguments in
      arguments.slice(updates)
      arguments.slice(indices)
      arguments.memory(order)
      arguments.slice(y)
      arguments.count(count)
      arguments.count(shape.extent)
      arguments.count(indexExtent)
    }
  }
}

extension ScatterOp {
  fileprivate var kernelName: String {
    switch self {
    case .sum: "sum"
    case .product: "product"
    case .maximum: "maximum"
    case .minimum: "minimum"
    case .replacement: "replacement"
    }
  }
}
#endif
