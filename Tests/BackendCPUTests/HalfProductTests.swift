@testable import BackendCPU
import BackendCore
import Testing

/// Compares products of float16 and bfloat16 matrices with sums in Double of the same numbers.
@Suite struct HalfProductTests {
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
    Case(m: 1, n: 1, k: 1), Case(m: 1, n: 1, k: 5, beta: 2), Case(m: 1, n: 300, k: 37), Case(m: 300, n: 1, k: 37),
    Case(m: 1, n: 1000, k: 400, alpha: 0.5, beta: -1), Case(m: 1000, n: 1, k: 400, alpha: 0.5, beta: -1),
    Case(m: 2, n: 3, k: 0), Case(m: 2, n: 3, k: 0, beta: 0.5), Case(m: 1, n: 3, k: 0), Case(m: 3, n: 1, k: 0, beta: 1),
    Case(m: 0, n: 3, k: 2), Case(m: 3, n: 0, k: 2), Case(m: 2, n: 2, k: 1), Case(m: 6, n: 64, k: 128),
    Case(m: 7, n: 65, k: 31), Case(m: 13, n: 16, k: 17), Case(m: 12, n: 80, k: 2), Case(m: 18, n: 48, k: 1),
    Case(m: 33, n: 129, k: 127, alpha: -0.5, beta: 0.25), Case(m: 100, n: 300, k: 70),
    // Several blocks of rows, of columns, and of k, of which the last case has several for pairs, too.
    Case(m: 250, n: 200, k: 40), Case(m: 150, n: 1030, k: 9), Case(m: 300, n: 130, k: 41, beta: 1),
    Case(m: 15, n: 70, k: 1201), Case(m: 31, n: 80, k: 1600, alpha: 2, beta: -1),
    Case(m: 9, n: 66, k: 6151, alpha: 0.5),
    Case(m: 5, n: 7, k: 9, batch: 4), Case(m: 64, n: 33, k: 20, batch: 3, beta: 1),
    Case(m: 5, n: 70, k: 9, batch: 6, sharesB: true), Case(m: 1, n: 40, k: 33, batch: 5),
    Case(m: 24, n: 40, k: 30, batch: 40),
  ]

  /// Each instruction set alone, and the fastest one with its extension.
  static func backends(threads: Int) -> [CPUBackend] {
    InstructionSet.available.map { CPUBackend(instructionSet: $0, threads: threads) } + [CPUBackend(threads: threads)]
  }

  static let types: [DType] = [.float16, .bfloat16]
  static let transposes = [(false, false), (true, false), (false, true), (true, true)]

  @Test(arguments: cases, types)
  func agreesWithDouble(_ test: Case, _ type: DType) throws {
    let operands = HalfOperands(test, type)
    for backend in Self.backends(threads: 2) {
      for transposes in Self.transposes {
        for result in [type, .float32] {
          let found = try operands.product(backend, transposes, into: result, offset: 3)
          let excess = operands.worstExcess(found.numbers, result)
          let set = "\(backend.instructionSet)\(backend.bfloat16Kernels == nil ? "" : " with pairs")"
          #expect(excess <= 1, "\(set) \(transposes) \(result): \(excess) times the bound")
        }
      }
    }
  }

  @Test(arguments: cases, types)
  func hasTheSameBitsOnAnyNumberOfThreads(_ test: Case, _ type: DType) throws {
    let operands = HalfOperands(test, type)
    let backends = [2, 3, 7].map { CPUBackend(threads: $0) }, single = CPUBackend(threads: 1)
    for transposes in Self.transposes {
      for result in [type, .float32] {
        let expected = try operands.product(single, transposes, into: result, offset: 0).bytes
        for backend in backends {
          let found = try operands.product(backend, transposes, into: result, offset: 1).bytes
          #expect(found == expected, "\(transposes) \(result) on \(backend.threadCount) threads")
        }
      }
    }
  }

  /// Every tile: all heights, and widths around the vectors and strips of every instruction set. Small integers, whose sums
  /// every type represents.
  @Test(arguments: [1, 2, 3, 16, 17], types)
  func isExactForSmallIntegers(_ k: Int, _ type: DType) throws {
    var numbers = Numbers(seed: UInt64(k))
    let backends = Self.backends(threads: 1)
    for m in [1, 2, 3, 4, 5, 6, 7, 12, 13] {
      for n in [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 64, 65, 80, 81, 130] {
        let operands = HalfOperands(Case(m: m, n: n, k: k), type) { numbers.integer() }
        for backend in backends {
          for transposes in Self.transposes {
            for result in [type, .float32] {
              let found = try operands.product(backend, transposes, into: result, offset: 1).numbers
              let title = "\(backend.instructionSet) \(m)x\(k)x\(n) \(transposes) \(result)"
              #expect(found.map(Double.init) == operands.sums, "\(title)")
            }
          }
        }
      }
    }
  }

  /// Rows with NaN and infinity, in the last pair of an odd k, too. Other rows are not affected.
  @Test(arguments: types, [(7, 65), (1, 40), (7, 1), (20, 16)])
  func carriesNaNAndInfinity(_ type: DType, _ shape: (Int, Int)) throws {
    let (m, n) = shape, k = 33
    let operands = HalfOperands(Case(m: m, n: n, k: k), type) { 1 }
    for backend in Self.backends(threads: 1) {
      for transposes in Self.transposes {
        for result in [type, .float32] {
          for (special, p) in [(Float.nan, 32), (.infinity, 32), (-.infinity, 5), (.nan, 0)] {
            var changed = operands
            changed.a[(m - 1) * k + p] = special
            let found = try changed.product(backend, transposes, into: result, offset: 1).numbers
            let (above, last) = (found.prefix((m - 1) * n), found.suffix(n))
            let title = "\(backend.instructionSet) \(transposes) \(result) \(special) at \(p)"
            #expect(above.allSatisfy { $0 == Float(k) }, "\(title)")
            #expect(last.allSatisfy { special.isNaN ? $0.isNaN : $0 == special }, "\(title)")
          }
        }
      }
    }
  }

  /// 300 · 300 is too large for float16 and not for the other types.
  @Test(arguments: [(1, 20), (20, 1), (8, 70)])
  func roundsLargeSumsToInfinity(_ shape: (Int, Int)) throws {
    let operands = HalfOperands(Case(m: shape.0, n: shape.1, k: 1), .float16) { 300 }
    for backend in Self.backends(threads: 1) {
      let halves = try operands.product(backend, (false, false), into: .float16, offset: 0).numbers
      #expect(halves.allSatisfy { $0 == .infinity })
      let floats = try operands.product(backend, (false, false), into: .float32, offset: 0).numbers
      #expect(floats.allSatisfy { $0 == 90_000 })
    }
  }

  @Test(
    arguments: [nil, UnaryOp.relu, UnaryOp(.gelu), UnaryOp(.tanh)],
    [(32, 84, 128), (1, 20, 33), (70, 30, 1), (160, 100, 530), (5, 1300, 70)])
  func linearIsProductBiasAndActivation(_ activation: UnaryOp?, _ shape: (Int, Int, Int)) throws {
    let (rows, inputs, units) = shape
    for type in Self.types {
      for backend in Self.backends(threads: 2) {
        let operands = HalfOperands(Case(m: rows, n: units, k: inputs), type)
        let x = try backend.slice(operands.a, type, offset: 1), w = try backend.slice(operands.b, type, offset: 3)
        var numbers = Numbers(seed: 8)
        let rounded = numbers.floats(units).map { HalfFormat(type).rounded(Double($0)) }
        let bias = try backend.slice(rounded)
        // The same in float32, operation by operation.
        let sums = try backend.empty(rows * units), expected = try backend.empty(rows * units)
        try backend.matmul(x, w, MatmulShape(m: rows, n: units, k: inputs), alpha: 1, beta: 0, into: sums)
        let matrix: Shape = [rows, units]
        try backend.binary(
          .add, sums, Layout(dense: matrix), bias, Layout(broadcasting: [units], to: matrix), into: sums)
        try backend.copy(sums, count: rows * units, into: expected)
        if let activation { try backend.unary(activation, sums, count: rows * units, into: expected) }

        for (biasType, result) in [(type, type), (DType.float32, type), (type, DType.float32)] {
          let bias = try backend.slice(rounded, biasType, offset: 1)
          let y = try backend.empty(rows * units, result), before = try backend.empty(rows * units, result)
          func content(_ floats: BufferSlice) throws -> [UInt8] {
            let rounded = try backend.empty(rows * units, result)
            try backend.cast(floats, count: rows * units, into: rounded)
            return try backend.content(rounded, rows * units)
          }
          let title = "\(backend.instructionSet) \(type) bias \(biasType) result \(result)"
          for preActivation in [before, nil] {
            try backend.fill(y, count: rows * units, with: .nan)
            try backend.linear(
              x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y,
              preActivation: preActivation)
            #expect(try backend.content(y, rows * units) == content(expected), "\(title)")
          }
          #expect(try backend.content(before, rows * units) == content(sums), "\(title), before the activation")
        }
      }
    }
  }

  @Test func linearWithoutBiasIsTheProduct() throws {
    let operands = HalfOperands(Case(m: 9, n: 70, k: 33), .bfloat16)
    for backend in Self.backends(threads: 1) {
      let y = try backend.empty(9 * 70, .bfloat16)
      try backend.linear(
        backend.slice(operands.a, .bfloat16, offset: 0), backend.slice(operands.b, .bfloat16, offset: 0), bias: nil,
        rows: 9, inputs: 33, units: 70, activation: nil, into: y, preActivation: nil)
      let product = try operands.product(backend, (false, false), into: .bfloat16, offset: 0)
      #expect(try backend.content(y, 9 * 70) == product.bytes)
    }
  }

  @Test func computesProductsOfOneType() throws {
    let backend = CPUBackend(threads: 1)
    func slice(_ type: DType) throws -> BufferSlice { try backend.empty(4, type) }
    let shape = MatmulShape(m: 2, n: 2, k: 2)
    let matmul = BackendOperation.matmul(shape, alpha: 1, beta: 0)
    let linear = BackendOperation.linear(rows: 2, inputs: 2, units: 2, activation: nil)
    for type in Self.types {
      let other: DType = type == .float16 ? .bfloat16 : .float16
      let (x, float, unlike) = (try slice(type), try slice(.float32), try slice(other))
      #expect(backend.computesHalves(matmul, [x, x, x]))
      #expect(backend.computesHalves(matmul, [x, x, float]))
      #expect(!backend.computesHalves(matmul, [x, x, unlike]))
      #expect(!backend.computesHalves(matmul, [x, unlike, x]))
      #expect(!backend.computesHalves(matmul, [x, float, x]))
      #expect(!backend.computesHalves(matmul, [float, x, x]))
      #expect(backend.computesHalves(linear, [x, x, nil, x, nil]))
      #expect(backend.computesHalves(linear, [x, x, float, x, x]))
      #expect(!backend.computesHalves(linear, [x, x, unlike, x, nil]))
      #expect(throws: BackendError.unsupported(operation: "matmul", dtype: type, device: "cpu")) {
        try backend.matmul(x, unlike, shape, alpha: 1, beta: 0, into: x)
      }
      #expect(throws: BackendError.unsupported(operation: "linear", dtype: type, device: "cpu")) {
        try backend.linear(
          x, x, bias: unlike, rows: 2, inputs: 2, units: 2, activation: nil, into: x, preActivation: nil)
      }
    }
  }

  @Test func aRequestedInstructionSetHasNoExtension() {
    for set in InstructionSet.available { #expect(CPUBackend(instructionSet: set, threads: 1).bfloat16Kernels == nil) }
  }
}

