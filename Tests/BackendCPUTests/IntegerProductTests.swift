@testable import BackendCPU
import BackendCore
import Testing

/// Products of 8-bit integers, compared with sums of 64-bit integers.
@Suite struct IntegerProductTests {
  /// All instruction sets, and the fastest one with its extensions.
  static let sets: [InstructionSet?] = InstructionSet.available + [nil]

  struct Case: Sendable, CustomTestStringConvertible {
    let m, k, n: Int
    var testDescription: String { "\(m)x\(k)x\(n)" }
  }

  static let cases: [Case] = [
    (1, 1, 1), (1, 37, 200), (2, 5, 64), (3, 64, 63), (4, 6, 65), (5, 130, 17), (6, 4, 128), (7, 3, 33), (11, 67, 129),
    (13, 256, 100), (3, 0, 5),
    // Divided among threads: by rows, and by columns, also within a panel of 64.
    (40, 300, 400), (2, 900, 176), (200, 20, 140),
    // Several blocks of rows.
    (260, 41, 70), (257, 8, 129),
  ].map { Case(m: $0.0, k: $0.1, n: $0.2) }

  static func slice(_ bytes: [UInt8], _ dtype: DType, offset: Int, on backend: CPUBackend) throws -> BufferSlice {
    let slice = BufferSlice(try backend.allocate(count: bytes.count + offset, dtype: dtype), offset: offset)
    try bytes.withUnsafeBytes { try backend.upload($0, into: slice) }
    return slice
  }

  static func value(_ byte: UInt8, _ dtype: DType) -> Int { dtype == .int8 ? Int(Int8(bitPattern: byte)) : Int(byte) }

  static func product(_ a: [UInt8], _ b: [UInt8], _ types: (DType, DType), _ test: Case) -> [Int32] {
    let left = a.map { value($0, types.0) }, right = b.map { value($0, types.1) }
    return (0..<test.m * test.n).map { place in
      let (i, j) = (place / test.n, place % test.n)
      return Int32(truncatingIfNeeded: (0..<test.k).reduce(0) { $0 + left[i * test.k + $1] * right[$1 * test.n + j] })
    }
  }

