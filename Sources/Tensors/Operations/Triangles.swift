import BackendCore

// Triangles and diagonals of the matrices in the last two axes, of any element type. Diagonal 0 is the main one,
// positive numbers count to the right of it, negative numbers below.

extension Tensor {
  /// Returns the elements on and below a diagonal, and 0 (`false`) above it (PyTorch's `tril`). All leading axes are
  /// kept. `Tensor.ones([n, n]).lowerTriangle()` is a causal mask.
  public func lowerTriangle(diagonal: Int = 0) -> Tensor {
    checked {
      let (rows, columns) = try matrixPositions("lowerTriangle", diagonal)
      return replacing(with: 0, where: columns .> rows)
    }
  }

  /// Returns the elements on and above a diagonal, and 0 (`false`) below it (PyTorch's `triu`). All leading axes are
  /// kept.
  public func upperTriangle(diagonal: Int = 0) -> Tensor {
    checked {
      let (rows, columns) = try matrixPositions("upperTriangle", diagonal)
      return replacing(with: 0, where: columns .< rows)
    }
  }

  /// Returns for each row the column of the diagonal, as `[m, 1]`, and all columns, as `[n]`.
  private func matrixPositions(_ name: StaticString, _ diagonal: Int) throws -> (rows: Tensor, columns: Tensor) {
    try Checks.matrices(name, self)
    let (m, n) = (extents[-2], extents[-1])
    let first = Swift.min(Swift.max(diagonal, -m), n)
    return (Tensor.range(0..<m, on: device).expanded(axis: 1) + first, Tensor.range(0..<n, on: device))
  }

  /// Returns a diagonal of each matrix, `[..., m, n]` → `[..., length]` (the Array API's `linalg.diagonal`; NumPy and
  /// PyTorch take the first two axes). A diagonal outside of the matrix is empty.
  public func diagonal(offset: Int = 0) -> Tensor {
    checked {
      try Checks.matrices("diagonal", self)
      let (m, n) = (extents[-2], extents[-1])
      let offset = Swift.min(Swift.max(offset, -m), n)
      let (row, column) = (Swift.max(-offset, 0), Swift.max(offset, 0))
      let dense = Strides(dense: extents)
      var shape = extents.dropping(last: 1)
      shape[rank - 2] = Swift.min(m - row, n - column)
      var strides = dense
      strides[rank - 2] = dense[rank - 2] + dense[rank - 1]
      return strided(shape, strides, offset: shape.count == 0 ? 0 : row * dense[rank - 2] + column * dense[rank - 1])
    }
  }

  /// Returns square matrices with these elements on a diagonal and 0 elsewhere, `[..., n]` → `[..., n + |offset|,
  /// n + |offset|]` (PyTorch's `diag_embed`).
  public func diagonalMatrix(offset: Int = 0) -> Tensor {
    checked {
      let name: StaticString = "diagonalMatrix"
      if rank == 0 {
        try Checks.fail(name, "a scalar has no elements in a row", hint: "reshape it with .reshaped([1])")
      }
      guard let size = Checks.sum([extents[-1], Int(clamping: offset.magnitude)]) else {
        try Checks.fail(name, "the matrices of shape \(extents) with offset \(offset) cannot be counted")
      }
      let result = try Checks.extents(name, Array(shape.dropLast()) + [size, size])
      let dense = Strides(dense: result)
      var strides = dense
      strides[rank - 1] = dense[rank - 1] + dense[rank]
      let start = Swift.max(-offset, 0) * dense[rank - 1] + Swift.max(offset, 0) * dense[rank]
      return scattered(into: result, strides, offset: start)
    }
  }

  /// Returns the sum of the main diagonal of each matrix, `[..., m, n]` → `[...]`.
  public func trace() -> Tensor {
    checked {
      try Checks.matrices("trace", self)
      return diagonal().sum(axis: -1)
    }
  }
}

extension Checks {
  /// Requires two axes or more.
  fileprivate static func matrices(_ operation: StaticString, _ x: Tensor) throws {
    if x.rank < 2 { try fail(operation, "needs matrices [..., m, n], not shape \(x.extents)") }
  }
}
