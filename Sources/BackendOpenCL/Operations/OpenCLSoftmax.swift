#if OpenCL
public import BackendCore

/// Softmax of the rows of a matrix, its gradient, and the cross-entropy of labels.
extension OpenCLBackend {
  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    try require(.softmax, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.softmax(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
    }
    let (name, groups) = rowKernel(.softmax, "softmax", rows: rows, columns: columns)
    try launch(name, groups) { arguments in
      arguments.slice(x, rows * columns)
      arguments.slice(y, rows * columns)
      arguments.count(rows)
      arguments.count(columns)
      arguments.flag(logarithmic)
    }
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    try require(.softmaxGradient, for: dy.dtype)
    if dy.dtype == .float64 {
      return try composed.softmaxGradient(dy, y, rows: rows, columns: columns, logarithmic: logarithmic, into: dx)
    }
    let (name, groups) = rowKernel(.softmax, "softmaxGradient", rows: rows, columns: columns)
    try launch(name, groups) { arguments in
      arguments.slice(dy, rows * columns)
      arguments.slice(y, rows * columns)
      arguments.slice(dx, rows * columns)
      arguments.count(rows)
      arguments.count(columns)
      arguments.flag(logarithmic)
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
    let (name, groups) = rowKernel(.softmax, "crossEntropy", rows: rows, columns: columns)
    let target = Target(
      atLabel: Float(1 - smoothing), everywhere: Float(smoothing / Double(max(columns, 1))),
      gradientScale: Float(gradientScale), ignoredLabel: ignoredLabel ?? 0, ignoresLabel: ignoredLabel == nil ? 0 : 1,
      hasGradient: gradient == nil ? 0 : 1)
    try launch(name, groups) { arguments in
      arguments.slice(logits, rows * columns)
      arguments.slice(labels, rows)
      arguments.slice(loss, rows)
      arguments.slice(gradient ?? loss, gradient == nil ? 0 : rows * columns)
      arguments.count(rows)
      arguments.count(columns)
      arguments.value(target)
    }
  }
}

/// `target_t` of `Softmax.cl`.
private struct Target: BitwiseCopyable {
  var atLabel, everywhere, gradientScale: Float
  var ignoredLabel, ignoresLabel, hasGradient: Int32
}
#endif
