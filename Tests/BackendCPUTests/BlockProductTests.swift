@testable import BackendCPU
import BackendCore
import Testing

/// Products with weights in blocks, compared with sums in Double of the decoded weights.
@Suite struct BlockProductTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let format: BlockFormat
    let rows, units, blocks: Int
    var testDescription: String { "\(format.rawValue) \(rows)x\(32 * blocks)x\(units)" }
  }

  static let cases: [Case] = [BlockFormat.q80, .q40, .q41].flatMap { format in
    [(1, 1, 1), (1, 16, 1), (2, 15, 2), (3, 17, 3), (4, 31, 1), (5, 33, 5), (9, 100, 4), (1, 300, 48), (7, 2000, 6)].map
    {
      Case(format: format, rows: $0.0, units: $0.1, blocks: $0.2)
    }
  }

  /// Weights of random integers, or of the same byte everywhere, and random inputs.
  struct Operands {
    let weight: InterleavedBlocks
    var inputs: [Float]
    /// The decoded weights.
    var decoded: [Float] = []

    init(_ test: Case, integers: UInt8? = nil) throws {
      var numbers = Numbers(seed: UInt64(test.units * 100 + test.blocks))
      weight = try InterleavedBlocks(test.format, rows: test.units, blocks: test.blocks)
      inputs = numbers.floats(test.rows * test.blocks * 32)
      for unit in 0..<test.units {
        var row = (0..<test.blocks * test.format.size).map { _ in
          integers ?? UInt8.random(in: 0...255, using: &numbers)
        }
        for block in 0..<test.blocks {
          for place in 0..<(test.format == .q41 ? 2 : 1) {
            let scale = Float16(Float.random(in: -0.1...0.1, using: &numbers)).bitPattern
            row[block * test.format.size + 2 * place] = UInt8(scale & 0xFF)
            row[block * test.format.size + 2 * place + 1] = UInt8(scale >> 8)
          }
        }
        row.withUnsafeBytes { weight.store(unit, $0) }
        decoded += [Float](unsafeUninitializedCapacity: test.blocks * 32) { numbers, count in
          row.withUnsafeBytes { test.format.decode($0, into: numbers) }
          count = test.blocks * 32
        }
      }
    }

    func product(
      _ backend: CPUBackend, rows: Range<Int>, offset: Int = 0, roundsInputs: Bool = false
    ) throws -> [Float] {
      let width = 32 * weight.blocks
      let x = try backend.slice(Array(inputs[rows.lowerBound * width..<rows.upperBound * width]), offset: offset)
      let count = rows.count * weight.rows
      // Elements after the result must not change.
      let y = try backend.slice([Float](repeating: 7, count: count + 20), offset: offset)
      try backend.blockProduct(x, weight, rows: rows.count, roundsInputs: roundsInputs, into: y)
      let all = try backend.floats(y, count + 20)
      #expect(all[count...].allSatisfy { $0 == 7 })
      return Array(all[..<count])
    }
  }

  @Test(arguments: cases, InstructionSet.available)
  func agreesWithDouble(_ test: Case, _ instructionSet: InstructionSet) throws {
    let backend = CPUBackend(instructionSet: instructionSet, threads: 2)
    let operands = try Operands(test), width = 32 * test.blocks
    let found = try operands.product(backend, rows: 0..<test.rows, offset: 3)
    var worst = 0.0
    for row in 0..<test.rows {
      for unit in 0..<test.units {
        var (sum, magnitude) = (0.0, 0.0)
        for k in 0..<width {
          let term = Double(operands.inputs[row * width + k]) * Double(operands.decoded[unit * width + k])
          (sum, magnitude) = (sum + term, magnitude + abs(term))
        }
        worst = max(worst, abs(Double(found[row * test.units + unit]) - sum) / max(magnitude, 1e-3))
      }
    }
    // The integers of Q4_1 are all positive, and its minima cancel part of their sum: each product is up to 15 times a
    // step, and the rounding of a sum of 32 of them remains.
    #expect(worst < (test.format == .q41 ? 1e-5 : 2e-6), "error \(worst)")
  }

  @Test(arguments: cases)
  func hasTheSameBitsOnAnyNumberOfThreadsAndRows(_ test: Case) throws {
    let operands = try Operands(test)
    let single = CPUBackend(threads: 1)
    let expected = try operands.product(single, rows: 0..<test.rows).map(\.bitPattern)
    for threads in [2, 3, 7] {
      let found = try operands.product(CPUBackend(threads: threads), rows: 0..<test.rows).map(\.bitPattern)
      #expect(found == expected, "\(threads) threads")
    }
    let separate = try (0..<test.rows).flatMap { try operands.product(single, rows: $0..<$0 + 1).map(\.bitPattern) }
    #expect(separate == expected)
  }

  /// Rows come back as they were stored, in every format.
  @Test(arguments: BlockFormat.allCases) func rowsComeBack(_ format: BlockFormat) throws {
    let matrix = try InterleavedBlocks(format, rows: 19, blocks: 2)
    var numbers = Numbers(seed: 5)
    let rows = (0..<19).map { _ in (0..<2 * format.size).map { _ in UInt8.random(in: 0...255, using: &numbers) } }
    for (index, row) in rows.enumerated() { row.withUnsafeBytes { matrix.store(index, $0) } }
    for (index, row) in rows.enumerated() {
      var back = [UInt8](repeating: 0, count: row.count)
      back.withUnsafeMutableBytes { matrix.load(index, into: $0) }
      #expect(back == row)
    }
    #expect(matrix.bytes.count == 32 * 2 * format.size)
  }
}