/// The operands of one product, and the product in Double.
private struct HalfOperands {
  let test: HalfProductTests.Case
  let type: DType
  /// Row-major, and rounded to the type; C is a result of either type.
  var a, b, c: [Float]
  /// alpha·A·B + beta·C.
  private(set) var sums: [Double]

  init(_ test: HalfProductTests.Case, _ type: DType) {
    var numbers = Numbers(seed: UInt64(test.m * 31 + test.n * 7 + test.k))
    self.init(test, type) { Double(Float.random(in: -1...1, using: &numbers)) }
  }

  init(_ test: HalfProductTests.Case, _ type: DType, _ number: () -> Double) {
    (self.test, self.type) = (test, type)
    let format = HalfFormat(type)
    let (m, n, k) = (test.m, test.n, test.k)
    a = (0..<test.batch * m * k).map { _ in format.rounded(number()) }
    b = (0..<(test.sharesB ? 1 : test.batch) * k * n).map { _ in format.rounded(number()) }
    c = (0..<test.batch * m * n).map { _ in format.rounded(number()) }
    sums = [Double](repeating: 0, count: test.batch * m * n)
    for row in 0..<test.batch * m {
      let from = test.sharesB ? 0 : row / m * k * n
      for j in 0..<n {
        var sum = 0.0
        for p in 0..<k { sum += Double(a[row * k + p]) * Double(b[from + p * n + j]) }
        sums[row * n + j] = test.alpha * sum + test.beta * Double(c[row * n + j])
      }
    }
  }

