@testable import BackendCPU
import BackendCore
import Testing

/// Compares the matrix product with sums in Double.
@Suite struct MatmulTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var m, n, k: Int
    var batch = 1
    var alpha = 1.0
    var beta = 0.0
    /// Whether a single B is used for all batches.
    var sharesB = false
    var testDescription: String { "\(batch)x \(m)x\(k)x\(n) alpha \(alpha) beta \(beta)\(sharesB ? " shared" : "")" }
  }

  static let cases: [Case] = [
    Case(m: 1, n: 1, k: 1), Case(m: 1, n: 300, k: 37), Case(m: 300, n: 1, k: 37), Case(m: 2, n: 3, k: 0),
    Case(m: 0, n: 3, k: 2), Case(m: 3, n: 0, k: 2), Case(m: 6, n: 64, k: 128), Case(m: 7, n: 65, k: 31),
    Case(m: 33, n: 129, k: 127, alpha: -0.5, beta: 0.25), Case(m: 13, n: 16, k: 17), Case(m: 127, n: 10, k: 33),
    Case(m: 32, n: 128, k: 784), Case(m: 12, n: 100, k: 1000, beta: 1), Case(m: 64, n: 64, k: 64),
    Case(m: 31, n: 80, k: 1100, alpha: 2, beta: -1), Case(m: 500, n: 40, k: 300),
    // Packed panels: wide, deep, and more rows than one block.
    Case(m: 19, n: 1030, k: 530), Case(m: 260, n: 1100, k: 20), Case(m: 250, n: 520, k: 800, beta: 0.5),
    Case(m: 20, n: 2100, k: 9), Case(m: 15, n: 70, k: 1000), Case(m: 100, n: 300, k: 70),
    Case(m: 5, n: 7, k: 9, batch: 4), Case(m: 64, n: 33, k: 20, batch: 3, beta: 1),
    Case(m: 5, n: 70, k: 9, batch: 6, sharesB: true), Case(m: 40, n: 48, k: 50, batch: 40),
  ]

  @Test(arguments: cases, InstructionSet.available)
  func agreesWithDouble(_ test: Case, _ instructionSet: InstructionSet) throws {
    for (transposesA, transposesB) in [(false, false), (true, false), (false, true), (true, true)] {
      let backend = CPUBackend(instructionSet: instructionSet, threads: 2)
      let operands = Operands(test, transposesA, transposesB)
      let found = try operands.product(backend, offset: 3)
      let worst = operands.worstError(found)
      // Each of k roundings is half a unit of a partial sum, which stays below √k here; a wrong operand causes an error
      // of 0.1.
      let bound = 1.2e-7 * (10 + Double(test.k)) * (abs(test.alpha) + abs(test.beta))
      #expect(worst <= bound, "\(transposesA) \(transposesB): error \(worst), bound \(bound)")
    }
  }

  @Test(arguments: cases, [(false, false), (true, false), (false, true), (true, true)])
  func hasTheSameBitsOnAnyNumberOfThreads(_ test: Case, _ transposes: (Bool, Bool)) throws {
    let operands = Operands(test, transposes.0, transposes.1)
    let expected = try operands.product(CPUBackend(threads: 1), offset: 0).map(\.bitPattern)
    for threads in [2, 3, 7] {
      let found = try operands.product(CPUBackend(threads: threads), offset: 1).map(\.bitPattern)
      #expect(found == expected, "\(threads) threads")
    }
  }

  @Test func ignoresWhatCHoldsWithoutBeta() throws {
    let backend = CPUBackend.shared
    for (m, n, k) in [(1, 40, 8), (40, 1, 8), (20, 70, 8), (8, 20, 8)] {
      for transposesB in [false, true] {
        let a = try backend.slice([Float](repeating: 1, count: m * k))
        let b = try backend.slice([Float](repeating: 1, count: k * n))
        let c = try backend.slice([Float](repeating: .nan, count: m * n))
        let shape = MatmulShape(m: m, n: n, k: k, transposesB: transposesB)
        try backend.matmul(a, b, shape, alpha: 1, beta: 0, into: c)
        #expect(try backend.floats(c, m * n) == [Float](repeating: Float(k), count: m * n))
      }
    }
  }

  @Test(
    arguments: [nil, UnaryOp.relu, UnaryOp(.gelu), UnaryOp(.tanh)],
    [(32, 784, 128), (1, 20, 33), (300, 70, 1), (260, 600, 530)])
  func linearIsProductBiasAndActivation(_ activation: UnaryOp?, _ shape: (Int, Int, Int)) throws {
    let (rows, inputs, units) = shape
    let backend = CPUBackend(threads: 3)
    var numbers = Numbers(seed: 5)
    let x = try backend.slice(numbers.floats(rows * inputs)), w = try backend.slice(numbers.floats(inputs * units))
    let bias = try backend.slice(numbers.floats(units))
    let (y, pre, expected) = (
      try backend.empty(rows * units), try backend.empty(rows * units), try backend.empty(rows * units)
    )
    try backend.linear(
      x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y, preActivation: pre)
    try backend.matmul(x, w, MatmulShape(m: rows, n: units, k: inputs), alpha: 1, beta: 0, into: expected)
    let matrix: Shape = [rows, units]
    try backend.binary(
      .add, expected, Layout(dense: matrix), bias, Layout(broadcasting: [units], to: matrix), into: expected)
    #expect(try backend.floats(pre, rows * units) == backend.floats(expected, rows * units))
    if let activation { try backend.unary(activation, expected, count: rows * units, into: expected) }
    #expect(try backend.floats(y, rows * units) == backend.floats(expected, rows * units))
    try backend.linear(
      x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y, preActivation: nil)
    #expect(try backend.floats(y, rows * units) == backend.floats(expected, rows * units))
  }
}

