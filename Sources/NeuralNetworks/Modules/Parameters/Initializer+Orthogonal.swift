extension Initializer {
  /// A matrix with orthonormal rows or columns, whichever are fewer, times a gain. Saxe, McClelland, and Ganguli 2014.
  ///
  /// A tensor with more than two axes is treated as a matrix with `shape[0]` rows; with fewer, as a matrix with a
  /// single row. The result is the Q of the QR decomposition of a matrix of normal numbers, with signs that make the
  /// diagonal of R positive, so it is uniformly distributed (Mezzadri 2007), as in PyTorch.
  public static func orthogonal(gain: Double = 1) -> Initializer {
    Initializer("orthogonal", .orthogonal(gain: gain)) { shape, random in
      let count = shape.reduce(1, *)
      let rows = shape.count < 2 ? Swift.min(count, 1) : shape[0]
      if count == 0 { return [] }
      let columns = count / rows
      // The vectors have the longer extent and are orthonormalized one after the other.
      let (vectors, length) = (Swift.min(rows, columns), Swift.max(rows, columns))
      var basis = random.normals(vectors * length)
      orthonormalize(&basis, vectors: vectors, length: length)
      var result = [Double](repeating: 0, count: count)
      for vector in 0..<vectors {
        for index in 0..<length {
          let position = rows <= columns ? vector * columns + index : index * columns + vector
          result[position] = gain * basis[vector * length + index]
        }
      }
      return result
    }
  }

  /// Applies modified Gram-Schmidt, with each vector orthogonalized twice ("twice is enough": Giraud et al. 2005). The
  /// vectors are stored one after the other.
  private static func orthonormalize(_ basis: inout [Double], vectors: Int, length: Int) {
    basis.withUnsafeMutableBufferPointer { basis in
      for vector in 0..<vectors {
        let own = vector * length
        for _ in 0..<2 {
          for earlier in 0..<vector {
            let other = earlier * length
            var product = 0.0
            for index in 0..<length { product += basis[own + index] * basis[other + index] }
            for index in 0..<length { basis[own + index] -= product * basis[other + index] }
          }
        }
        var square = 0.0
        for index in 0..<length { square += basis[own + index] * basis[own + index] }
        let factor = 1 / square.squareRoot()
        for index in 0..<length { basis[own + index] *= factor }
      }
    }
  }
}
