import BackendCore
import BackendReference
import Testing

@Suite struct MatmulTests {
  let backend = ReferenceBackend()

  @Test func transposesAlphaAndBeta() throws {
    let a: [Double] = [1, 2, 3, 4, 5, 6]
    let b: [Double] = [7, 8, 9, 10, 11, 12]
    func product(_ shape: MatmulShape, alpha: Double = 1, beta: Double = 0, _ before: [Double]) throws -> [Double] {
      let c = try buffer(before)
      try backend.matmul(try buffer(a), try buffer(b), shape, alpha: alpha, beta: beta, into: c)
      return try values(c)
    }
    let poison = [Double](repeating: .nan, count: 4)
    #expect(try product(MatmulShape(m: 2, n: 2, k: 3), poison) == [58, 64, 139, 154])
    #expect(try product(MatmulShape(m: 2, n: 2, k: 3, transposesA: true), poison) == [89, 98, 116, 128])
    #expect(try product(MatmulShape(m: 2, n: 2, k: 3, transposesB: true), poison) == [50, 68, 122, 167])
    #expect(try product(MatmulShape(m: 2, n: 2, k: 3), alpha: 0.5, beta: 10, [1, 2, 3, 4]) == [39, 52, 99.5, 117])
    #expect(try product(MatmulShape(m: 2, n: 2, k: 0), beta: 2, [1, 2, 3, 4]) == [2, 4, 6, 8])
    #expect(try product(MatmulShape(m: 2, n: 2, k: 0), poison) == [0, 0, 0, 0])
  }

  /// Two batches of `[1, 2]` by `[2, 1]`, with one matrix for both if the stride is 0.
  @Test func batches() throws {
    let a = try buffer([1, 2, 3, 4])
    let b = try buffer([10, 1, 20, 2])
    let c = try result(2)
    try backend.matmul(
      a, b, MatmulShape(batch: 2, m: 1, n: 1, k: 2, strideA: 2, strideB: 2), alpha: 1, beta: 0, into: c)
    #expect(try values(c) == [12, 68])
    try backend.matmul(
      a, b, MatmulShape(batch: 2, m: 1, n: 1, k: 2, strideA: 0, strideB: 2), alpha: 1, beta: 0, into: c)
    #expect(try values(c) == [12, 24])
  }

  @Test func linearKeepsWhatTheActivationHides() throws {
    let x = try buffer([1, -1])
    let w = try buffer([1, 2, 3, 4])
    let bias = try buffer([0.5, 5])
    let y = try result(2)
    let before = try result(2)
    try backend.linear(
      x, w, bias: bias, rows: 1, inputs: 2, units: 2, activation: .relu, into: y, preActivation: before)
    #expect(try values(before) == [-1.5, 3])
    #expect(try values(y) == [0, 3])
  }

  @Test func gradientOfLinearAgreesWithDifferences() throws {
    let (rows, units) = (3, 4)
    let z = numbers(rows * units, seed: 3)
    let dy = numbers(rows * units, seed: 4)
    let activation = UnaryOp(.gelu)
    /// Σ dy · activation(z + shift at one element).
    func loss(_ place: Int, _ shift: Double) throws -> Double {
      var moved = z
      moved[place] += shift
      let y = try result(rows * units)
      try backend.unary(activation, try buffer(moved), count: rows * units, into: y)
      return zip(try values(y), dy).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let dz = try result(rows * units)
    let dBias = try result(units)
    try backend.linearGradient(
      try buffer(dy), saved: try buffer(z), activation: activation, rows: rows, units: units, dz: dz, dBias: dBias)
    let expected = try (0..<rows * units).map { (try loss($0, 1e-6) - loss($0, -1e-6)) / 2e-6 }
    #expect(agree(try values(dz), expected, to: 1e-8))
    let sums = (0..<units).map { unit in (0..<rows).reduce(0) { $0 + expected[$1 * units + unit] } }
    #expect(agree(try values(dBias), sums, to: 1e-8))
  }
}