/// The operands of one product, and the product in Double.
private struct Operands {
  let test: MatmulTests.Case
  let shape: MatmulShape
  let a, b, c: [Float]

  init(_ test: MatmulTests.Case, _ transposesA: Bool, _ transposesB: Bool) {
    self.test = test
    shape = MatmulShape(
      batch: test.batch, m: test.m, n: test.n, k: test.k, transposesA: transposesA, transposesB: transposesB,
      strideA: test.m * test.k, strideB: test.sharesB ? 0 : test.k * test.n)
    var numbers = Numbers(seed: UInt64(test.m * 31 + test.n * 7 + test.k))
    a = numbers.floats(test.batch * test.m * test.k)
    b = numbers.floats((test.sharesB ? 1 : test.batch) * test.k * test.n)
    c = numbers.floats(test.batch * test.m * test.n)
  }

  func product(_ backend: CPUBackend, offset: Int) throws -> [Float] {
    let result = try backend.slice(c, offset: offset)
    try backend.matmul(
      try backend.slice(a, offset: offset), try backend.slice(b, offset: 2 * offset), shape, alpha: test.alpha,
      beta: test.beta, into: result)
    return try backend.floats(result, c.count)
  }

  func worstError(_ found: [Float]) -> Double {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    var worst = 0.0
    var sums = [Double](repeating: 0, count: n)
    for batch in 0..<shape.batch {
      for i in 0..<m {
        for j in 0..<n { sums[j] = 0 }
        for p in 0..<k {
          let x = Double(a[batch * shape.strideA + (shape.transposesA ? p * m + i : i * k + p)])
          let from = batch * shape.strideB
          if shape.transposesB {
            for j in 0..<n { sums[j] += x * Double(b[from + j * k + p]) }
          } else {
            for j in 0..<n { sums[j] += x * Double(b[from + p * n + j]) }
          }
        }
        for j in 0..<n {
          let target = (batch * m + i) * n + j
          let expected = test.alpha * sums[j] + test.beta * Double(c[target])
          let error = abs(Double(found[target]) - expected)
          worst = error.isNaN ? .infinity : max(worst, error)
        }
      }
    }
    return worst
  }
}
