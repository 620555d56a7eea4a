import CLapack
import Tensors

extension Tensor {
  /// Returns X with the smallest ‖AX − B‖ for each column, for matrices `[..., m, n]` of any rank; the shortest one if there
  /// are several (PyTorch's `linalg.lstsq`).
  ///
  /// - Parameters:
  ///   - b: The right-hand sides, a vector `[m]` or matrices `[..., m, k]`. Leading axes are broadcast.
  ///   - relativeTolerance: Singular values up to this number times the largest count as 0; max(m, n)·ε if nil, where ε
  ///     is the distance from 1 to the next number of the element type.
  /// - Returns: The solutions, a vector `[n]` or matrices `[..., n, k]`. The gradient is that for a constant rank.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func leastSquares(_ b: Tensor, relativeTolerance: Double? = nil) throws -> Tensor {
    let function = MatrixFunction("leastSquares")
    try function.requireMatrices(self)
    let tolerance = try function.tolerance(relativeTolerance, for: self)
    return try function.withRightHandSides(self, b) { a, b in
      try withCustomGradient(of: [a, b]) { inputs in
        try inputs[0].leastSquaresSolution(inputs[1], tolerance, function)
      } backward: { dx, inputs, x in
        let (a, b) = (inputs[0], inputs[1])
        return leastSquaresGradients(dx, a, b, x) { try a.pseudoInverse(relativeTolerance: tolerance) }
      }
    }
  }

  /// Returns the Moore-Penrose inverse A⁺ of matrices, `[..., m, n]` → `[..., n, m]` (PyTorch's `linalg.pinv`).
  /// `leastSquares(_:)` is faster and more accurate than a product with it.
  /// - Parameter relativeTolerance: Singular values up to this number times the largest count as 0; max(m, n)·ε if nil,
  ///   where ε is the distance from 1 to the next number of the element type.
  /// - Returns: The inverses. The gradient is that for a constant rank.
  /// - Throws: `LinearAlgebraError.notFinite` for infinite or NaN elements; `LinearAlgebraError.notConverged`;
  ///   `DeviceError`.
  public func pseudoInverse(relativeTolerance: Double? = nil) throws -> Tensor {
    let function = MatrixFunction("pseudoInverse")
    try function.requireMatrices(self)
    let tolerance = try function.tolerance(relativeTolerance, for: self)
    let m = shape[rank - 2]
    return try withCustomGradient(of: self) { x in
      let identity = Tensor.identity(m, on: x.device).cast(to: x.dtype)
      return try x.leastSquaresSolution(identity.broadcast(to: x.shape.dropLast(2) + [m, m]), tolerance, function)
    } backward: { dy, x, y in
      // −Yᵀ·dY·Yᵀ + (I − AY)dYᵀ·YYᵀ + YᵀY·dYᵀ(I − YA)
      let both = y.matmul(dy, transposingLeft: true).matmul(y, transposingRight: true)
      let left = dy.matmul(y, transposingLeft: true).matmul(y, transposingRight: true)
      let right = y.matmul(y.matmul(dy, transposingRight: true), transposingLeft: true)
      return (left - x.matmul(y).matmul(left)) + (right - right.matmul(y).matmul(x)) - both
    }
  }

  /// Returns the shortest least-squares solution for operands with the same leading axes.
  fileprivate func leastSquaresSolution(
    _ b: Tensor, _ tolerance: Double, _ function: MatrixFunction
  ) throws -> Tensor {
    let (m, n, k) = (shape[rank - 2], shape[rank - 1], b.shape[b.rank - 1])
    // LAPACK replaces m elements of each column by n elements.
    let missing = Tensor.zeros(b.shape.dropLast(2) + [Swift.max(n - m, 0), k], dtype: b.dtype, on: b.device)
    let columns = Tensor.concatenated([b, missing], axis: -2).transposed()
    let solutions = try function.onHost([transposed(), columns], results: [[k, Swift.max(m, n)]], areFinite: true) {
      lapack, operands in
      var (b, a) = (operands.removeLast(), operands.removeLast())
      try function.leastSquares(lapack, tolerance, &a, &b)
      return [b]
    }[0]
    return solutions.split(sizes: [n, Swift.max(m - n, 0)], axis: -1)[0].transposed()
  }
}

/// Returns the gradients of A and B for X = A⁺B. With U = A⁺ᵀ·dX, that of B is U, and that of A is
/// −UXᵀ + (B − AX)(A⁺U)ᵀ + A⁺ᵀX(dX − AᵀU)ᵀ.
private func leastSquaresGradients(
  _ dx: Tensor, _ a: Tensor, _ b: Tensor, _ x: Tensor, _ inverse: () throws -> Tensor
) -> [Tensor] {
  let inverse = gradient(of: a.transposed(), from: dx, inverse)
  let u = inverse.matmul(dx, transposingLeft: true)
  let residuals = b - a.matmul(x)
  let rest = dx - a.matmul(u, transposingLeft: true)
  let da =
    residuals.matmul(inverse.matmul(u), transposingRight: true) - u.matmul(x, transposingRight: true)
    + inverse.matmul(x, transposingLeft: true).matmul(rest, transposingRight: true)
  return [da, u]
}

extension MatrixFunction {
  /// Returns the given relative tolerance, or max(m, n)·ε.
  func tolerance(_ given: Double?, for x: Tensor) throws -> Double {
    if let given {
      if !(given >= 0 && given.isFinite) { try fail("relativeTolerance is a number from 0 on, not \(given)") }
      return given
    }
    let epsilon = x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    return Double(x.shape.suffix(2).reduce(0, Swift.max)) * epsilon
  }

  /// Replaces B, `[..., k, max(m, n)]`, by the solutions, and destroys A, `[..., n, m]`.
  fileprivate func leastSquares(
    _ lapack: nn_lapack, _ tolerance: Double, _ a: inout Matrices, _ b: inout Matrices
  ) throws {
    let (m, n, k) = (Int32(a.columns), Int32(a.rows), Int32(b.rows))
    var singularValues = [Double](repeating: 0, count: min(a.rows, a.columns))
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        b.withMatrix(index) { b in nn_lapack_least_squares(lapack, m, n, k, tolerance, a, b, &singularValues) }
      }
      try check(info) { name, _ in .notConverged(operation: name, matrix: a.position(index)) }
    }
  }
}
