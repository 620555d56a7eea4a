import Tensors

extension Tensor {
  /// Returns the first n columns of a product of k Householder matrices, H₁·H₂·…·Hₖ with Hᵢ = I − τᵢ·vᵢ·vᵢᵀ (PyTorch's
  /// `linalg.householder_product`, LAPACK's `orgqr`): `[..., m, n]` → `[..., m, n]`.
  ///
  /// Column i of this tensor contains vᵢ below its diagonal. Above, vᵢ is 0, and on the diagonal, 1; these elements and the
  /// columns after the first k ones are not read. That is the form in which LAPACK returns the Q of a QR factorization.
  ///
  /// It works on every device, does not use LAPACK, and takes a few tensor operations for each of the k matrices.
  /// - Parameter scales: τ, `[..., k]`, with the same leading axes and k ≤ n ≤ m.
  public func householderProduct(scales: Tensor) -> Tensor {
    checked {
      let function = MatrixFunction("householderProduct")
      try function.requireMatrices(self, forLAPACK: false)
      try function.requireSameKind(self, scales)
      let (m, n) = (shape[rank - 2], shape[rank - 1])
      guard let k = scales.shape.last, k <= n, n <= m, scales.shape.dropLast() == shape.dropLast(2) else {
        try function.fail(
          "scales of shape \(scales.shape) do not fit matrices of shape \(shape)",
          hint: "they are [..., k] for matrices [..., m, n] with k ≤ n ≤ m")
      }
      let ones = Tensor.identity(m, on: device).cast(to: dtype).split(sizes: [n, m - n], axis: -1)[0]
      let vectors = lowerTriangle(diagonal: -1) + ones
      return (0..<k).reversed().reduce(ones.broadcast(to: shape)) { product, index in
        let vector = vectors[.ellipsis, index..<index + 1]
        let scaled = vector * scales[.ellipsis, index..<index + 1].expanded(axis: -1)
        return product - scaled * vector.matmul(product, transposingLeft: true)
      }
    }
  }
}