  /// Operands of both types at odd addresses; elements after the result must not change.
  private func check(
    _ a: [UInt8], _ b: [UInt8], _ test: Case, _ backend: CPUBackend, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for types in [(DType.int8, DType.int8), (.uint8, .int8), (.int8, .uint8), (.uint8, .uint8)] {
      let count = test.m * test.n
      let c = try backend.slice([Int32](repeating: 7, count: count + 20))
      try backend.integerProduct(
        Self.slice(a, types.0, offset: 1, on: backend), Self.slice(b, types.1, offset: 3, on: backend),
        MatmulShape(m: test.m, n: test.n, k: test.k), into: c)
      var found = [Int32](repeating: 0, count: count + 20)
      try found.withUnsafeMutableBytes { try backend.download(c, into: $0) }
      let expected = Self.product(a, b, types, test) + [Int32](repeating: 7, count: 20)
      #expect(found == expected, "\(types)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: cases, sets) func agreesWith64BitIntegers(_ test: Case, _ set: InstructionSet?) throws {
    var numbers = Numbers(seed: UInt64(test.m * 1000 + test.k))
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) } }
    let a = bytes(test.m * test.k), b = bytes(test.k * test.n)
    for threads in [1, 3] {
      try check(a, b, test, CPUBackend(instructionSet: set, threads: threads))
    }
  }

  /// -128 · -128, 255 · 127, and others, for all elements.
  @Test(arguments: sets) func extremesAreExact(_ set: InstructionSet?) throws {
    let backend = CPUBackend(instructionSet: set, threads: 1), test = Case(m: 7, k: 301, n: 66)
    for (a, b) in [(0x80, 0x80), (0xFF, 0x7F), (0x7F, 0xFF), (0xFF, 0xFF), (0x80, 0x7F)] as [(UInt8, UInt8)] {
      try check(
        [UInt8](repeating: a, count: test.m * test.k), [UInt8](repeating: b, count: test.k * test.n), test, backend)
    }
  }

  /// Whole products are divided among threads as well.
  @Test(arguments: sets) func batchesOfSeveralThreadsAgree(_ set: InstructionSet?) throws {
    let (batch, test) = (5, Case(m: 33, k: 90, n: 71))
    var numbers = Numbers(seed: 6)
    let a = (0..<batch * test.m * test.k).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let b = (0..<batch * test.k * test.n).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let (leftCount, rightCount, count) = (test.m * test.k, test.k * test.n, test.m * test.n)
    let expected = (0..<batch).flatMap { i in
      Self.product(
        Array(a[(i * leftCount)...].prefix(leftCount)), Array(b[(i * rightCount)...].prefix(rightCount)),
        (.int8, .int8),
        test)
    }
    let backend = CPUBackend(instructionSet: set, threads: 3), c = try backend.empty(batch * count, .int32)
    let shape = MatmulShape(
      batch: batch, m: test.m, n: test.n, k: test.k, strideA: leftCount, strideB: rightCount)
    try backend.integerProduct(
      Self.slice(a, .int8, offset: 0, on: backend), Self.slice(b, .int8, offset: 0, on: backend), shape, into: c)
    var found = [Int32](repeating: 0, count: batch * count)
    try found.withUnsafeMutableBytes { try backend.download(c, into: $0) }
    #expect(found == expected)
  }

  @Test(arguments: sets) func batchesUseTheirOwnMatrices(_ set: InstructionSet?) throws {
    let backend = CPUBackend(instructionSet: set, threads: 2), test = Case(m: 3, k: 9, n: 5)
    var numbers = Numbers(seed: 4)
    let a = (0..<3 * 27).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let b = (0..<3 * 45).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    for (strideA, strideB) in [(27, 45), (0, 45), (27, 0)] {
      let c = try backend.empty(45, .int32)
      let shape = MatmulShape(batch: 3, m: 3, n: 5, k: 9, strideA: strideA, strideB: strideB)
      try backend.integerProduct(
        Self.slice(a, .int8, offset: 0, on: backend), Self.slice(b, .uint8, offset: 0, on: backend), shape, into: c)
      var found = [Int32](repeating: 0, count: 45)
      try found.withUnsafeMutableBytes { try backend.download(c, into: $0) }
      var expected: [Int32] = []
      for batch in 0..<3 {
        let left = Array(a[(batch * strideA)...].prefix(27)), right = Array(b[(batch * strideB)...].prefix(45))
        expected += Self.product(left, right, (.int8, .uint8), test)
      }
      #expect(found == expected)
    }
  }

  // MARK: Rows that are rounded to 8 bits

  @Test(arguments: sets, [0, 0.008] as [Float])
  func linearRoundsItsInputs(_ set: InstructionSet?, _ inputScale: Float) throws {
    for (rows, inputs, units) in [(1, 37, 130), (4, 64, 17), (13, 101, 70), (40, 130, 250)] {
      var numbers = Numbers(seed: 9)
      let x = numbers.floats(rows * inputs), bias = numbers.floats(units)
      let scales = numbers.floats(units, in: 0.01...0.1)
      let values = (0..<units * inputs).map { _ in Int8.random(in: -128...127, using: &numbers) }
      let weight = try PackedIntegers(values, units: units, inputs: inputs, scales: scales)
      var results: [[UInt32]] = []
      for threads in [1, 2, 3] {
        let backend = CPUBackend(instructionSet: set, threads: threads)
        let y = try backend.slice([Float](repeating: 7, count: rows * units + 20))
        try backend.quantizedLinear(
          backend.slice(x, offset: 3), weight, inputScale: inputScale == 0 ? nil : inputScale,
          bias: backend.slice(bias, offset: 1), rows: rows, into: y)
        results.append(try backend.floats(y, rows * units + 20).map(\.bitPattern))
      }
      #expect(results[1] == results[0] && results[2] == results[0])
      #expect(results[0][(rows * units)...].allSatisfy { $0 == Float(7).bitPattern })
      for row in 0..<rows {
        let part = x[row * inputs..<(row + 1) * inputs]
        let scale = inputScale == 0 ? (part.map { abs($0) }.max() ?? 0) / 127 : inputScale
        let q = part.map { Int(max(-127, min(127, ($0 * (1 / scale)).rounded(.toNearestOrEven)))) }
        for unit in 0..<units {
          let sum = (0..<inputs).reduce(0) { $0 + q[$1] * Int(values[unit * inputs + $1]) }
          let scaled = Double(sum) * Double(scale) * Double(scales[unit])
          let found = Double(Float(bitPattern: results[0][row * units + unit]))
          #expect(abs(found - scaled - Double(bias[unit])) <= 1e-6 * (abs(scaled) + 1))
        }
      }
    }
  }
}
