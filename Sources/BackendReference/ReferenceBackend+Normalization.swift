import BackendCore

/// Normalization of rows and its gradient, computed directly from their formulas.
extension ReferenceBackend {
  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try require(.normalize, for: x.dtype)
    let (source, result, kept) = (Elements(x), Elements(y), statistics.map { Elements($0) })
    let (weights, biases) = (weight.map { Elements($0) }, bias.map { Elements($0) })
    for row in 0..<shape.rows {
      let numbers = (0..<shape.columns).map { source[row * shape.columns + $0] }
      let mean = shape.isCentered ? numbers.reduce(0, +) / Double(shape.columns) : 0
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shape.columns)
      let scale = 1 / (variance + shape.epsilon).squareRoot()
      kept?[row] = mean
      kept?[shape.rows + row] = scale
      for (column, number) in numbers.enumerated() {
        result[row * shape.columns + column] =
          (number - mean) * scale * (weights?[column] ?? 1) + (biases?[column] ?? 0)
      }
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.normalizeGradient, for: dy.dtype)
    let (upstream, source, kept, result) = (Elements(dy), Elements(x), Elements(statistics), Elements(dx))
    let weights = weight.map { Elements($0) }
    let columns = 0..<shape.columns
    var (weightSums, biasSums) = (columns.map { _ in 0.0 }, columns.map { _ in 0.0 })
    for row in 0..<shape.rows {
      let (mean, scale, first) = (kept[row], kept[shape.rows + row], row * shape.columns)
      let normal = columns.map { (source[first + $0] - mean) * scale }
      let gradients = columns.map { upstream[first + $0] * (weights?[$0] ?? 1) }
      for column in columns {
        weightSums[column] += upstream[first + column] * normal[column]
        biasSums[column] += upstream[first + column]
      }
      let meanGradient = shape.isCentered ? gradients.reduce(0, +) / Double(shape.columns) : 0
      let meanProduct = zip(gradients, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(shape.columns)
      for column in columns {
        result[first + column] = scale * (gradients[column] - meanGradient - normal[column] * meanProduct)
      }
    }
    for column in columns {
      dWeight.map { Elements($0)[column] = weightSums[column] }
      dBias.map { Elements($0)[column] = biasSums[column] }
    }
  }
}
