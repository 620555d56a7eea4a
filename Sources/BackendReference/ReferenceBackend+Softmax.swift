import HostSystem
import BackendCore

/// Softmax of the rows of a matrix, its gradient, and the cross-entropy of labels.
extension ReferenceBackend {
  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    try require(.softmax, for: x.dtype)
    let (source, result) = (Elements(x), Elements(y))
    for row in 0..<rows {
      let logarithms = logSoftmax(source, row: row, columns: columns)
      for column in 0..<columns {
        result[row * columns + column] = logarithmic ? logarithms[column] : exp(logarithms[column])
      }
    }
  }

  /// x − max − ln Σ exp(x − max) for one row.
  private func logSoftmax(_ x: Elements, row: Int, columns: Int) -> [Double] {
    let numbers = (0..<columns).map { x[row * columns + $0] }
    let largest = numbers.reduce(-.infinity) { value(of: .maximum, $0, $1) }
    let logSum = log(numbers.reduce(0) { $0 + exp($1 - largest) })
    return numbers.map { $0 - largest - logSum }
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    try require(.softmaxGradient, for: dy.dtype)
    let (gradient, output, result) = (Elements(dy), Elements(y), Elements(dx))
    for row in 0..<rows {
      let positions = row * columns..<(row + 1) * columns
      if logarithmic {
        let sum = positions.reduce(0) { $0 + gradient[$1] }
        for i in positions { result[i] = gradient[i] - exp(output[i]) * sum }
      } else {
        let sum = positions.reduce(0) { $0 + gradient[$1] * output[$1] }
        for i in positions { result[i] = output[i] * (gradient[i] - sum) }
      }
    }
  }

  public func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    try require(.softmaxCrossEntropy, for: logits.dtype)
    let (source, labels, losses) = (Elements(logits), Elements(labels), Elements(loss))
    let gradients = gradient.map { Elements($0) }
    for row in 0..<rows {
      let label = Int(labels[integer: row])
      let positions = row * columns..<(row + 1) * columns
      if let ignoredLabel, label == Int(ignoredLabel) {
        losses[row] = 0
        for i in positions { gradients?[i] = 0 }
        continue
      }
      guard (0..<columns).contains(label) else {
        losses[row] = .nan
        for i in positions { gradients?[i] = .nan }
        continue
      }
      let logarithms = logSoftmax(source, row: row, columns: columns)
      // A share of 0 is skipped, because 0 times the logarithm of a probability that underflowed would be NaN.
      let spread = smoothing == 0 ? 0 : smoothing / Double(columns) * logarithms.reduce(0, +)
      losses[row] = -(1 - smoothing) * logarithms[label] - spread
      for column in 0..<columns {
        let target = (column == label ? 1 - smoothing : 0) + smoothing / Double(columns)
        gradients?[row * columns + column] = gradientScale * (exp(logarithms[column]) - target)
      }
    }
  }
}
