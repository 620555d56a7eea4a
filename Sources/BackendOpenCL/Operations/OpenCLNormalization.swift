#if OpenCL
internal import HostSystem

public import BackendCore

/// Normalization of the rows of a matrix and its gradient.
extension OpenCLBackend {
  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try require(.normalize, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.normalize(x, weight: weight, bias: bias, shape, into: y, statistics: statistics)
    }
    let count = shape.rows * shape.columns
    let (name, groups) = rowKernel(.normalization, "normalize", rows: shape.rows, columns: shape.columns)
    try launch(name, groups) { arguments in
      arguments.slice(x, count)
      arguments.slice(weight ?? x, weight == nil ? 0 : shape.columns)
      arguments.slice(bias ?? x, bias == nil ? 0 : shape.columns)
      arguments.slice(y, count)
      arguments.slice(statistics ?? y, statistics == nil ? 0 : 2 * shape.rows)
      arguments.count(shape.rows)
      arguments.count(shape.columns)
      arguments.value(Normalization(shape, weight: weight, bias: bias, statistics: statistics))
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.normalizeGradient, for: dy.dtype)
    if dy.dtype == .float64 {
      return try composed.normalizeGradient(
        dy, x, weight: weight, statistics: statistics, shape, into: dx, dWeight: dWeight, dBias: dBias)
    }
    let wantsSums = dWeight != nil || dBias != nil
    let slices = RowSlices(rows: shape.rows)
    let sums = wantsSums ? try temporary(2 * slices.count * shape.columns, .float32) : nil
    if let sums, !options.runsLoops { try normalizeSums(dy, x, statistics: statistics, shape, slices, into: sums) }
    let count = shape.rows * shape.columns
    var (name, groups) = rowKernel(
      .normalization, "normalizeGradient", rows: shape.rows, columns: shape.columns)
    // Items that run loops compute the sums in the same pass.
    let takesSums = wantsSums && options.runsLoops
    if takesSums {
      name = KernelName(program: name.program, stem: "normalizeGradientSlices")
      groups = WorkGroups(x: slices.count, items: 1)
    }
    try launch(name, groups) { arguments in
      arguments.slice(dy, count)
      arguments.slice(x, count)
      arguments.slice(weight ?? x, weight == nil ? 0 : shape.columns)
      arguments.slice(statistics, 2 * shape.rows)
      arguments.slice(dx, count)
      arguments.count(shape.rows)
      arguments.count(shape.columns)
      arguments.value(Normalization(shape, weight: weight, bias: nil, statistics: nil))
      guard takesSums, let sums else { return }
      arguments.slice(sums, 2 * slices.count * shape.columns)
      arguments.count(slices.length)
    }
    guard let sums else { return }
    let partial = AxisShape(outer: 1, extent: slices.count, inner: shape.columns)
    if let dWeight { try reduce(.sum, sums, partial, into: dWeight) }
    if let dBias { try reduce(.sum, sums.advanced(by: slices.count * shape.columns), partial, into: dBias) }
  }

  /// Σ dy·x̂ and Σ dy of each column, over parts of the rows.
  private func normalizeSums(
    _ dy: BufferSlice, _ x: BufferSlice, statistics: BufferSlice, _ shape: NormalizationShape,
    _ slices: RowSlices, into sums: BufferSlice
  ) throws {
    let (rows, columns) = (shape.rows, shape.columns)
    let program = ProgramName(family: .normalization, isWide: isWide(max(rows, columns)))
    var groups = WorkGroups.items(columns)
    groups.y = slices.count
    try launch(KernelName(program: program, stem: "normalizeSums"), groups) { arguments in
      arguments.slice(dy, rows * columns)
      arguments.slice(x, rows * columns)
      arguments.slice(statistics, 2 * rows)
      arguments.slice(sums, 2 * slices.count * columns)
      arguments.count(rows)
      arguments.count(columns)
      arguments.count(slices.length)
    }
  }
}

/// Slices of the rows whose column sums are computed separately. They depend only on the number of rows.
private struct RowSlices {
  let length, count: Int

  init(rows: Int) {
    length = max(16, rows.dividedRoundingUp(by: 64))
    count = max(1, rows.dividedRoundingUp(by: length))
  }
}

/// `normalization_t` of `Normalization.cl`.
private struct Normalization: BitwiseCopyable {
  var epsilon: Float
  var isCentered, hasWeight, hasBias, keeps: Int32

  init(_ shape: NormalizationShape, weight: BufferSlice?, bias: BufferSlice?, statistics: BufferSlice?) {
    epsilon = Float(shape.epsilon)
    isCentered = shape.isCentered ? 1 : 0
    hasWeight = weight == nil ? 0 : 1
    hasBias = bias == nil ? 0 : 1
    keeps = statistics == nil ? 0 : 1
  }
}
#endif
