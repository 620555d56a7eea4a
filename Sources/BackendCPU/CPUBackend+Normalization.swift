import BackendCore
import CPUKernels

/// Normalization of rows and its gradient.
extension CPUBackend {
  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    if x.dtype.isHalf || y.dtype.isHalf || weight?.dtype.isHalf == true || bias?.dtype.isHalf == true {
      return try normalizeHalves(x, weight: weight, bias: bias, shape, into: y, statistics: statistics)
    }
    try require(.normalize, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.normalize(x, weight: weight, bias: bias, shape, into: y, statistics: statistics)
    }
    let (source, result, weights, biases) = (x.floats, y.floats, weight?.floats, bias?.floats)
    let (kept, kernel, columns) = (statistics?.floats, kernels.pointee.normalize, shape.columns)
    parallel(shape.rows, grain: grain(shape), unit: 1) { range in
      let row = range.lowerBound
      kernel(
        source + row * columns, weights, biases, range.count, columns, shape.isCentered, shape.epsilon,
        result + row * columns, kept.map { $0 + row }, kept.map { $0 + (shape.rows + row) })
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
    let (upstream, source, means, columns) = (dy.floats, x.floats, statistics.floats, shape.columns)
    let scales = means + shape.rows
    if dWeight != nil || dBias != nil {
      let (weightSums, biasSums, kernel) = (dWeight?.floats, dBias?.floats, kernels.pointee.normalize_sums)
      parallel(columns, grain: max(16, Grain.simple / max(1, shape.rows))) { range in
        kernel(
          upstream, source, means, scales, shape.rows, columns, range.lowerBound, range.upperBound, weightSums,
          biasSums)
      }
    }
    let (result, weights, kernel) = (dx.floats, weight?.floats, kernels.pointee.normalize_gradient)
    parallel(shape.rows, grain: grain(shape), unit: 1) { range in
      let (row, first) = (range.lowerBound, range.lowerBound * columns)
      kernel(
        upstream + first, source + first, weights, means + row, scales + row, range.count, columns, shape.isCentered,
        result + first)
    }
  }

  private func grain(_ shape: NormalizationShape) -> Int { max(1, Grain.heavy / max(1, shape.columns)) }
}
