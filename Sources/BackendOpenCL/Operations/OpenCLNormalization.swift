#if OpenCL
public import BackendCore

/// Normalisation of the rows of a matrix and its gradient. A short row is one item's work, a long one that of a work group, or
/// of one item where items run loops.
extension OpenCLBackend {
  public func normalize(
    _ x: BufferSlice, gain: BufferSlice?, shift: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try requireFloat32(x, "normalize")
    let count = shape.rows * shape.columns
    let (name, groups) = rowKernel(.normalization, "normalizeItems", "normalizeRows", shape.rows, shape.columns)
    try launch(name, groups) { arguments in
      arguments.slice(x, count)
      arguments.slice(gain ?? x, gain == nil ? 0 : shape.columns)
      arguments.slice(shift ?? x, shift == nil ? 0 : shape.columns)
      arguments.slice(y, count)
      arguments.slice(statistics ?? y, statistics == nil ? 0 : 2 * shape.rows)
      arguments.count(shape.rows)
      arguments.count(shape.columns)
      arguments.value(Normalization(shape, gain: gain, shift: shift, statistics: statistics))
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, gain: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dGain: BufferSlice?, dShift: BufferSlice?
  ) throws {
    try requireFloat32(dy, "normalizeGradient")
    if dGain != nil || dShift != nil {
      try normalizeSums(dy, x, statistics: statistics, shape, dGain: dGain, dShift: dShift)
    }
    let count = shape.rows * shape.columns
    let (name, groups) = rowKernel(
      .normalization, "normalizeGradientItems", "normalizeGradientRows", shape.rows, shape.columns)
    try launch(name, groups) { arguments in
      arguments.slice(dy, count)
      arguments.slice(x, count)
      arguments.slice(gain ?? x, gain == nil ? 0 : shape.columns)
      arguments.slice(statistics, 2 * shape.rows)
      arguments.slice(dx, count)
      arguments.count(shape.rows)
      arguments.count(shape.columns)
      arguments.value(Normalization(shape, gain: gain, shift: nil, statistics: nil))
    }
  }

  /// Σ dy·x̂ and Σ dy of each column: over stretches of rows, which depend on the shape alone, and then over those.
  private func normalizeSums(
    _ dy: BufferSlice, _ x: BufferSlice, statistics: BufferSlice, _ shape: NormalizationShape, dGain: BufferSlice?,
    dShift: BufferSlice?
  ) throws {
    let (rows, columns) = (shape.rows, shape.columns)
    let stretch = max(16, (rows + 63) / 64)
    let stretches = max(1, (rows + stretch - 1) / stretch)
    let sums = try temporary(2 * stretches * columns, .float32)
    let program = ProgramName(family: .normalization, isWide: isWide(max(rows, columns)))
    var groups = WorkGroups.items(options.runsLoops ? 1 : columns)
    groups.y = stretches
    if options.runsLoops { groups.items = 1 }
    try launch(KernelName(program: program, stem: "normalizeSums"), groups) { arguments in
      arguments.slice(dy, rows * columns)
      arguments.slice(x, rows * columns)
      arguments.slice(statistics, 2 * rows)
      arguments.slice(sums, 2 * stretches * columns)
      arguments.count(rows)
      arguments.count(columns)
      arguments.count(stretch)
    }
    let stretched = AxisShape(outer: 1, extent: stretches, inner: columns)
    if let dGain { try reduce(.sum, sums, stretched, into: dGain) }
    if let dShift { try reduce(.sum, sums.advanced(by: stretches * columns), stretched, into: dShift) }
  }
}

/// `normalization_t` of `Normalization.cl`.
private struct Normalization: BitwiseCopyable {
  var epsilon: Float
  var isCentred, hasGain, hasShift, keeps: Int32

  init(_ shape: NormalizationShape, gain: BufferSlice?, shift: BufferSlice?, statistics: BufferSlice?) {
    epsilon = Float(shape.epsilon)
    isCentred = shape.isCentred ? 1 : 0
    hasGain = gain == nil ? 0 : 1
    hasShift = shift == nil ? 0 : 1
    keeps = statistics == nil ? 0 : 1
  }
}
#endif
