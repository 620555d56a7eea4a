import BackendCore
import CPUKernels

/// Products with weights in blocks of small integers.
extension CPUBackend: BlockProducts {
  /// The minimum number of decoded weights for another thread: a few microseconds of work.
  private static let weightGrain = 1 << 16

  package func multiplies(_ format: BlockFormat) -> Bool { format.code != nil }

  package func blockProduct(_ x: BufferSlice, _ weight: InterleavedBlocks, rows: Int, into y: BufferSlice) throws {
    guard x.dtype == .float32 else { throw unsupported("quantizedMatmul", x.dtype) }
    let (inputs, units, width) = (32 * weight.blocks, weight.rows, InterleavedBlocks.width)
    guard let code = weight.format.code, let base = weight.bytes.baseAddress, rows > 0 else { return }
    let source = x.floats, result = y.floats
    let weights = base.assumingMemoryBound(to: UInt8.self)
    let rowSize = weight.blocks * weight.format.size
    // Rows of x take less time than weights, which are decoded for several of them at once.
    let grain = max(Self.weightGrain / max(inputs * (1 + rows / 4), 1), width)
    parallel(units, grain: grain, unit: width) { range in
      kernels.pointee.block_product(
        code, rows, range.count, weight.blocks, weights + range.lowerBound * rowSize, source, inputs,
        result + range.lowerBound, units)
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
