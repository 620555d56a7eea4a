import Tensors

extension Tensor {
  /// Returns the polar decomposition of matrices `[..., m, n]`: A = UH, where the columns of U, `[..., m, n]`, or its rows for
  /// m < n, are orthonormal, and H, `[..., n, n]`, is symmetric and positive semidefinite (PyTorch's `linalg.polar`, SciPy's
  /// `polar`). U is the nearest such matrix to A.
  ///
  /// The gradient exists if the rank of A is min(m, n), also for equal singular values; second derivatives exist if the
  /// singular values are distinct.
  /// - Parameter left: Whether the symmetric matrix is on the left: A = HU with H of the shape `[..., m, m]`.
  /// - Returns: U and H.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func polarDecomposition(left: Bool = false) throws -> (orthogonal: Tensor, symmetric: Tensor) {
    let function = MatrixFunction("polarDecomposition")
    try function.requireMatrices(self)
    let orthogonal = try withCustomGradient(of: self) { x in
      let (u, _, vTransposed) = try x.svd(function)
      return u.matmul(vTransposed)
    } backward: { dy, x, _ in
      gradient(of: x, from: dy) { try polarGradient(dy, x.svd()) }
    }
    let product =
      left ? matmul(orthogonal, transposingRight: true) : orthogonal.matmul(self, transposingLeft: true)
    return (orthogonal, product.symmetrized())
  }
}

/// Returns the gradient of A = UΣVᵀ from that of Q = UVᵀ. With G = Uᵀ·dQ·V, it is
///
///   U((G − Gᵀ)/(σᵢ + σⱼ))Vᵀ + (I − UUᵀ)dQ·VΣ⁻¹Vᵀ + UΣ⁻¹Uᵀ·dQ(I − VVᵀ).
private func polarGradient(_ dq: Tensor, _ y: (u: Tensor, s: Tensor, vTransposed: Tensor)) -> Tensor {
  let (row, column) = (y.s.expanded(axis: -2), y.s.expanded(axis: -1))
  let left = y.u.matmul(dq, transposingLeft: true)
  let right = dq.matmul(y.vTransposed, transposingRight: true)
  let inner = left.matmul(y.vTransposed, transposingRight: true)
  var sum = y.u.matmul((inner - inner.transposed()).gentlyDivided(by: row + column)).matmul(y.vTransposed)
  // For a square matrix, the projections are 0 except for rounding.
  let (m, n, k) = (dq.shape[dq.rank - 2], dq.shape[dq.rank - 1], y.s.shape[y.s.rank - 1])
  if m > k { sum += (right - y.u.matmul(inner)).gentlyDivided(by: row).matmul(y.vTransposed) }
  if n > k { sum += y.u.matmul((left - inner.matmul(y.vTransposed)).gentlyDivided(by: column)) }
  return sum
}
