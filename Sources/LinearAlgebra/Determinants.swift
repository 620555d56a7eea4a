import CLapack
import HostSystem
import Tensors

extension Tensor {
  /// Returns the determinants of square matrices, `[..., n, n]` → `[...]` (PyTorch's `linalg.det`). That of an empty
  /// matrix is 1.
  ///
  /// The gradient is the matrix of cofactors, also at singular matrices. Second derivatives at singular matrices are NaN.
  /// - Throws: `LinearAlgebraError`; `DeviceError`.
  public func determinant() throws -> Tensor {
    let function = MatrixFunction("determinant")
    try function.requireSquareMatrices(self)
    return try withCustomGradient(of: self) { x in
      try function.onHost([x], results: [[]]) { lapack, operands in
        [try function.determinants(lapack, &operands[0]).value]
      }[0]
    } backward: { dy, x, _ in
      gradient(of: x, from: dy) { try dy.forEachMatrix() * x.cofactors() }
    }
  }

  /// Returns the signs of the determinants of square matrices, −1, 0, or 1, and the logarithms of their magnitudes,
  /// `[..., n, n]` → `[...]` (PyTorch's `linalg.slogdet`). A large matrix can have a determinant that overflows or
  /// underflows; its logarithm does not. Gradients flow to the logarithm; that of a singular matrix is −∞, with NaN as
  /// gradient.
  /// - Throws: `LinearAlgebraError`; `DeviceError`.
  public func signAndLogDeterminant() throws -> (sign: Tensor, logMagnitude: Tensor) {
    let function = MatrixFunction("signAndLogDeterminant")
    try function.requireSquareMatrices(self)
    let results = try function.onHost([detached()], results: [[], []]) { lapack, operands in
      let determinants = try function.determinants(lapack, &operands[0])
      return [determinants.sign, determinants.logMagnitude]
    }
    let logMagnitude = withCustomGradient(of: self) { _ in
      results[1]
    } backward: { dy, x, _ in
      gradient(of: x, from: dy) { try dy.forEachMatrix() * x.inverse().transposed() }
    }
    return (results[0], logMagnitude)
  }

  /// Adds two axes, so that numbers `[...]` apply to matrices `[..., m, n]`.
  private func forEachMatrix() -> Tensor { expanded(axis: -1).expanded(axis: -1) }

  /// Returns det(A)·A⁻ᵀ, the derivatives of the determinant by the elements. Computed from singular values, it also
  /// exists for singular matrices: with A = UΣVᵀ, it is det(U)·det(V)·UΣ′Vᵀ, where each element of Σ′ is the product of
  /// the other singular values.
  private func cofactors() throws -> Tensor {
    try withCustomGradient(of: self) { x in
      let (u, s, vTransposed) = try x.svd()
      let n = x.shape[x.rank - 1]
      let others = s.expanded(axis: -2).broadcast(to: x.shape)
        .replacing(with: 1, where: Tensor.identity(n, on: x.device).cast(to: .bool)).product(axis: -1)
      let sign = try u.signAndLogDeterminant().sign * vTransposed.signAndLogDeterminant().sign
      return sign.forEachMatrix() * (u * others.expanded(axis: -2)).matmul(vTransposed)
    } backward: { dy, x, y in
      gradient(of: x, from: dy) {
        let inverse = try x.inverse()
        let sum = (dy * y).sum(axes: [-2, -1]).forEachMatrix()
        return sum * inverse.transposed()
          - y.matmul(dy, transposingRight: true).matmul(inverse, transposingRight: true)
      }
    }
  }
}

/// The determinants of matrices.
private struct Determinants {
  var value, sign, logMagnitude: Matrices
}

extension MatrixFunction {
  /// Returns the determinants, and destroys the matrices.
  fileprivate func determinants(_ lapack: nn_lapack, _ a: inout Matrices) throws -> Determinants {
    let numbers = [Double](repeating: 1, count: a.count)
    var (values, signs, logarithms) = (numbers, numbers, numbers.map { _ in 0.0 })
    let n = a.rows
    try factor(lapack, &a, isRegular: false) { index, lu, pivots in
      for i in 0..<n {
        let pivot = pivots[i] == i + 1 ? lu[i * n + i] : -lu[i * n + i]
        values[index] *= pivot
        signs[index] *= pivot.isNaN || pivot == 0 ? pivot : (pivot < 0 ? -1 : 1)
        logarithms[index] += log(abs(pivot))
      }
      return 0
    }
    return Determinants(
      value: Matrices(batch: a.batch, numbers: values), sign: Matrices(batch: a.batch, numbers: signs),
      logMagnitude: Matrices(batch: a.batch, numbers: logarithms))
  }
}
