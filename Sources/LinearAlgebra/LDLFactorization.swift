import CLapack
import Tensors

/// The LDLᵀ factorization of symmetric matrices `[..., n, n]`: A = P·L·D·Lᵀ·Pᵀ, where P exchanges rows, L is lower triangular
/// with a diagonal of ones, and D consists of symmetric blocks of one or two rows on the diagonal.
public struct LDLFactorization: Sendable {
  /// P, `[..., n, n]`: one 1 in each row and column.
  public let permutation: Tensor
  /// L, `[..., n, n]`.
  public let lower: Tensor
  /// D, `[..., n, n]`.
  public let blockDiagonal: Tensor

  /// Returns the solution X of AX = B without factoring A again (PyTorch's `linalg.ldl_solve`).
  ///
  /// - Parameter b: The right-hand sides, a vector `[n]` or matrices `[..., n, k]`. Leading axes are broadcast.
  /// - Returns: The solutions, in the shape of the right-hand sides.
  /// - Throws: `LinearAlgebraError.singular` if a block of D has no inverse; `DeviceError`.
  public func solve(_ b: Tensor) throws -> Tensor {
    let function = MatrixFunction("ldl().solve")
    return try function.withRightHandSides(lower, b) { lower, b in
      let exchanged = permutation.matmul(b, transposingLeft: true)
      let first = try lower.triangularSolved(exchanged, upper: false, transposed: false, function)
      let second = try blockDiagonal.blockDiagonalSolved(first, function)
      return permutation.matmul(try lower.triangularSolved(second, upper: false, transposed: true, function))
    }
  }
}

extension Tensor {
  /// Returns the LDLᵀ factorization of symmetric matrices `[..., n, n]`, which need not be positive definite, with the row
  /// exchanges of Bunch and Kaufman 1977 (PyTorch's `linalg.ldl_factor`, SciPy's `ldl`). It exists for all of them. Only the
  /// lower triangle of A is read.
  ///
  /// Gradients flow to L and D, and are symmetric, as those of `cholesky`. They are NaN if D has no inverse.
  /// - Throws: `LinearAlgebraError`; `DeviceError`.
  public func ldl() throws -> LDLFactorization {
    let function = MatrixFunction("ldl")
    try function.requireSquareMatrices(self)
    let square = Array(shape.suffix(2))
    let results = try withCustomGradient(of: self, shapes: [square, square, square]) { x in
      let results = try function.onHost([x.transposed()], results: [square, square, square]) { lapack, operands in
        let (permutation, blocks) = try function.factorLDL(lapack, &operands[0])
        return [permutation, operands[0], blocks]
      }
      let ones = Tensor.identity(square[0], on: x.device).cast(to: x.dtype)
      return [results[0], results[1].transposed().lowerTriangle(diagonal: -1) + ones, results[2]]
    } backward: { upstream, _, results in
      try ldlGradient(
        upstream[1], upstream[2],
        LDLFactorization(permutation: results[0], lower: results[1], blockDiagonal: results[2]))
    }
    return LDLFactorization(permutation: results[0], lower: results[1], blockDiagonal: results[2])
  }

  /// Returns D⁻¹·B for this tensor as D, `[..., n, n]`, and B, `[..., n, k]`.
  ///
  /// A block of one row d has the solution b / d. That of two rows with the diagonal d₁, d₂ and e next to it has
  ///
  ///   x₁ = ((d₂/e)·(b₁/e) − b₂/e) / ((d₁/e)·(d₂/e) − 1),
  ///
  /// and x₂ with 1 and 2 exchanged. The quotients do not overflow where e² would: the exchanges of rows make |d₁·d₂| less
  /// than e².
  fileprivate func blockDiagonalSolved(_ b: Tensor, _ function: MatrixFunction) throws -> Tensor {
    if shape[rank - 1] == 0 { return b }
    let zero = Tensor.zeros(shape.dropLast(2) + [1, 1], dtype: dtype, on: device)
    let (diagonal, below) = (diagonal().expanded(axis: -1), diagonal(offset: -1).expanded(axis: -1))
    let next = Tensor.concatenated([below, zero], axis: -2)
    let isFirst = next .!= 0
    let element = next + Tensor.concatenated([zero, below], axis: -2)
    let isPair = element .!= 0
    // The other row of a block of two. The rows that the rolls wrap around are not in such a block.
    func other(_ x: Tensor) -> Tensor {
      x.rolled(by: 1, axis: -2).replacing(with: x.rolled(by: -1, axis: -2), where: isFirst)
    }
    let e = element.replacing(with: 1, where: .!isPair)
    let quotient = other(diagonal) / e
    let divisor = diagonal.replacing(with: (diagonal / e) * quotient - 1, where: isPair)
    try function.requireNonzero(divisor)
    return b.replacing(with: quotient * (b / e) - other(b) / e, where: isPair) / divisor
  }
}

