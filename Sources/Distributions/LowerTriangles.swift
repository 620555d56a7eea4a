import NeuralNetworks

// Lower triangular matrices, with a few tensor operations for each row, on every device.

/// The lower triangular L with L·Lᵀ = Σ, column by column; each is subtracted from the rest of the matrix.
func choleskyFactor(_ covariance: Tensor) -> Tensor {
  let size = covariance.shape.last ?? 0
  var (rest, columns) = (covariance, [Tensor]())
  for j in 0..<size {
    let column = rest[.ellipsis, 0]
    let scaled = column * column[.ellipsis, 0..<1].reciprocalSquareRoot()
    columns.append(j == 0 ? scaled : .concatenated([.zeros(like: columns[0][.ellipsis, 0..<j]), scaled], axis: -1))
    let below = scaled[.ellipsis, 1...]
    if j + 1 < size { rest = rest[.ellipsis, 1..., 1...] - below.expanded(axis: -1) * below.expanded(axis: -2) }
  }
  return .stacked(columns, axis: -1)
}

/// The vectors y with L·y = b, element by element; both operands are broadcast.
func solution(of triangle: Tensor, _ b: Tensor) -> Tensor {
  let size = triangle.shape.last ?? 0
  var (rest, elements) = (b, [Tensor]())
  for j in 0..<size {
    let column = triangle[.ellipsis, j]
    elements.append(rest[.ellipsis, 0..<1] / column[.ellipsis, j..<j + 1])
    if j + 1 < size { rest = rest[.ellipsis, 1...] - column[.ellipsis, (j + 1)...] * elements[j] }
  }
  return .concatenated(elements, axis: -1)
}

/// The vectors y with Lᵀ·y = b; both operands are broadcast. With both axes flipped, Lᵀ is a lower triangle.
func transposedSolution(of triangle: Tensor, _ b: Tensor) -> Tensor {
  solution(of: triangle.transposed().flipped(axes: [-2, -1]), b.flipped(axis: -1)).flipped(axis: -1)
}