  /// The product as a backend computes it. C contains NaN if it must not be read.
  func product(
    _ backend: CPUBackend, _ transposes: (Bool, Bool), into result: DType, offset: Int
  ) throws -> (numbers: [Float], bytes: [UInt8]) {
    let (m, n, k) = (test.m, test.n, test.k)
    let left = transposes.0 ? turned(a, m, k) : a, right = transposes.1 ? turned(b, k, n) : b
    let target = try backend.slice(
      test.beta == 0 ? [Float](repeating: .nan, count: c.count) : c, result, offset: offset)
    let shape = MatmulShape(
      batch: test.batch, m: m, n: n, k: k, transposesA: transposes.0, transposesB: transposes.1, strideA: m * k,
      strideB: test.sharesB ? 0 : k * n)
    try backend.matmul(
      backend.slice(left, type, offset: offset), backend.slice(right, type, offset: 2 * offset), shape,
      alpha: test.alpha, beta: test.beta, into: target)
    let bytes = try backend.content(target, c.count)
    return (numbers(bytes, result), bytes)
  }

  /// Each matrix of a batch, transposed.
  private func turned(_ matrices: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    var result = matrices
    let size = max(rows * columns, 1)
    for (position, number) in matrices.enumerated() {
      let place = position % size
      result[position - place + place % columns * rows + place / columns] = number
    }
    return result
  }