/// Returns the gradient of A. Changes of A′ = PᵀAP = L·D·Lᵀ are L·S·Lᵀ, where S has the changes of D in the blocks of D, and the
/// product of L⁻¹·dL and D below them. The gradient of S is therefore Lᵀ·dL·D⁻¹ below the blocks and dD in them, and that
/// of A is P·L⁻ᵀ·S·L⁻¹·Pᵀ, made symmetric.
private func ldlGradient(_ dl: Tensor, _ dd: Tensor, _ y: LDLFactorization) throws -> Tensor {
  // The second element of a block of two rows is not 0: otherwise, it would be two blocks.
  let isOutside = (y.blockDiagonal .== 0) .& (Tensor.identity(dl.shape[dl.rank - 1], on: dl.device) .== 0)
  let product = y.lower.matmul(dl, transposingLeft: true).lowerTriangle(diagonal: -1)
  let below = product.replacing(with: 0, where: .!isOutside)
  let quotient = try y.blockDiagonal.blockDiagonalSolved(below.transposed(), MatrixFunction("ldl")).transposed()
  let sum = quotient + dd.replacing(with: 0, where: isOutside)
  let left = try y.lower.triangularSolve(sum, transposed: true)
  let gradient = try y.lower.triangularSolve(left.transposed(), transposed: true)
  return y.permutation.matmul(gradient.symmetrized()).matmul(y.permutation, transposingRight: true)
}

extension MatrixFunction {
  /// Requires that no divisor of a row, `[..., n, 1]`, is 0.
  fileprivate func requireNonzero(_ divisors: Tensor) throws {
    if divisors.device.isShapeOnly { return }
    let divisors = try Matrices(divisors.detached())
    if let index = divisors.elements.firstIndex(of: 0) {
      throw LinearAlgebraError.singular(operation: "\(name)", matrix: divisors.position(index / divisors.rows))
    }
  }

  /// Replaces A by L below its diagonal, as LAPACK sees it, and returns P and D.
  fileprivate func factorLDL(
    _ lapack: nn_lapack, _ a: inout Matrices
  ) throws -> (permutation: Matrices, blocks: Matrices) {
    let n = a.rows
    var orders = Array(repeating: Array(0..<n), count: a.count)
    var blocks = try Matrices(batch: a.batch, rows: n, columns: n)
    var pivots = [Int32](repeating: 0, count: n)
    for index in 0..<a.count {
      let info = a.withMatrix(index) { a in
        let info = nn_lapack_ldl(lapack, Int32(n), a, &pivots)
        if info < 0 { return info }
        return blocks.withMatrix(index) { blocks in
          orders[index] = unpack(a, pivots.map(Int.init), into: blocks)
          return 0
        }
      }
      try check(info) { name, _ in .singular(operation: name, matrix: a.position(index)) }
    }
    return (try Matrices(batch: a.batch, size: n, orders: orders), blocks)
  }

  /// Moves the blocks of D out of LAPACK's compact form, column by column, and applies each exchange of rows to the columns
  /// of L before it, which LAPACK leaves as they were. Returns the original position of each row.
  private func unpack(
    _ a: UnsafeMutablePointer<Double>, _ pivots: [Int], into blocks: UnsafeMutablePointer<Double>
  ) -> [Int] {
    let n = pivots.count
    var order = Array(0..<n)
    var start = 0
    while start < n {
      let size = pivots[start] < 0 ? 2 : 1
      let (row, other) = (start + size - 1, abs(pivots[start]) - 1)
      order.swapAt(row, other)
      for column in 0..<start {
        (a[column * n + row], a[column * n + other]) = (a[column * n + other], a[column * n + row])
      }
      for position in start..<start + size { blocks[position * n + position] = a[position * n + position] }
      if size == 2 {
        let element = a[start * n + row]
        (blocks[start * n + row], blocks[row * n + start], a[start * n + row]) = (element, element, 0)
      }
      start += size
    }
    return order
  }
}
