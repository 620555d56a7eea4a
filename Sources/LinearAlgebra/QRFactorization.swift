import CLapack
import Tensors

extension Tensor {
  /// Returns the reduced QR factorization of matrices `[..., m, n]`: A = QR, where the columns of Q, `[..., m, k]`, are
  /// orthonormal, R, `[..., k, n]`, is upper triangular, and k = min(m, n) (PyTorch's `linalg.qr`).
  ///
  /// The diagonal of R can be negative. The gradient exists if the first k columns of A are linearly independent; otherwise,
  /// it is NaN.
  /// - Throws: `LinearAlgebraError`; `DeviceError`.
  public func qr() throws -> (q: Tensor, r: Tensor) {
    let function = MatrixFunction("qr")
    try function.requireMatrices(self)
    let (m, n) = (shape[rank - 2], shape[rank - 1])
    let k = Swift.min(m, n)
    let results = try withCustomGradient(of: self, shapes: [[m, k], [k, n]]) { x in
      let results = try function.onHost([x.transposed()], results: [[k, m], [n, m]]) { lapack, operands in
        [try function.factorQR(lapack, &operands[0]), operands[0]]
      }
      let r = results[1].split(sizes: [k, m - k], axis: -1)[0].transposed().upperTriangle()
      return [results[0].transposed(), r]
    } backward: { upstream, x, results in
      let (dq, dr, q, r) = (upstream[0], upstream[1].upperTriangle(), results[0], results[1])
      if m >= n { return try qrGradient(dq, dr, q, r) }
      // A = [X Y] and R = [U V], where X = QU and Y = QV.
      let (y, u) = (x.split(sizes: [m, n - m], axis: -1)[1], r.split(sizes: [m, n - m], axis: -1)[0])
      let parts = dr.split(sizes: [m, n - m], axis: -1)
      let dx = try qrGradient(dq + y.matmul(parts[1], transposingRight: true), parts[0], q, u)
      return .concatenated([dx, q.matmul(parts[1])], axis: -1)
    }
    return (results[0], results[1])
  }
}

/// Returns (dQ + Q·S)R⁻ᵀ, where S is the symmetric matrix with the lower triangle of R·dRᵀ − dQᵀ·Q; R is square.
private func qrGradient(_ dq: Tensor, _ dr: Tensor, _ q: Tensor, _ r: Tensor) throws -> Tensor {
  let product = r.matmul(dr, transposingRight: true) - dq.matmul(q, transposingLeft: true)
  let symmetric = product.lowerTriangle() + product.lowerTriangle(diagonal: -1).transposed()
  return try r.triangularSolve((dq + q.matmul(symmetric)).transposed(), upper: true).transposed()
}

extension MatrixFunction {
  /// Replaces A, `[..., n, m]` for LAPACK's m×n, by R in its upper triangle, and returns Q, `[..., k, m]`.
  fileprivate func factorQR(_ lapack: nn_lapack, _ a: inout Matrices) throws -> Matrices {
    let (m, n) = (a.columns, a.rows)
    let k = Swift.min(m, n)
    var q = try Matrices(batch: a.batch, rows: k, columns: m)
    var scales = [Double](repeating: 0, count: k)
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        let info = nn_lapack_qr(lapack, Int32(m), Int32(n), a, &scales)
        if info != 0 { return info }
        return q.withMatrix(index) { q in
          q.update(from: a, count: k * m)
          return nn_lapack_orthonormal(lapack, Int32(m), Int32(k), q, scales)
        }
      }
      try check(info) { name, _ in .notConverged(operation: name, matrix: a.position(index)) }
    }
    return q
  }
}