  private func numbers(_ bytes: [UInt8], _ type: DType) -> [Float] {
    bytes.withUnsafeBytes { bytes in
      type == .float32
        ? Array(bytes.bindMemory(to: Float.self))
        : bytes.bindMemory(to: UInt16.self).map { HalfFormat(type).number($0) }
    }
  }

  /// The largest error as a multiple of its bound: k roundings, each half a unit of a partial sum in float32, which stays
  /// below √k for numbers in -1...1; and half a unit in the last place of the result. A wrong operand causes an error of
  /// 0.1 in float32.
  func worstExcess(_ found: [Float], _ result: DType) -> Double {
    guard found.count == sums.count else { return .infinity }
    var worst = 0.0
    let bound = 1.2e-7 * (10 + Double(test.k)) * (test.alpha.magnitude + test.beta.magnitude)
    for (index, number) in found.enumerated() {
      let rounding = HalfFormat.halfUnit(result) * (sums[index].magnitude + bound) + (result == .float16 ? 0x1p-25 : 0)
      let excess = (Double(number) - sums[index]).magnitude / (bound + rounding)
      worst = excess.isNaN ? .infinity : max(worst, excess)
    }
    return worst
  }
}

extension HalfFormat {
  fileprivate func rounded(_ number: Double) -> Float { self.number(bits(of: number)) }

  /// The largest relative error of rounding to a type.
  fileprivate static func halfUnit(_ type: DType) -> Double {
    switch type {
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    default: 0x1p-24
    }
  }
}

extension Numbers {
  fileprivate mutating func integer() -> Double { Double(Int.random(in: -2...2, using: &self)) }
}
