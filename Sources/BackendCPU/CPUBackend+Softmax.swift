import BackendCore
import CPUKernels

/// Softmax of rows, its gradient, and the cross-entropy of labels.
extension CPUBackend {
  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    if x.dtype.isHalf || y.dtype.isHalf {
      return softmaxHalves(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
    }
    try require(.softmax, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.softmax(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
    }
    let (source, result, kernel) = (x.floats, y.floats, kernels.pointee.softmax)
    let streams = streams(rows * columns)
    parallelRows(rows, columns) {
      let first = $0.lowerBound * columns
      kernel(source + first, $0.count, columns, logarithmic, result + first, streams)
    }
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    if dy.dtype.isHalf || y.dtype.isHalf || dx.dtype.isHalf {
      return softmaxGradientHalves(dy, y, rows: rows, columns: columns, logarithmic: logarithmic, into: dx)
    }
    try require(.softmaxGradient, for: dy.dtype)
    if dy.dtype == .float64 {
      return try composed.softmaxGradient(dy, y, rows: rows, columns: columns, logarithmic: logarithmic, into: dx)
    }
    let (gradient, output, result, kernel) = (dy.floats, y.floats, dx.floats, kernels.pointee.softmax_gradient)
    parallelRows(rows, columns) {
      let first = $0.lowerBound * columns
      kernel(gradient + first, output + first, $0.count, columns, logarithmic, result + first)
    }
  }

  public func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    try require(.softmaxCrossEntropy, for: logits.dtype)
    if logits.dtype == .float64 {
      return try composed.softmaxCrossEntropy(
        logits, labels: labels, rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignoredLabel,
        gradientScale: gradientScale, loss: loss, gradient: gradient)
    }
    let (source, targets, losses) = (logits.floats, labels.integers, loss.floats)
    let (gradients, kernel, streams) = (gradient?.floats, kernels.pointee.cross_entropy, streams(rows * columns))
    let scale = Float(gradientScale)
    parallelRows(rows, columns) {
      let row = $0.lowerBound
      let rowGradient = gradients.map { $0 + row * columns }
      if var ignored = ignoredLabel {
        kernel(
          source + row * columns, targets + row, $0.count, columns, smoothing, &ignored, scale, losses + row,
          rowGradient,
          streams)
      } else {
        kernel(
          source + row * columns, targets + row, $0.count, columns, smoothing, nil, scale, losses + row, rowGradient,
          streams)
      }
    }
  }

  private func parallelRows(_ rows: Int, _ columns: Int, _ body: (Range<Int>) -> Void) {
    parallel(rows, grain: max(1, Grain.heavy / max(1, columns)), unit: 1, body)
  }
}
