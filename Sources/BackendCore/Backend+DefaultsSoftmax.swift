/// Default implementations of the softmax family.
extension Backend {
  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    try require(.softmax, for: x.dtype)
    let table = RowTable(rows: rows, columns: columns)
    let rowValues = try temporary(rows, x.dtype)
    try reduce(.maximum, x, table.rowReduction, into: rowValues)
    try binary(.subtract, x, table.dense, rowValues, table.oneForEachRow, into: y)
    if logarithmic {
      let exponentials = try temporary(rows * columns, x.dtype)
      try unary(UnaryOp(.exp), y, count: rows * columns, into: exponentials)
      try reduce(.sum, exponentials, table.rowReduction, into: rowValues)
      try unary(UnaryOp(.log), rowValues, count: rows, into: rowValues)
      try binary(.subtract, y, table.dense, rowValues, table.oneForEachRow, into: y)
    } else {
      try unary(UnaryOp(.exp), y, count: rows * columns, into: y)
      try reduce(.sum, y, table.rowReduction, into: rowValues)
      try binary(.divide, y, table.dense, rowValues, table.oneForEachRow, into: y)
    }
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    try require(.softmaxGradient, for: dy.dtype)
    let table = RowTable(rows: rows, columns: columns)
    let sums = try temporary(rows, dy.dtype)
    if logarithmic {
      try reduce(.sum, dy, table.rowReduction, into: sums)
      try unary(UnaryOp(.exp), y, count: rows * columns, into: dx)
      try binary(.multiply, dx, table.dense, sums, table.oneForEachRow, into: dx)
      try binary(.subtract, dy, table.dense, dx, table.dense, into: dx)
    } else {
      try binary(.multiply, dy, table.dense, y, table.dense, into: dx)
      try reduce(.sum, dx, table.rowReduction, into: sums)
      try binary(.subtract, dy, table.dense, sums, table.oneForEachRow, into: dx)
      try binary(.multiply, dx, table.dense, y, table.dense, into: dx)
    }
  }

  public func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    try require(.softmaxCrossEntropy, for: logits.dtype)
    let table = RowTable(rows: rows, columns: columns)
    let logarithms = try temporary(rows * columns, logits.dtype)
    try softmax(logits, rows: rows, columns: columns, logarithmic: true, into: logarithms)

    // loss = −(1 − s)·ln p[label] − (s/columns)·Σ ln p. Gathering a label out of range gives NaN.
    try gatherElements(logarithms, table.rowReduction, indices: labels, indexExtent: 1, into: loss)
    try binaryScalar(.multiply, loss, smoothing - 1, scalarFirst: false, count: rows, into: loss)
    if smoothing != 0 {
      let sums = try temporary(rows, logits.dtype)
      try reduce(.sum, logarithms, table.rowReduction, into: sums)
      try binaryScalar(
        .multiply, sums, -smoothing / Double(columns), scalarFirst: false, count: rows, into: sums)
      try binary(.add, loss, Layout(dense: [rows]), sums, Layout(dense: [rows]), into: loss)
    }
    if let gradient {
      try crossEntropyGradient(logarithms, labels: labels, table, smoothing: smoothing, into: gradient)
      try binaryScalar(.multiply, gradient, gradientScale, scalarFirst: false, count: rows * columns, into: gradient)
    }
    if let ignoredLabel {
      let isIgnored = try temporary(rows, .bool)
      try compareScalar(.equal, labels, Double(ignoredLabel), count: rows, into: isIgnored)
      let flags = Layout(dense: [rows])
      try replace(where: isIgnored, flags, with: 0, in: loss, Layout(dense: [rows]))
      if let gradient {
        try replace(where: isIgnored, table.oneForEachRow, with: 0, in: gradient, table.dense)
      }
    }
  }

  /// p − q from ln p, with q as in `softmaxCrossEntropy`; NaN in rows whose label is out of range.
  private func crossEntropyGradient(
    _ logarithms: BufferSlice, labels: BufferSlice, _ table: RowTable, smoothing: Double, into gradient: BufferSlice
  ) throws {
    let (rows, columns) = (table.rows, table.columns)
    try unary(UnaryOp(.exp), logarithms, count: rows * columns, into: gradient)
    if smoothing != 0 {
      try binaryScalar(
        .subtract, gradient, smoothing / Double(columns), scalarFirst: false, count: rows * columns, into: gradient)
    }
    let updates = try temporary(rows, logarithms.dtype)
    try fill(updates, count: rows, with: smoothing - 1)
    try scatterElements(.sum, updates, indices: labels, indexExtent: 1, into: gradient, table.rowReduction)

    let isNegative = try temporary(rows, .bool)
    let isOutside = try temporary(rows, .bool)
    let flags = Layout(dense: [rows])
    try compareScalar(.less, labels, 0, count: rows, into: isNegative)
    try compareScalar(.greaterOrEqual, labels, Double(columns), count: rows, into: isOutside)
    try binary(.logicalOr, isNegative, flags, isOutside, flags, into: isOutside)
    try replace(where: isOutside, table.oneForEachRow, with: .nan, in: gradient, table.dense)
  }

  /// y = condition ? value : y, where y is dense.
  private func replace(
    where condition: BufferSlice, _ conditionLayout: Layout, with value: Double, in y: BufferSlice, _ layout: Layout
  ) throws {
    let constant = try temporary(1, y.dtype)
    try fill(constant, count: 1, with: value)
    let everywhere = Layout(shape: layout.shape, strides: Strides())
    try select(condition, conditionLayout, constant, everywhere, y, layout, into: y)
  }
}
