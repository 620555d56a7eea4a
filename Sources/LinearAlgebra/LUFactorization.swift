import CLapack
import Tensors

/// The LU factorization of matrices `[..., m, n]`: A = PLU, where P exchanges rows, L is lower triangular with a diagonal of
/// ones, U is upper triangular, and k = min(m, n).
public struct LUFactorization: Sendable {
  /// P, `[..., m, m]`: one 1 in each row and column.
  public let permutation: Tensor
  /// L, `[..., m, k]`.
  public let lower: Tensor
  /// U, `[..., k, n]`.
  public let upper: Tensor

  /// Returns the solution X of AX = B for square matrices A, `[..., n, n]`, without factoring them again (PyTorch's
  /// `linalg.lu_solve`).
  ///
  /// - Parameter b: The right-hand sides, a vector `[n]` or matrices `[..., n, k]`. Leading axes are broadcast.
  /// - Returns: The solutions, in the shape of the right-hand sides.
  /// - Throws: `LinearAlgebraError.singular` if a pivot is exactly 0; `DeviceError`.
  public func solve(_ b: Tensor) throws -> Tensor {
    let function = MatrixFunction("lu().solve")
    if lower.shape != upper.shape {
      let shape = lower.shape.dropLast() + upper.shape.suffix(1)
      try function.fail("needs the factors of square matrices [..., n, n], not of shape \(Array(shape))")
    }
    return try function.withRightHandSides(upper, b) { upper, b in
      let exchanged = permutation.matmul(b, transposingLeft: true)
      let half = try lower.broadcast(to: upper.shape).triangularSolved(
        exchanged, upper: false, transposed: false, function)
      return try upper.triangularSolved(half, upper: true, transposed: false, function)
    }
  }
}

extension Tensor {
  /// Returns the LU factorization of matrices `[..., m, n]` with row exchanges (PyTorch's `linalg.lu`), which exists for all
  /// matrices.
  ///
  /// Gradients flow to L and U. They exist if the first k columns of A are linearly independent; otherwise, they are NaN.
  /// - Throws: `LinearAlgebraError`; `DeviceError`.
  public func lu() throws -> LUFactorization {
    let function = MatrixFunction("lu")
    try function.requireMatrices(self)
    let (m, n) = (shape[rank - 2], shape[rank - 1])
    try function.requireSize([m, m])
    let k = Swift.min(m, n)
    let results = try withCustomGradient(of: self, shapes: [[m, m], [m, k], [k, n]]) { x in
      let results = try function.onHost([x.transposed()], results: [[m, m], [n, m]]) { lapack, operands in
        [try function.factorLU(lapack, &operands[0]), operands[0]]
      }
      let lu = results[1].transposed()
      let ones = Tensor.identity(m, on: x.device).cast(to: x.dtype).split(sizes: [k, m - k], axis: -1)[0]
      let lower = lu.split(sizes: [k, n - k], axis: -1)[0].lowerTriangle(diagonal: -1) + ones
      return [results[0], lower, lu.split(sizes: [k, m - k], axis: -2)[0].upperTriangle()]
    } backward: { upstream, _, results in
      try luGradient(
        upstream[1], upstream[2], LUFactorization(permutation: results[0], lower: results[1], upper: results[2]))
    }
    return LUFactorization(permutation: results[0], lower: results[1], upper: results[2])
  }
}

/// Returns the gradient of A = P·[L₁; L₂]·[U₁ U₂] with square L₁ and U₁, of which L₂ or U₂ or both are empty. With
///
///   C = tril(L₁ᵀ·dL₁ − dU₂·U₂ᵀ, −1) + triu(dU₁·U₁ᵀ − L₂ᵀ·dL₂),
///
/// it is P·[L₁⁻ᵀ·C·U₁⁻ᵀ  L₁⁻ᵀ·dU₂; dL₂·U₁⁻ᵀ  0].
private func luGradient(_ dl: Tensor, _ du: Tensor, _ y: LUFactorization) throws -> Tensor {
  let (m, n, k) = (y.lower.shape[dl.rank - 2], y.upper.shape[dl.rank - 1], y.lower.shape[dl.rank - 1])
  func rows(_ x: Tensor) -> [Tensor] { x.split(sizes: [k, m - k], axis: -2) }
  func columns(_ x: Tensor) -> [Tensor] { x.split(sizes: [k, n - k], axis: -1) }
  let (l, dl, u, du) = (rows(y.lower), rows(dl), columns(y.upper), columns(du))
  func divided(_ x: Tensor) throws -> Tensor { try u[0].triangularSolve(x.transposed(), upper: true).transposed() }
  var below = l[0].matmul(dl[0], transposingLeft: true)
  var above = du[0].matmul(u[0], transposingRight: true)
  if n > k { below -= du[1].matmul(u[1], transposingRight: true) }
  if m > k { above -= l[1].matmul(dl[1], transposingLeft: true) }
  var sum = try divided(below.lowerTriangle(diagonal: -1) + above.upperTriangle())
  if n > k { sum = .concatenated([sum, du[1]], axis: -1) }
  sum = try l[0].triangularSolve(sum, transposed: true)
  if m > k { sum = .concatenated([sum, try divided(dl[1])], axis: -2) }
  return y.permutation.matmul(sum)
}

extension MatrixFunction {
  /// Replaces A, `[..., n, m]` for LAPACK's m×n, by U in its upper triangle and L below it, and returns P, `[..., m, m]`.
  fileprivate func factorLU(_ lapack: nn_lapack, _ a: inout Matrices) throws -> Matrices {
    let m = a.columns
    var orders = Array(repeating: Array(0..<m), count: a.count)
    try factor(lapack, &a, isRegular: false) { index, _, pivots in
      for (row, pivot) in pivots.enumerated() { orders[index].swapAt(row, Int(pivot) - 1) }
      return 0
    }
    return try Matrices(batch: a.batch, size: m, orders: orders)
  }
}
