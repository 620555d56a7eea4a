import BackendCore
import CPUKernels

/// Normalisation of rows and its gradient.
extension CPUBackend {
  public func normalize(
    _ x: BufferSlice, gain: BufferSlice?, shift: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    guard x.dtype == .float32 else { throw unsupported("normalize", x.dtype) }
    let (source, result, gains, shifts) = (x.floats, y.floats, gain?.floats, shift?.floats)
    let (kept, kernel, columns) = (statistics?.floats, kernels.pointee.normalize, shape.columns)
    parallel(shape.rows, grain: grain(shape), unit: 1) { range in
      let row = range.lowerBound
      kernel(
        source + row * columns, gains, shifts, range.count, columns, shape.isCentred, shape.epsilon,
        result + row * columns, kept.map { $0 + row }, kept.map { $0 + (shape.rows + row) })
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, gain: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dGain: BufferSlice?, dShift: BufferSlice?
  ) throws {
    guard dy.dtype == .float32 else { throw unsupported("normalizeGradient", dy.dtype) }
    let (upstream, source, means, columns) = (dy.floats, x.floats, statistics.floats, shape.columns)
    let scales = means + shape.rows
    if dGain != nil || dShift != nil {
      let (gainSums, shiftSums, kernel) = (dGain?.floats, dShift?.floats, kernels.pointee.normalize_sums)
      parallel(columns, grain: max(16, Grain.simple / max(1, shape.rows))) { range in
        kernel(
          upstream, source, means, scales, shape.rows, columns, range.lowerBound, range.upperBound, gainSums,
          shiftSums)
      }
    }
    let (result, gains, kernel) = (dx.floats, gain?.floats, kernels.pointee.normalize_gradient)
    parallel(shape.rows, grain: grain(shape), unit: 1) { range in
      let (row, first) = (range.lowerBound, range.lowerBound * columns)
      kernel(
        upstream + first, source + first, gains, means + row, scales + row, range.count, columns, shape.isCentred,
        result + first)
    }
  }

  private func grain(_ shape: NormalizationShape) -> Int { max(1, Grain.heavy / max(1, shape.columns)) }
}
