@testable import BackendCPU
import BackendCore
import Testing

/// Products of weights in blocks with inputs that are rounded to 8 bits, compared with scaled sums of integers.
@Suite struct RoundedBlockProductTests {
  typealias Case = BlockProductTests.Case
  typealias Operands = BlockProductTests.Operands

  static let formats: [BlockFormat] = [.q80, .q40, .q41]
  static let cases: [Case] = formats.flatMap { format in
    // The second case is large enough for several threads.
    [(1, 1, 1), (1, 600, 48), (3, 23, 2), (5, 50, 5), (9, 16, 3)].map {
      Case(format: format, rows: $0.0, units: $0.1, blocks: $0.2)
    }
  }

  /// The integers of a block, and its scale and minimum.
  struct Block {
    var integers: [Int]
    var scale: Double
    var minimum = 0.0

    init(_ bytes: ArraySlice<UInt8>, _ format: BlockFormat) {
      let bytes = Array(bytes)
      func half(_ place: Int) -> Double {
        Double(Float16(bitPattern: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8))
      }
      scale = half(0)
      if format == .q80 {
        integers = bytes[2...].map { Int(Int8(bitPattern: $0)) }
      } else {
        let nibbles = bytes[(format == .q41 ? 4 : 2)...]
        integers = (nibbles.map { $0 & 15 } + nibbles.map { $0 >> 4 }).map { Int($0) - (format == .q40 ? 8 : 0) }
        if format == .q41 { minimum = half(2) }
      }
    }

    /// Rounds inputs.
    init(_ inputs: ArraySlice<Float>) {
      let step = (inputs.map(\.magnitude).max() ?? 0) / 127
      scale = Double(step)
      integers = inputs.map { step == 0 ? 0 : Int(($0 * (1 / step)).rounded(.toNearestOrEven)) }
    }
  }

  /// The elements of y, and the sums of the magnitudes of their terms.
  static func product(_ operands: Operands, _ test: Case) -> [(value: Double, magnitude: Double)] {
    let (blocks, size) = (test.blocks, test.format.size)
    let weights = (0..<test.units).map { unit in
      var row = [UInt8](repeating: 0, count: blocks * size)
      row.withUnsafeMutableBytes { operands.weight.load(unit, into: $0) }
      return (0..<blocks).map { Block(row[$0 * size..<($0 + 1) * size], test.format) }
    }
    return (0..<test.rows).flatMap { row in
      let inputs = (row * blocks..<(row + 1) * blocks).map { Block(operands.inputs[32 * $0..<32 * $0 + 32]) }
      return weights.map { weights in
        zip(inputs, weights).reduce(into: (value: 0.0, magnitude: 0.0)) { total, pair in
          let (x, w) = pair
          let scaled = Double(zip(x.integers, w.integers).reduce(0) { $0 + $1.0 * $1.1 }) * x.scale * w.scale
          let offset = Double(x.integers.reduce(0, +)) * x.scale * w.minimum
          total = (total.value + scaled + offset, total.magnitude + abs(scaled) + abs(offset))
        }
      }
    }
  }

  /// All instruction sets and the extension of the fastest one give the same bits, which are close to the sums in Double.
  private func check(_ operands: Operands, _ test: Case, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var first: [UInt32]?
    for set in IntegerProductTests.sets {
      let backend = CPUBackend(instructionSet: set, threads: 1)
      let found = try operands.product(backend, rows: 0..<test.rows, offset: 3, roundsInputs: true)
      let bits = found.map(\.bitPattern)
      #expect(bits == first ?? bits, "\(set?.rawValue ?? "extension")", sourceLocation: sourceLocation)
      if first != nil { continue }
      first = bits
      for (found, expected) in zip(found, Self.product(operands, test)) {
        let error = abs(Double(found) - expected.value)
        // Not above the bound, so that NaN does not pass.
        #expect(error <= 1e-6 * expected.magnitude, "\(found) \(expected)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: cases) func agreesWithSumsOfIntegers(_ test: Case) throws {
    try check(Operands(test), test)
  }

  @Test(arguments: cases) func hasTheSameBitsOnAnyNumberOfThreadsAndRows(_ test: Case) throws {
    let operands = try Operands(test)
    let single = CPUBackend(threads: 1)
    let expected = try operands.product(single, rows: 0..<test.rows, roundsInputs: true).map(\.bitPattern)
    for threads in [2, 3] {
      let backend = CPUBackend(threads: threads)
      #expect(try operands.product(backend, rows: 0..<test.rows, roundsInputs: true).map(\.bitPattern) == expected)
    }
    let separate = try (0..<test.rows).flatMap {
      try operands.product(single, rows: $0..<$0 + 1, roundsInputs: true).map(\.bitPattern)
    }
    #expect(separate == expected)
  }

  /// The largest products: -128 and 127 for Q8_0, the nibbles 0 and 15 for Q4_0 and Q4_1, with inputs that become ±127.
  @Test(arguments: formats, [0x80, 0x7F, 0x00, 0xFF, 0x0F] as [UInt8])
  func extremesAreExact(_ format: BlockFormat, _ integers: UInt8) throws {
    let test = Case(format: format, rows: 3, units: 17, blocks: 2)
    var operands = try Operands(test, integers: integers)
    for place in operands.inputs.indices { operands.inputs[place] = place < 64 || place % 2 == 0 ? 3 : -3 }
    try check(operands, test)
  }

  @Test(arguments: formats) func zerosGiveZeros(_ format: BlockFormat) throws {
    let test = Case(format: format, rows: 3, units: 17, blocks: 2)
    var operands = try Operands(test)
    // A row of zeros, and a block of zeros.
    for place in 64..<160 { operands.inputs[place] = 0 }
    try check(operands, test)
  }

  /// A number that is not finite gives NaN in its row, and in no other.
  @Test(arguments: formats, [Float.nan, .infinity, -.infinity])
  func inputsThatAreNotFiniteGiveNaN(_ format: BlockFormat, _ wrong: Float) throws {
    let test = Case(format: format, rows: 5, units: 17, blocks: 2)
    var operands = try Operands(test)
    operands.inputs[2 * 64 + 40] = wrong
    for set in IntegerProductTests.sets {
      let backend = CPUBackend(instructionSet: set, threads: 1)
      let y = try operands.product(backend, rows: 0..<5, roundsInputs: true)
      #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 / 17 == 2) })
    }
  }
}
