internal import HostSystem
import BackendCore

/// The matrix product in float64.
extension CPUBackend {
  func matmul64(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    let (left, right, result) = (a.elements(Double.self), b.elements(Double.self), c.elements(Double.self))
    let (m, n, k) = (shape.m, shape.n, shape.k)
    guard shape.batch > 0 && m > 0 && n > 0 else { return }
    // The product reads the rows of both matrices: transposed ones are copied.
    let (turnedA, turnedB) = (shape.transposesA ? m * k : 0, shape.transposesB ? k * n : 0)
    try withScratch(max(1, turnedA + turnedB), of: Double.self) { scratch in
      for matrix in 0..<shape.batch {
        var (x, y) = (UnsafePointer(left + matrix * shape.strideA), UnsafePointer(right + matrix * shape.strideB))
        if shape.transposesA {
          transpose(x, rows: k, columns: m, into: scratch)
          x = UnsafePointer(scratch)
        }
        if shape.transposesB {
          transpose(y, rows: n, columns: k, into: scratch + turnedA)
          y = UnsafePointer(scratch + turnedA)
        }
        let product = DoubleProduct(a: x, b: y, c: result + matrix * m * n, n: n, k: k, alpha: alpha, beta: beta)
        let tiles = m.dividedRoundingUp(by: DoubleProduct.rows)
        parallel(tiles, grain: max(1, Grain.simple * 4 / max(1, n * k * DoubleProduct.rows)), unit: 1) { range in
          for tile in range {
            let first = tile * DoubleProduct.rows
            product.compute(first..<min(first + DoubleProduct.rows, m))
          }
        }
      }
    }
  }

  /// y[columns, rows] = x[rows, columns] with its axes exchanged.
  private func transpose(
    _ x: UnsafePointer<Double>, rows: Int, columns: Int, into y: UnsafeMutablePointer<Double>
  ) {
    parallel(columns, grain: max(1, Grain.simple / max(1, rows)), unit: 8) { range in
      for row in 0..<rows {
        for column in range { y[column * rows + row] = x[row * columns + column] }
      }
    }
  }
}

/// C = alpha·A·B + beta·C of row-major matrices, by tiles of four rows of C. The order of the additions does not depend on
/// the tile of a row.
private struct DoubleProduct {
  /// The number of rows of a tile.
  static let rows = 4
  /// The number of columns whose sums stay in the first-level cache.
  static let columns = 256

  let a, b: UnsafePointer<Double>
  let c: UnsafeMutablePointer<Double>
  let n, k: Int
  let alpha, beta: Double

  /// Computes up to four rows of C.
  func compute(_ rows: Range<Int>) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.rows * Self.columns) { memory in
      guard let sums = memory.baseAddress else { return }
      for first in stride(from: 0, to: n, by: Self.columns) {
        let width = min(Self.columns, n - first)
        sums.initialize(repeating: 0, count: Self.rows * Self.columns)
        if rows.count == Self.rows {
          addFourRows(rows.lowerBound, first, width, to: sums)
        } else {
          for row in rows { addRow(row, first, width, to: sums + (row - rows.lowerBound) * Self.columns) }
        }
        for row in rows { store(sums + (row - rows.lowerBound) * Self.columns, row, first, width) }
      }
    }
  }

  private func addFourRows(_ row: Int, _ first: Int, _ width: Int, to sums: UnsafeMutablePointer<Double>) {
    let (s0, s1) = (sums, sums + Self.columns)
    let (s2, s3) = (s1 + Self.columns, s1 + 2 * Self.columns)
    for p in 0..<k {
      let source = b + (p * n + first)
      let (a0, a1) = (a[row * k + p], a[(row + 1) * k + p])
      let (a2, a3) = (a[(row + 2) * k + p], a[(row + 3) * k + p])
      for j in 0..<width {
        let number = source[j]
        s0[j] += a0 * number
        s1[j] += a1 * number
        s2[j] += a2 * number
        s3[j] += a3 * number
      }
    }
  }

  private func addRow(_ row: Int, _ first: Int, _ width: Int, to sums: UnsafeMutablePointer<Double>) {
    for p in 0..<k {
      let (source, factor) = (b + (p * n + first), a[row * k + p])
      for j in 0..<width { sums[j] += factor * source[j] }
    }
  }

  /// C is not read if beta is 0.
  private func store(_ sums: UnsafePointer<Double>, _ row: Int, _ first: Int, _ width: Int) {
    let result = c + (row * n + first)
    if beta == 0 {
      for j in 0..<width { result[j] = alpha * sums[j] }
    } else {
      for j in 0..<width { result[j] = alpha * sums[j] + beta * result[j] }
    }
  }
}
