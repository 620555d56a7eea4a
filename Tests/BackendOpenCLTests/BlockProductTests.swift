#if OpenCL
import BackendCore
import TestSupport
import Testing

@testable import BackendOpenCL

/// Products with weights in blocks, compared with sums in Double of the decoded weights. (The decoding is compared with
/// that of Python in other tests.)
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct BlockProductTests {
  /// A weight of random integers, inputs, and their product.
  private struct Operands {
    let weight: InterleavedBlocks
    let inputs: [Float]
    private var decoded: [Float] = []
    let rows: Int
    private var width: Int { weight.blocks * weight.format.count }

    init(_ format: BlockFormat, rows: Int, units: Int, blocks: Int) throws {
      var numbers = Numbers(seed: UInt64(units * 100 + blocks))
      self.rows = rows
      weight = try InterleavedBlocks(format, rows: units, blocks: blocks)
      inputs = numbers.floats(rows * blocks * format.count)
      // Scales, and minima if the format has them.
      let places = format == .q6K ? [208] : [.q40, .q50, .q80].contains(format) ? [0] : [0, 2]
      for unit in 0..<units {
        var row = (0..<blocks * format.size).map { _ in UInt8.random(in: 0...255, using: &numbers) }
        for block in 0..<blocks {
          for place in places {
            let scale = Float16(Float.random(in: -0.1...0.1, using: &numbers)).bitPattern
            row[block * format.size + place] = UInt8(scale & 0xFF)
            row[block * format.size + place + 1] = UInt8(scale >> 8)
          }
        }
        row.withUnsafeBytes { weight.store(unit, $0) }
        decoded += [Float](unsafeUninitializedCapacity: blocks * format.count) { numbers, count in
          row.withUnsafeBytes { format.decode($0, into: numbers) }
          count = blocks * format.count
        }
      }
    }

    /// The largest error of results, relative to the sum of the magnitudes of terms.
    func error(of results: [Float], inputs: [Float]) -> Double {
      var worst = 0.0
      for row in 0..<rows {
        for unit in 0..<weight.rows {
          var (sum, magnitude) = (0.0, 0.0)
          for k in 0..<width {
            let term = Double(inputs[row * width + k]) * Double(decoded[unit * width + k])
            (sum, magnitude) = (sum + term, magnitude + abs(term))
          }
          let error = abs(Double(results[row * weight.rows + unit]) - sum) / max(magnitude, 1e-3)
          // NaN is an error, too.
          worst = error <= worst ? worst : error
        }
      }
      return worst
    }

    /// The inputs, rounded to multiples of max|x|/127 in pieces of 32.
    var rounded: [Float] {
      stride(from: 0, to: inputs.count, by: 32).flatMap { start in
        let piece = inputs[start..<start + 32]
        let step = (piece.map(\.magnitude).max() ?? 0) / 127
        return piece.map { step == 0 ? 0 : ($0 / step).rounded(.toNearestOrEven) * step }
      }
    }
  }

  private func backend(_ device: OpenCLDevice, runsLoops: Bool) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    options.runsLoops = runsLoops
    return try OpenCLBackend(device, options)
  }

  /// The product, from which elements after the result must be safe.
  private func product(
    _ operands: Operands, _ backend: OpenCLBackend, roundsInputs: Bool = false
  ) throws -> [Float] {
    let x = try backend.upload([9, 9, 9] + operands.inputs).advanced(by: 3)
    let count = operands.rows * operands.weight.rows
    let y = try backend.upload([Float](repeating: 7, count: count + 25))
    try backend.blockProduct(
      x, operands.weight, rows: operands.rows, roundsInputs: roundsInputs, into: y.advanced(by: 5))
    let all = try backend.floats(y, count: count + 25)
    #expect(all[..<5].allSatisfy { $0 == 7 } && all[(count + 5)...].allSatisfy { $0 == 7 })
    return Array(all[5..<count + 5])
  }

  /// A row; some rows, and units that are no whole group; more rows than a tile has. Each is one launch. The formulas for
  /// decoding are the same in all kernels, so that one for a row is enough for most formats, and on CPUs, whose compilers
  /// take most of the time here, kernels with work groups are run with three formats.
  @Test(arguments: TestDevices.all, BlockFormat.allCases)
  func agreesWithDouble(_ device: OpenCLDevice, _ format: BlockFormat) throws {
    let kinds = device.kind != .cpu ? [false] : [.q51, .q4K, .q6K].contains(format) ? [true, false] : [true]
    for runsLoops in kinds {
      let backend = try backend(device, runsLoops: runsLoops)
      #expect(backend.multiplies(format))
      let cases = [(1, 33, 3), (7, 17, 2), (67, 70, 1)]
      for (rows, units, blocks) in format == .q51 || format == .q6K ? cases : [cases[0]] {
        let operands = try Operands(format, rows: rows, units: units, blocks: blocks)
        let before = backend.launchCount
        let found = try product(operands, backend)
        #expect(backend.launchCount == before + 1)
        let error = operands.error(of: found, inputs: operands.inputs)
        #expect(error < 1e-6, "\(runsLoops) \(rows)x\(units)x\(blocks): error \(error)")
      }
    }
  }

  /// Rounding the inputs is a launch more.
  @Test(arguments: TestDevices.all) func inputsAreRounded(_ device: OpenCLDevice) throws {
    for runsLoops in [true, false] where !runsLoops || device.kind == .cpu {
      let backend = try backend(device, runsLoops: runsLoops)
      let operands = try Operands(.q4K, rows: 5, units: 40, blocks: 2)
      let before = backend.launchCount
      let found = try product(operands, backend, roundsInputs: true)
      #expect(backend.launchCount == before + 2)
      #expect(operands.error(of: found, inputs: operands.rounded) < 1e-6)
      #expect(operands.error(of: found, inputs: operands.inputs) > 1e-5)
    }
  }

  /// The device holds the blocks, and neither the decoded weight nor a second copy of them.
  @Test(arguments: TestDevices.all) func theWeightIsNeverDecoded(_ device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let (units, blocks) = (512, 32)
    let weight = try InterleavedBlocks(.q40, rows: units, blocks: blocks)
    let row = [UInt8](repeating: 60, count: blocks * BlockFormat.q40.size)
    for unit in 0..<units { row.withUnsafeBytes { weight.store(unit, $0) } }
    let x = try backend.upload([Float](repeating: 1, count: 2 * 32 * blocks)), y = try backend.empty(2 * units)
    let before = backend.memoryStatistics()
    for _ in 0..<3 { try backend.blockProduct(x, weight, rows: 2, roundsInputs: false, into: y) }
    try backend.synchronize()
    let after = backend.memoryStatistics()
    // 18 bytes for 32 numbers; the pool rounds sizes up by at most a quarter.
    let size = units * blocks * BlockFormat.q40.size
    #expect(after.liveBytes - before.liveBytes >= size)
    #expect(after.peakBytes - before.liveBytes <= size * 5 / 4, "\(after.peakBytes - before.liveBytes) for \(size)")
    // 60 is 12 and 3: each pair of numbers is d·(4 − 5) with d = 1.0586, the float16 number of the bytes 60, 60.
    let scale = Float(Float16(bitPattern: 60 << 8 | 60))
    #expect(try backend.floats(y, count: 2 * units).allSatisfy { abs($0 + Float(16 * blocks) * scale) < 1e-2 })
  }

  /// A recording repeats the product with other inputs, and keeps the weight alive.
  @Test(arguments: TestDevices.all) func recordingsMultiply(_ device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    var operands: Operands? = try Operands(.q51, rows: 3, units: 20, blocks: 4)
    let expected = try product(operands!, backend, roundsInputs: true)
    let x = try backend.upload(operands!.inputs), y = try backend.empty(60)
    let weight = operands!.weight
    let recording = try backend.record {
      try weight.multiply(x, rows: 3, roundsInputs: true, into: y, on: $0)
    }
    operands = nil
    try backend.fill(y, count: 60, with: 0)
    try #require(recording).replay(substituting: [])
    #expect(try backend.floats(y, count: 60) == expected)
    try backend.fill(x, count: 3 * 128, with: 0)
    try #require(recording).replay(substituting: [])
    #expect(try backend.floats(y, count: 60).allSatisfy { $0 == 0 })
  }
}

/// Random bits that are the same in every run (Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014).
private struct Numbers: RandomNumberGenerator {
  var seed: UInt64

  mutating func next() -> UInt64 {
    seed &+= 0x9e37_79b9_7f4a_7c15
    var bits = (seed ^ seed >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &self) } }
}
#endif
