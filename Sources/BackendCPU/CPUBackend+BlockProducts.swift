internal import HostSystem
import BackendCore
import CPUKernels

/// Products with weights in blocks of small integers.
extension CPUBackend: BlockProducts {
  /// The minimum numbers of weights for another thread: a few microseconds of work.
  private static let weightGrain = 1 << 16
  private static let roundedGrain = 1 << 18

  package func multiplies(_ format: BlockFormat) -> Bool { format.code != nil }

  package func blockProduct(
    _ x: BufferSlice, _ weight: InterleavedBlocks, rows: Int, roundsInputs: Bool, into y: BufferSlice
  ) throws {
    try require(.matmul, for: x.dtype)
    guard x.dtype == .float32 else { throw unsupported("quantizedMatmul", x.dtype) }
    let (inputs, units) = (32 * weight.blocks, weight.rows)
    guard let code = weight.format.code, rows > 0 else { return }
    let source = x.floats, result = y.floats
    if roundsInputs {
      return try withRoundedRows(source, rows: rows, blocks: weight.blocks) { rounded in
        divide(weight, rows: rows, grain: Self.roundedGrain) { range, weights in
          var rounded = rounded
          integerKernels.pointee.block_product(
            code, rows, range.count, weight.blocks, weights, &rounded, result + range.lowerBound, units)
        }
      }
    }
    divide(weight, rows: rows, grain: Self.weightGrain) { range, weights in
      kernels.pointee.block_product(
        code, rows, range.count, weight.blocks, weights, source, inputs, result + range.lowerBound, units)
    }
  }

  /// Calls `body` with ranges of the rows of a weight, on several threads if there is enough work.
  private func divide(
    _ weight: InterleavedBlocks, rows: Int, grain: Int, _ body: (Range<Int>, UnsafePointer<UInt8>) -> Void
  ) {
    guard let base = weight.bytes.baseAddress else { return }
    let width = InterleavedBlocks.width
    let weights = UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), rowSize = weight.blocks * weight.format.size
    // Rows of x take less time than weights, which are decoded for several of them at once.
    let least = max(grain / max(32 * weight.blocks * (1 + rows / 4), 1), width)
    parallel(weight.rows, grain: least, unit: width) { body($0, weights + $0.lowerBound * rowSize) }
  }

  /// Rounds rows of x to 8 bits in blocks of 32.
  private func withRoundedRows(
    _ x: UnsafePointer<Float>, rows: Int, blocks: Int, _ body: (nn_rounded_rows) -> Void
  ) throws {
    let count = rows * blocks
    // The scales, the sums, and then the integers.
    try withScratch(40 * count, of: UInt8.self) { scratch in
      let scales = UnsafeMutableRawPointer(scratch).bindMemory(to: Float.self, capacity: count)
      let sums = UnsafeMutableRawPointer(scratch + 4 * count).bindMemory(to: Int32.self, capacity: count)
      let integers = UnsafeMutableRawPointer(scratch + 8 * count).bindMemory(to: Int8.self, capacity: 32 * count)
      parallel(count, grain: Grain.simple / 32) { range in
        let first = range.lowerBound
        kernels.pointee.round_blocks(
          x + 32 * first, range.count, integers + 32 * first, scales + first, sums + first)
      }
      body(nn_rounded_rows(integers: integers, scales: scales, sums: sums))
    }
  }
}

extension BlockFormat {
  /// The code of the kernel; nil for formats that have none.
  fileprivate var code: nn_block_format? {
    switch self {
    case .q80: NN_BLOCKS_Q8_0
    case .q40: NN_BLOCKS_Q4_0
    case .q41: NN_BLOCKS_Q4_1
    case .q50, .q51, .q4K, .q5K, .q6K: nil
    }
  }
}
