import BackendCore

/// Normalisation of rows and its gradient, as their formulas say.
extension ReferenceBackend {
  public func normalize(
    _ x: BufferSlice, gain: BufferSlice?, shift: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try requireFloatingPoint(x, "normalize")
    let (source, result, kept) = (Elements(x), Elements(y), statistics.map { Elements($0) })
    let (gains, shifts) = (gain.map { Elements($0) }, shift.map { Elements($0) })
    for row in 0..<shape.rows {
      let numbers = (0..<shape.columns).map { source[row * shape.columns + $0] }
      let mean = shape.isCentred ? numbers.reduce(0, +) / Double(shape.columns) : 0
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shape.columns)
      let scale = 1 / (variance + shape.epsilon).squareRoot()
      kept?[row] = mean
      kept?[shape.rows + row] = scale
      for (column, number) in numbers.enumerated() {
        result[row * shape.columns + column] =
          (number - mean) * scale * (gains?[column] ?? 1) + (shifts?[column] ?? 0)
      }
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, gain: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dGain: BufferSlice?, dShift: BufferSlice?
  ) throws {
    try requireFloatingPoint(dy, "normalizeGradient")
    let (upstream, source, kept, result) = (Elements(dy), Elements(x), Elements(statistics), Elements(dx))
    let gains = gain.map { Elements($0) }
    let columns = 0..<shape.columns
    var (gainSums, shiftSums) = (columns.map { _ in 0.0 }, columns.map { _ in 0.0 })
    for row in 0..<shape.rows {
      let (mean, scale, first) = (kept[row], kept[shape.rows + row], row * shape.columns)
      let normal = columns.map { (source[first + $0] - mean) * scale }
      let slopes = columns.map { upstream[first + $0] * (gains?[$0] ?? 1) }
      for column in columns {
        gainSums[column] += upstream[first + column] * normal[column]
        shiftSums[column] += upstream[first + column]
      }
      let meanSlope = shape.isCentred ? slopes.reduce(0, +) / Double(shape.columns) : 0
      let meanProduct = zip(slopes, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(shape.columns)
      for column in columns {
        result[first + column] = scale * (slopes[column] - meanSlope - normal[column] * meanProduct)
      }
    }
    for column in columns {
      dGain.map { Elements($0)[column] = gainSums[column] }
      dShift.map { Elements($0)[column] = shiftSums[column] }
    }
  }
}
