import CLapack
import Tensors

extension Tensor {
  /// Returns the eigenvalues of symmetric matrices `[..., n, n]` in ascending order, `[..., n]`, and their orthonormal
  /// eigenvectors as columns, `[..., n, n]`: A = V·diag(λ)·Vᵀ (PyTorch's `linalg.eigh`). Only the lower triangle of A is
  /// read.
  ///
  /// The signs of the vectors are not determined, so the value of a function should not depend on them. Gradients of the
  /// vectors exist if the eigenvalues are distinct; otherwise, they are infinite or NaN. For functions of the eigenvalues
  /// alone, use `symmetricEigenvalues()`. The gradient is symmetric, as that of `cholesky()`.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func symmetricEigenvectors() throws -> (values: Tensor, vectors: Tensor) {
    let function = MatrixFunction("symmetricEigenvectors")
    try function.requireSquareMatrices(self)
    let n = shape[rank - 1]
    let results = try withCustomGradient(of: self, shapes: [[n], [n, n]]) { x in
      let results = try function.onHost([x], results: [[n], [n, n]], areFinite: true) { lapack, operands in
        [try function.eigenvalues(lapack, &operands[0], vectors: true), operands[0]]
      }
      return [results[0], results[1].transposed()]
    } backward: { upstream, _, results in
      let (values, vectors) = (results[0], results[1])
      let differences = (values.expanded(axis: -2) - values.expanded(axis: -1)).withInfiniteDiagonal()
      let inner = vectors.matmul(upstream[1], transposingLeft: true).gentlyDivided(by: differences)
      return vectors.matmul(inner + upstream[0].diagonalMatrix()).matmul(vectors, transposingRight: true).symmetrized()
    }
    return (results[0], results[1])
  }

  /// Returns the eigenvalues of symmetric matrices in ascending order, `[..., n, n]` → `[..., n]` (PyTorch's
  /// `linalg.eigvalsh`). Only the lower triangle is read. The gradient is symmetric and computes the eigenvectors.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func symmetricEigenvalues() throws -> Tensor {
    let function = MatrixFunction("symmetricEigenvalues")
    try function.requireSquareMatrices(self)
    let n = shape[rank - 1]
    return try withCustomGradient(of: self) { x in
      try function.onHost([x], results: [[n]], areFinite: true) { lapack, operands in
        [try function.eigenvalues(lapack, &operands[0], vectors: false)]
      }[0]
    } backward: { dy, x, _ in
      gradient(of: x, from: dy) {
        let vectors = try x.symmetricEigenvectors().vectors
        return (vectors * dy.expanded(axis: -2)).matmul(vectors, transposingRight: true)
      }
    }
  }
}

extension MatrixFunction {
  /// Returns the eigenvalues, and destroys A or replaces it by the eigenvectors, which are columns for LAPACK. The lower
  /// triangle of A is the upper one for LAPACK.
  fileprivate func eigenvalues(_ lapack: nn_lapack, _ a: inout Matrices, vectors: Bool) throws -> Matrices {
    var values = try Matrices(batch: a.batch, count: a.rows)
    let n = Int32(a.rows)
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        values.withMatrix(index) { values in nn_lapack_symmetric_eigenvalues(lapack, vectors, n, a, values) }
      }
      try check(info) { name, _ in .notConverged(operation: name, matrix: a.position(index)) }
    }
    return values
  }
}
