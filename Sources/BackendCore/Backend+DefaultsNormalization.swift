/// Normalization of rows, composed of primitives.
extension Backend {
  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try require(.normalize, for: x.dtype)
    let table = RowTable(rows: shape.rows, columns: shape.columns)
    let count = shape.rows * shape.columns
    let statistics = try statistics ?? temporary(2 * shape.rows, x.dtype)
    let (means, scales) = (statistics, statistics.advanced(by: shape.rows))
    let factors = try squaringFactors(x, table, epsilon: shape.epsilon)
    let centered = try temporary(count, x.dtype)
    try binary(.multiply, x, table.dense, factors, table.oneForEachRow, into: centered)
    if shape.isCentered {
      try reduce(.mean, centered, table.rowReduction, into: means)
      try binary(.subtract, centered, table.dense, means, table.oneForEachRow, into: centered)
    } else {
      try fill(means, count: shape.rows, with: 0)
    }
    try unary(UnaryOp(.square), centered, count: count, into: y)
    try reduce(.mean, y, table.rowReduction, into: scales)
    // 1/√(variance + ε·factor²), because the normalized values are x·factor.
    let rows = Layout(dense: [shape.rows])
    let epsilons = try temporary(shape.rows, x.dtype)
    try binaryScalar(.multiply, factors, shape.epsilon, scalarFirst: false, count: shape.rows, into: epsilons)
    try binary(.multiply, epsilons, rows, factors, rows, into: epsilons)
    if shape.epsilon > 0 {
      try binaryScalar(.maximum, epsilons, 1e-37, scalarFirst: false, count: shape.rows, into: epsilons)
    }
    try binary(.add, scales, rows, epsilons, rows, into: scales)
    try unary(UnaryOp(.reciprocalSquareRoot), scales, count: shape.rows, into: scales)
    try binary(.multiply, centered, table.dense, scales, table.oneForEachRow, into: y)
    try binary(.divide, means, rows, factors, rows, into: means)
    try binary(.multiply, scales, rows, factors, rows, into: scales)
    if let weight { try binary(.multiply, y, table.dense, weight, table.oneForEachColumn, into: y) }
    if let bias { try binary(.add, y, table.dense, bias, table.oneForEachColumn, into: y) }
  }

  /// Returns the factor for each row before squaring: 4 divided by its largest magnitude where the square might
  /// overflow or underflow, else 1. (1 divided by it might not be a normal number.)
  func squaringFactors(_ x: BufferSlice, _ table: RowTable, epsilon: Double) throws -> BufferSlice {
    let (count, rows) = (table.rows, Layout(dense: [table.rows]))
    let largest = try temporary(count, x.dtype)
    let factors = try temporary(count, x.dtype)
    try reduce(.maximum, x, table.rowReduction, into: largest)
    try reduce(.minimum, x, table.rowReduction, into: factors)
    try unary(UnaryOp(.negate), factors, count: count, into: factors)
    try binary(.maximum, largest, rows, factors, rows, into: largest)

    func isBetween(_ lower: Double, _ upper: Double) throws -> BufferSlice {
      let (isAbove, isBelow) = (try temporary(count, .bool), try temporary(count, .bool))
      try compareScalar(.greater, largest, lower, count: count, into: isAbove)
      try compareScalar(.less, largest, upper, count: count, into: isBelow)
      try binary(.logicalAnd, isAbove, rows, isBelow, rows, into: isAbove)
      return isAbove
    }
    let isExtreme = try isBetween(1e15, .infinity)
    if epsilon < 1e-20 {
      try binary(.logicalOr, isExtreme, rows, try isBetween(1.2e-38, 1e-15), rows, into: isExtreme)
    }
    try binaryScalar(.divide, largest, 4, scalarFirst: true, count: count, into: factors)
    let one = try temporary(1, x.dtype)
    try fill(one, count: 1, with: 1)
    try select(isExtreme, rows, factors, rows, one, Layout(shape: [count], strides: Strides()), into: factors)
    return factors
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.normalizeGradient, for: dy.dtype)
    let table = RowTable(rows: shape.rows, columns: shape.columns)
    let count = shape.rows * shape.columns
    let (means, scales) = (statistics, statistics.advanced(by: shape.rows))
    let normal = try temporary(count, x.dtype)
    let product = try temporary(count, x.dtype)
    // x̂ = (x·factor − μ·factor)·(s/factor): distances from the mean may overflow where the deviation is above 1e20.
    let rows = Layout(dense: [shape.rows])
    let factors = try distanceFactors(scales, count: shape.rows)
    let rowValues = try temporary(shape.rows, x.dtype)
    try binary(.multiply, x, table.dense, factors, table.oneForEachRow, into: normal)
    try binary(.multiply, means, rows, factors, rows, into: rowValues)
    try binary(.subtract, normal, table.dense, rowValues, table.oneForEachRow, into: normal)
    try binary(.divide, scales, rows, factors, rows, into: rowValues)
    try binary(.multiply, normal, table.dense, rowValues, table.oneForEachRow, into: normal)
    if let dBias { try reduce(.sum, dy, table.columnReduction, into: dBias) }
    if let dWeight {
      try binary(.multiply, dy, table.dense, normal, table.dense, into: product)
      try reduce(.sum, product, table.columnReduction, into: dWeight)
    }
    // dx = s·(g − mean(g) − x̂·mean(g·x̂)), where g is dy·weight.
    if let weight {
      try binary(.multiply, dy, table.dense, weight, table.oneForEachColumn, into: dx)
    } else {
      try copy(dy, count: count, into: dx)
    }
    try binary(.multiply, dx, table.dense, normal, table.dense, into: product)
    try reduce(.mean, product, table.rowReduction, into: rowValues)
    try binary(.multiply, normal, table.dense, rowValues, table.oneForEachRow, into: normal)
    if shape.isCentered {
      try reduce(.mean, dx, table.rowReduction, into: rowValues)
      try binary(.subtract, dx, table.dense, rowValues, table.oneForEachRow, into: dx)
    }
    try binary(.subtract, dx, table.dense, normal, table.dense, into: dx)
    try binary(.multiply, dx, table.dense, scales, table.oneForEachRow, into: dx)
  }

  /// Returns the factor for the numbers of each row before the mean is subtracted: 1/4 where its scale, the reciprocal of
  /// the deviation, is below 1e-20, else 1.
  private func distanceFactors(_ scales: BufferSlice, count: Int) throws -> BufferSlice {
    let (rows, same) = (Layout(dense: [count]), Layout(shape: [count], strides: Strides()))
    let (factors, isWide) = (try temporary(count, scales.dtype), try temporary(count, .bool))
    let (quarter, one) = (try temporary(1, scales.dtype), try temporary(1, scales.dtype))
    try fill(quarter, count: 1, with: 0.25)
    try fill(one, count: 1, with: 1)
    try compareScalar(.less, scales, 1e-20, count: count, into: isWide)
    try select(isWide, rows, quarter, same, one, same, into: factors)
    return factors
  }
}
