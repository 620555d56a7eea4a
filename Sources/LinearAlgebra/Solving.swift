import CLapack
import Tensors

// Systems of linear equations. Factorizations are computed in float64, and their results are rounded to the element
// type of the operands.

extension Tensor {
  /// Returns the solution X of AX = B, where A is this tensor (PyTorch's `linalg.solve`).
  ///
  /// - Parameter b: The right-hand sides, a vector `[n]` or matrices `[..., n, k]`, for square matrices `[..., n, n]`.
  ///   Leading axes are broadcast. Only a tensor of rank 1 is a vector; for a batch of vectors, add an axis with
  ///   `expanded(axis: -1)`.
  /// - Returns: The solutions, in the shape of the right-hand sides.
  /// - Throws: `LinearAlgebraError.singular` if a pivot is exactly 0; `DeviceError`.
  public func solve(_ b: Tensor) throws -> Tensor {
    let function = MatrixFunction("solve")
    try function.requireSquareMatrices(self)
    return try function.withRightHandSides(self, b) { a, b in try a.solved(b, transposed: false, function) }
  }

  /// Returns the solution of AX = B or AᵀX = B for operands with the same leading axes.
  private func solved(_ b: Tensor, transposed: Bool, _ function: MatrixFunction) throws -> Tensor {
    try withCustomGradient(of: [self, b]) { inputs in
      try function.onHost([inputs[0], inputs[1].transposed()], results: [[b.shape[b.rank - 1], b.shape[b.rank - 2]]]) {
        lapack, operands in
        var (b, a) = (operands.removeLast(), operands.removeLast())
        try function.solve(lapack, transposed: transposed, &a, &b)
        return [b]
      }[0].transposed()
    } backward: { dx, inputs, x in
      let a = inputs[0]
      let db = gradient(of: x, from: dx) { try a.solved(dx, transposed: !transposed, function) }
      let da = transposed ? x.matmul(db, transposingRight: true) : db.matmul(x, transposingRight: true)
      return [-da, db]
    }
  }

  /// Returns A⁻¹ for square matrices `[..., n, n]` (PyTorch's `linalg.inv`). `solve(_:)` is faster and more accurate than
  /// a product with the inverse.
  /// - Throws: `LinearAlgebraError.singular` if a pivot is exactly 0; `DeviceError`.
  public func inverse() throws -> Tensor { try inverse(MatrixFunction("inverse")) }

  func inverse(_ function: MatrixFunction) throws -> Tensor {
    try function.requireSquareMatrices(self)
    return try withCustomGradient(of: self) { x in
      try function.onHost([x], results: [Array(x.shape.suffix(2))]) { lapack, operands in
        try function.invert(lapack, &operands[0])
        return operands
      }[0]
    } backward: { dy, _, y in
      -y.matmul(dy, transposingLeft: true).matmul(y, transposingRight: true)
    }
  }

  /// Returns the solution X of TX = B or TᵀX = B, where T is one triangle of this tensor; the other triangle is not read
  /// (PyTorch's `linalg.solve_triangular`).
  ///
  /// - Parameters:
  ///   - b: The right-hand sides, a vector `[n]` or matrices `[..., n, k]`, for square matrices `[..., n, n]`. Leading
  ///     axes are broadcast.
  ///   - upper: Whether T is the upper triangle; by default, it is the lower one.
  ///   - transposed: Whether T is transposed in the equation.
  /// - Returns: The solutions, in the shape of the right-hand sides.
  /// - Throws: `LinearAlgebraError.singular` if an element of the diagonal is 0; `DeviceError`.
  public func triangularSolve(_ b: Tensor, upper: Bool = false, transposed: Bool = false) throws -> Tensor {
    let function = MatrixFunction("triangularSolve")
    try function.requireSquareMatrices(self)
    return try function.withRightHandSides(self, b) { a, b in
      try a.triangularSolved(b, upper: upper, transposed: transposed, function)
    }
  }

