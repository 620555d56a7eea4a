import Tensors

extension MatrixFunction {
  /// Calls `body` with matrices `[..., m, n]` and right-hand sides `[..., m, k]` that have the same leading axes, and
  /// returns its result, `[..., n, k]`, in the form of the given right-hand sides: a vector `[m]`, or matrices whose
  /// leading axes are broadcast against those of the matrices.
  func withRightHandSides(
    _ a: Tensor, _ b: Tensor, _ body: (_ a: Tensor, _ b: Tensor) throws -> Tensor
  ) throws -> Tensor {
    try requireSameKind(a, b)
    if b.rank == 1 { return try withRightHandSides(a, b.expanded(axis: 1), body).squeezed(axis: -1) }
    if b.rank == 0 || a.shape[a.rank - 2] != b.shape[b.rank - 2] {
      try fail(
        "right-hand sides of shape \(b.shape) do not fit matrices of shape \(a.shape)",
        hint: "they are a vector [m] or matrices [..., m, k]")
    }
    try requireSize(b.shape)
    let (aBatch, bBatch) = (Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    if aBatch == bBatch { return try body(a, b) }
    if aBatch.isEmpty { return try withOneMatrix(a, b, body) }
    guard let batch = broadcast(aBatch, bBatch) else {
      try fail("the leading axes of shapes \(a.shape) and \(b.shape) do not fit")
    }
    return try body(
      a.broadcast(to: batch + a.shape.suffix(2)), b.broadcast(to: batch + b.shape.suffix(2)))
  }

  /// Treats all right-hand sides as columns of one matrix, so that the only matrix on the left is factored once.
  private func withOneMatrix(
    _ a: Tensor, _ b: Tensor, _ body: (_ a: Tensor, _ b: Tensor) throws -> Tensor
  ) throws -> Tensor {
    let rest = Array(b.shape.dropLast(2)) + b.shape.suffix(1)
    let columns = b.movedAxis(from: -2, to: 0).reshaped([a.shape[0], rest.reduce(1, *)])
    try requireSize(columns.shape)
    return try body(a, columns).reshaped([a.shape[1]] + rest).movedAxis(from: 0, to: -2)
  }

  /// Returns the leading axes after broadcasting; nil if they do not fit.
  private func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    var result = a.count >= b.count ? a : b
    for (back, (m, n)) in zip(a.reversed(), b.reversed()).enumerated() {
      if m != n && m != 1 && n != 1 { return nil }
      result[result.count - 1 - back] = m == 1 ? n : m
    }
    return result
  }
}
