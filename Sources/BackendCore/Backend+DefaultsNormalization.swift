/// Normalisation of rows, composed of primitives.
extension Backend {
  public func normalize(
    _ x: BufferSlice, gain: BufferSlice?, shift: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    let table = RowTable(rows: shape.rows, columns: shape.columns)
    let count = shape.rows * shape.columns
    let statistics = try statistics ?? temporary(2 * shape.rows, x.dtype)
    let (means, scales) = (statistics, statistics.advanced(by: shape.rows))
    if shape.isCentred {
      try reduce(.mean, x, table.folded, into: means)
    } else {
      try fill(means, count: shape.rows, with: 0)
    }
    let centred = try temporary(count, x.dtype)
    try binary(.subtract, x, table.dense, means, table.oneForEachRow, into: centred)
    try unary(UnaryOp(.square), centred, count: count, into: y)
    try reduce(.mean, y, table.folded, into: scales)
    try binaryScalar(.add, scales, shape.epsilon, scalarFirst: false, count: shape.rows, into: scales)
    try unary(UnaryOp(.reciprocalSquareRoot), scales, count: shape.rows, into: scales)
    try binary(.multiply, centred, table.dense, scales, table.oneForEachRow, into: y)
    if let gain { try binary(.multiply, y, table.dense, gain, table.oneForEachColumn, into: y) }
    if let shift { try binary(.add, y, table.dense, shift, table.oneForEachColumn, into: y) }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, gain: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dGain: BufferSlice?, dShift: BufferSlice?
  ) throws {
    let table = RowTable(rows: shape.rows, columns: shape.columns)
    let count = shape.rows * shape.columns
    let (means, scales) = (statistics, statistics.advanced(by: shape.rows))
    let normal = try temporary(count, x.dtype)
    let product = try temporary(count, x.dtype)
    try binary(.subtract, x, table.dense, means, table.oneForEachRow, into: normal)
    try binary(.multiply, normal, table.dense, scales, table.oneForEachRow, into: normal)
    if let dShift { try reduce(.sum, dy, table.foldedDown, into: dShift) }
    if let dGain {
      try binary(.multiply, dy, table.dense, normal, table.dense, into: product)
      try reduce(.sum, product, table.foldedDown, into: dGain)
    }
    // dx = s·(g − mean(g) − x̂·mean(g·x̂)), where g is dy·gain.
    if let gain {
      try binary(.multiply, dy, table.dense, gain, table.oneForEachColumn, into: dx)
    } else {
      try copy(dy, count: count, into: dx)
    }
    let rowValues = try temporary(shape.rows, x.dtype)
    try binary(.multiply, dx, table.dense, normal, table.dense, into: product)
    try reduce(.mean, product, table.folded, into: rowValues)
    try binary(.multiply, normal, table.dense, rowValues, table.oneForEachRow, into: normal)
    if shape.isCentred {
      try reduce(.mean, dx, table.folded, into: rowValues)
      try binary(.subtract, dx, table.dense, rowValues, table.oneForEachRow, into: dx)
    }
    try binary(.subtract, dx, table.dense, normal, table.dense, into: dx)
    try binary(.multiply, dx, table.dense, scales, table.oneForEachRow, into: dx)
  }
}
