import Tensors

extension Tensor {
  /// Returns the matrix exponential Σ Aʲ/j! of square matrices `[..., n, n]` (PyTorch's `linalg.matrix_exp`, SciPy's `expm`).
  ///
  /// It works on every device, and does not use LAPACK. A matrix with a 1-norm above 1 is divided by a power of 2, and the
  /// result is squared as often, so the function waits for the norms. Rounding errors grow with the number of squares. Results
  /// beyond the element type, and matrices with infinite or NaN elements, give infinite or NaN elements.
  /// - Throws: `DeviceError`.
  public func matrixExponential() throws -> Tensor {
    let function = MatrixFunction("matrixExponential")
    try function.requireSquareMatrices(self, forLAPACK: false)
    if count == 0 { return self }
    let counts = try numbersOfSquares()
    let shape = Array(self.shape.dropLast(2)) + [1, 1]
    let scales = counts.map { Double(sign: .plus, exponent: -$0, significand: 1) }
    var result = (self * Tensor(scales, shape: shape, dtype: dtype, on: device)).taylorPolynomialOfExponential()
    let positions = Tensor(integers: counts, shape: shape, on: device)
    for step in 0..<(counts.max() ?? 0) {
      // Finished matrices are not squared, because an infinite square would make their gradient NaN.
      let isDone = positions .<= step
      let factor = result.replacing(with: 0, where: isDone)
      result = factor.matmul(factor).replacing(with: result, where: isDone)
    }
    return result
  }

  /// Returns for each matrix the smallest k ≥ 0 whose power 2ᵏ is at least the 1-norm, and 0 if the norm is not finite.
  private func numbersOfSquares() throws -> [Int] {
    if device.isShapeOnly { return Array(repeating: 0, count: shape.dropLast(2).reduce(1, *)) }
    return try detached().magnitude().sum(axis: -2).max(axis: -1).scalars(as: Double.self).map { norm in
      norm.isFinite && norm > 1 ? Int(norm.exponent) + (norm.significand > 1 ? 1 : 0) : 0
    }
  }

  /// Σ Aʲ/j! over j ≤ 18, in seven products (Paterson and Stockmeyer 1973). For a norm up to 1, the rest of the sum is less
  /// than 1e-17.
  private func taylorPolynomialOfExponential() -> Tensor {
    let coefficients = (1...18).reduce(into: [1.0]) { $0.append($0[$1 - 1] / Double($1)) }
    let identity = Tensor.identity(shape[rank - 1], on: device).cast(to: dtype)
    let square = matmul(self)
    let cube = square.matmul(self)
    func part(_ first: Int) -> Tensor {
      identity * coefficients[first] + self * coefficients[first + 1] + square * coefficients[first + 2]
    }
    let last = part(15) + cube * coefficients[18]
    return stride(from: 12, through: 0, by: -3).reduce(last) { cube.matmul($0) + part($1) }
  }
}
