/// Default implementation of dropout.
extension Backend {
  public func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    try require(.dropout, for: x.dtype)
    guard probability < 1 else {
      try fill(y, count: count, with: 0)
      return
    }
    let mask = try temporary(count, x.dtype)
    try random(.bernoulli(probability: 1 - probability), source, count: count, into: mask)
    let dense = Layout(dense: [count])
    try binary(.multiply, x, dense, mask, dense, into: y)
    try binaryScalar(.multiply, y, 1 / (1 - probability), scalarFirst: false, count: count, into: y)
  }
}
