import CLapack
import Tensors

extension Tensor {
  /// Returns the Cholesky factor L of symmetric positive definite matrices `[..., n, n]`: the lower triangular matrix
  /// with A = LLᵀ and a positive diagonal (PyTorch's `linalg.cholesky`). Only the lower triangle of A is read.
  ///
  /// The gradient is symmetric. For derivatives in which the two triangles of A are different variables, use
  /// `((a + a.transposed()) / 2).cholesky()`.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`, also for NaN; `DeviceError`.
  public func cholesky() throws -> Tensor {
    let function = MatrixFunction("cholesky")
    try function.requireSquareMatrices(self)
    return try withCustomGradient(of: self) { x in
      try function.onHost([x], results: [Array(x.shape.suffix(2))]) { lapack, operands in
        try function.factorCholesky(lapack, &operands[0])
        return operands
      }[0].lowerTriangle()
    } backward: { dy, x, factor in
      gradient(of: x, from: dy) { try factor.choleskyGradient(dy) }
    }
  }

  /// Returns ½·L⁻ᵀ(P + Pᵀ)L⁻¹, where P is the lower triangle of Lᵀ·dL with half of the diagonal.
  private func choleskyGradient(_ dy: Tensor) throws -> Tensor {
    let product = matmul(dy, transposingLeft: true)
    let symmetric = product.lowerTriangle() + product.lowerTriangle(diagonal: -1).transposed()
    let left = try triangularSolve(symmetric, transposed: true)
    return try triangularSolve(left.transposed(), transposed: true) / 2
  }
}

extension MatrixFunction {
  /// Replaces the lower triangle of A, which is the upper one for LAPACK, by L.
  fileprivate func factorCholesky(_ lapack: nn_lapack, _ a: inout Matrices) throws {
    let n = Int32(a.rows)
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        let info = nn_lapack_cholesky(lapack, n, a)
        if info != 0 { return info }
        // LAPACK notices NaN, but OpenBLAS does not.
        for place in 0..<n where a[Int(place) * Int(n + 1)].isNaN { return place + 1 }
        return 0
      }
      try check(info) { name, order in
        .notPositiveDefinite(operation: name, matrix: a.position(index), order: order)
      }
    }
  }
}
