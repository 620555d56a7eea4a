import Tensors

// Numbers that describe matrices, and powers.

extension Tensor {
  /// Returns the number of singular values greater than a tolerance, as int32, `[..., m, n]` → `[...]` (PyTorch's
  /// `linalg.matrix_rank`).
  /// - Parameter relativeTolerance: The tolerance relative to the largest singular value; max(m, n)·ε if nil, where ε is
  ///   the distance from 1 to the next number of the element type.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func matrixRank(relativeTolerance: Double? = nil) throws -> Tensor {
    let function = MatrixFunction("matrixRank")
    let values = try detached().singularValues(function)
    let tolerance = try function.tolerance(relativeTolerance, for: self)
    return (values .> tolerance * values.norm(.infinity, axis: -1, keepingRank: true)).cast(to: .int32).sum(axis: -1)
  }

  /// Returns the ratio of the largest and the smallest singular value, `[..., m, n]` → `[...]` (PyTorch's `linalg.cond`); ∞
  /// if the smallest one is 0, and 0 for an empty matrix.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func conditionNumber() throws -> Tensor {
    let values = try singularValues(MatrixFunction("conditionNumber"))
    if values.shape[values.rank - 1] == 0 { return values.sum(axis: -1) }
    let (largest, smallest) = (values[.ellipsis, 0], values[.ellipsis, -1])
    return (largest / smallest).replacing(with: .infinity, where: smallest .== 0)
  }

  /// Returns the largest singular value, `[..., m, n]` → `[...]` (PyTorch's `linalg.matrix_norm` with `ord=2`); 0 for an
  /// empty matrix. The Frobenius norm is `norm(axes: [-2, -1])`.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func spectralNorm() throws -> Tensor {
    try singularValues(MatrixFunction("spectralNorm")).norm(.infinity, axis: -1)
  }

  /// Returns the sum of the singular values, `[..., m, n]` → `[...]` (PyTorch's `linalg.matrix_norm` with `ord="nuc"`).
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func nuclearNorm() throws -> Tensor {
    try singularValues(MatrixFunction("nuclearNorm")).sum(axis: -1)
  }

  /// Returns the product of `exponent` equal factors for square matrices `[..., n, n]`; the identity matrix for 0, and
  /// powers of the inverse for negative exponents (PyTorch's `linalg.matrix_power`).
  /// - Throws: `LinearAlgebraError.singular` for negative exponents, if a matrix has no inverse; `DeviceError`.
  public func matrixPower(_ exponent: Int) throws -> Tensor {
    let function = MatrixFunction("matrixPower")
    try function.requireSquareMatrices(self)
    if exponent == 0 {
      return Tensor.identity(shape[rank - 1], on: device).cast(to: dtype).broadcast(to: shape)
    }
    var square = exponent < 0 ? try inverse(function) : self
    var (rest, product) = (exponent.magnitude, Tensor?.none)
    while true {
      if rest % 2 == 1 { product = product?.matmul(square) ?? square }
      rest /= 2
      guard rest > 0 else { return product ?? square }
      square = square.matmul(square)
    }
  }
}