  /// Returns the solution for operands with the same leading axes.
  func triangularSolved(
    _ b: Tensor, upper: Bool, transposed: Bool, _ function: MatrixFunction
  ) throws -> Tensor {
    try withCustomGradient(of: [self, b]) { inputs in
      try function.onHost([inputs[0], inputs[1].transposed()], results: [[b.shape[b.rank - 1], b.shape[b.rank - 2]]]) {
        lapack, operands in
        // LAPACK sees the transposes of the matrices.
        var (b, a) = (operands.removeLast(), operands.removeLast())
        try function.solveTriangular(lapack, upper: !upper, transposed: !transposed, &a, &b)
        return [b]
      }[0].transposed()
    } backward: { dx, inputs, x in
      let a = inputs[0]
      let db = gradient(of: x, from: dx) {
        try a.triangularSolved(dx, upper: upper, transposed: !transposed, function)
      }
      let da = transposed ? x.matmul(db, transposingRight: true) : db.matmul(x, transposingRight: true)
      return [-(upper ? da.upperTriangle() : da.lowerTriangle()), db]
    }
  }

  /// Returns the solution X of AX = B, where this tensor is the Cholesky factor L of A = LLᵀ (PyTorch's
  /// `cholesky_solve`). With the identity matrix as B, this is A⁻¹ (PyTorch's `cholesky_inverse`).
  ///
  /// - Parameter b: The right-hand sides, a vector `[n]` or matrices `[..., n, k]`. Leading axes are broadcast.
  /// - Returns: The solutions, in the shape of the right-hand sides.
  /// - Throws: `LinearAlgebraError.singular` if an element of the diagonal is 0; `DeviceError`.
  public func choleskySolve(_ b: Tensor) throws -> Tensor {
    let function = MatrixFunction("choleskySolve")
    try function.requireSquareMatrices(self)
    return try function.withRightHandSides(self, b) { factor, b in
      let half = try factor.triangularSolved(b, upper: false, transposed: false, function)
      return try factor.triangularSolved(half, upper: false, transposed: true, function)
    }
  }
}

extension MatrixFunction {
  /// Replaces A by its LU factorization, as LAPACK sees it, and calls `body` with the factorization and the row exchanges.
  /// - Parameter isRegular: Whether a pivot that is 0 is an error.
  func factor(
    _ lapack: nn_lapack, _ a: inout Matrices, isRegular: Bool = true,
    _ body: (_ index: Int, _ lu: UnsafeMutablePointer<Double>, _ pivots: [Int32]) throws -> Int32
  ) throws {
    let (m, n) = (a.columns, a.rows)
    var pivots = [Int32](repeating: 0, count: min(m, n))
    for index in 0..<a.count {
      let position = a.position(index)
      let info = try a.withMatrix(index) { matrix in
        let info = nn_lapack_lu(lapack, Int32(m), Int32(n), matrix, &pivots)
        return info > 0 && isRegular ? info : try body(index, matrix, pivots)
      }
      try check(info) { name, _ in .singular(operation: name, matrix: position) }
    }
  }

  /// Replaces B, `[..., k, n]`, by the solution. LAPACK sees the transpose of A.
  fileprivate func solve(_ lapack: nn_lapack, transposed: Bool, _ a: inout Matrices, _ b: inout Matrices) throws {
    let (n, k) = (Int32(b.columns), Int32(b.rows))
    try factor(lapack, &a) { index, lu, pivots in
      b.withMatrix(index) { b in
        nn_lapack_lu_solve(lapack, !transposed, n, k, lu, pivots, b)
      }
    }
  }

  /// Replaces A by its inverse. The transpose of the inverse is the inverse of the transpose.
  fileprivate func invert(_ lapack: nn_lapack, _ a: inout Matrices) throws {
    let n = Int32(a.rows)
    try factor(lapack, &a) { _, lu, pivots in
      nn_lapack_lu_inverse(lapack, n, lu, pivots)
    }
  }

  /// Replaces B, `[..., k, n]`, by the solution.
  fileprivate func solveTriangular(
    _ lapack: nn_lapack, upper: Bool, transposed: Bool, _ a: inout Matrices, _ b: inout Matrices
  ) throws {
    let (n, k) = (Int32(b.columns), Int32(b.rows))
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        b.withMatrix(index) { b in
          nn_lapack_triangular_solve(lapack, upper, transposed, n, k, a, b)
        }
      }
      try check(info) { name, _ in .singular(operation: name, matrix: a.position(index)) }
    }
  }
}
