import CLapack
import Tensors

extension Tensor {
  /// Returns the reduced singular value decomposition of matrices `[..., m, n]`: A = UΣVᵀ, where the columns of U, `[..., m,
  /// k]`, and the rows of Vᵀ, `[..., k, n]`, are orthonormal, the singular values, `[..., k]`, are in descending order, and
  /// k = min(m, n) (PyTorch's `linalg.svd` with `full_matrices=False`).
  ///
  /// The signs of the vectors are not determined, so the value of a function should not depend on them. Gradients of the
  /// vectors exist if the singular values are distinct and, unless A is square, not 0; otherwise, they are infinite or
  /// NaN. For functions of the singular values alone, use `singularValues()`.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func svd() throws -> (u: Tensor, s: Tensor, vTransposed: Tensor) { try svd(MatrixFunction("svd")) }

  func svd(_ function: MatrixFunction) throws -> (u: Tensor, s: Tensor, vTransposed: Tensor) {
    try function.requireMatrices(self)
    let (m, n) = (shape[rank - 2], shape[rank - 1])
    let k = Swift.min(m, n)
    let results = try withCustomGradient(of: self, shapes: [[m, k], [k], [k, n]]) { x in
      try function.onHost([x], results: [[m, k], [k], [k, n]], areFinite: true) { lapack, operands in
        try function.decompose(lapack, &operands[0])
      }
    } backward: { upstream, _, results in
      svdGradient(
        (u: upstream[0], s: upstream[1], vTransposed: upstream[2]),
        (u: results[0], s: results[1], vTransposed: results[2]))
    }
    return (results[0], results[1], results[2])
  }

  /// Returns the singular values of matrices in descending order, `[..., m, n]` → `[..., min(m, n)]` (PyTorch's
  /// `linalg.svdvals`). The gradient computes the singular vectors.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func singularValues() throws -> Tensor {
    try singularValues(MatrixFunction("singularValues"))
  }

  func singularValues(_ function: MatrixFunction) throws -> Tensor {
    try function.requireMatrices(self)
    let k = Swift.min(shape[rank - 2], shape[rank - 1])
    return try withCustomGradient(of: self) { x in
      try function.onHost([x], results: [[k]], areFinite: true) { lapack, operands in
        [try function.singularValues(lapack, &operands[0])]
      }[0]
    } backward: { dy, x, _ in
      gradient(of: x, from: dy) {
        let (u, _, vTransposed) = try x.svd()
        return (u * dy.expanded(axis: -2)).matmul(vTransposed)
      }
    }
  }
}

private typealias Decomposition = (u: Tensor, s: Tensor, vTransposed: Tensor)

/// Returns the gradient of A = UΣVᵀ. With E = σⱼ² − σᵢ², which divides elements other than those of the diagonal, and
/// skew(X) = X − Xᵀ, it is
///
///   U(skew(Uᵀ·dU)/E·Σ + Σ·skew(Vᵀ·dV)/E + dΣ)Vᵀ + (I − UUᵀ)dU·Σ⁻¹Vᵀ + UΣ⁻¹·dVᵀ(I − VVᵀ).
private func svdGradient(_ d: Decomposition, _ y: Decomposition) -> Tensor {
  let (row, column) = (y.s.expanded(axis: -2), y.s.expanded(axis: -1))
  let differences = ((row - column) * (row + column)).withInfiniteDiagonal()
  let left = y.u.matmul(d.u, transposingLeft: true)
  let right = y.vTransposed.matmul(d.vTransposed, transposingRight: true)
  let inner =
    (left - left.transposed()).gentlyDivided(by: differences) * row
    + column * (right - right.transposed()).gentlyDivided(by: differences) + d.s.diagonalMatrix()
  var sum = y.u.matmul(inner).matmul(y.vTransposed)
  // For a square matrix, the projections are 0 except for rounding.
  let (m, n, k) = (y.u.shape[y.u.rank - 2], y.vTransposed.shape[y.u.rank - 1], y.s.shape[y.s.rank - 1])
  if m > k { sum += (d.u - y.u.matmul(left)).gentlyDivided(by: row).matmul(y.vTransposed) }
  if n > k {
    sum += y.u.matmul((d.vTransposed - right.transposed().matmul(y.vTransposed)).gentlyDivided(by: column))
  }
  return sum
}

extension MatrixFunction {
  /// Returns U, `[..., m, k]`, the singular values, and Vᵀ, `[..., k, n]`; destroys A. For LAPACK, the matrices are
  /// transposed, and Aᵀ = VΣUᵀ.
  fileprivate func decompose(_ lapack: nn_lapack, _ a: inout Matrices) throws -> [Matrices] {
    let (m, n, k) = (a.rows, a.columns, min(a.rows, a.columns))
    var u = try Matrices(batch: a.batch, rows: m, columns: k)
    var s = try Matrices(batch: a.batch, count: k)
    var v = try Matrices(batch: a.batch, rows: k, columns: n)
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        s.withMatrix(index) { s in
          u.withMatrix(index) { u in
            v.withMatrix(index) { v in nn_lapack_svd(lapack, Int32(n), Int32(m), a, s, v, u) }
          }
        }
      }
      try check(info) { name, _ in .notConverged(operation: name, matrix: a.position(index)) }
    }
    return [u, s, v]
  }

  fileprivate func singularValues(_ lapack: nn_lapack, _ a: inout Matrices) throws -> Matrices {
    var s = try Matrices(batch: a.batch, count: min(a.rows, a.columns))
    let (m, n) = (Int32(a.columns), Int32(a.rows))
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        s.withMatrix(index) { s in nn_lapack_svd(lapack, m, n, a, s, nil, nil) }
      }
      try check(info) { name, _ in .notConverged(operation: name, matrix: a.position(index)) }
    }
    return s
  }
}
