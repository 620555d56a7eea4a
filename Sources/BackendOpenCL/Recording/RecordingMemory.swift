#if OpenCL
internal import BackendCore
import Synchronization

/// The memory that commands of a recording have among themselves. A block that no buffer holds any more serves the next buffer
/// like it, and none outside of the recording: the kept commands go on using it.
final class RecordingMemory: Sendable {
  private struct FreeBlock {
    let block: MemoryBlock
    let count: Int
    let dtype: DType
  }

  private let pool: BufferPool
  private let free = Mutex<[FreeBlock]>([])

  init(_ pool: BufferPool) { self.pool = pool }

  /// By then neither the recording nor a buffer is left.
  deinit { for free in free.withLock({ $0 }) { pool.giveBack(free.block) } }

  /// A block for as many elements, content undefined. All buffers of a block are alike, since a replay puts another one in the
  /// place of all of them.
  /// - Throws: `BackendError.outOfMemory`.
  func take(_ bytes: Int, count: Int, dtype: DType) throws -> MemoryBlock {
    let found = free.withLock { free in
      free.lastIndex { $0.count == count && $0.dtype == dtype }.map { free.remove(at: $0).block }
    }
    return try found ?? pool.take(bytes)
  }

  func giveBack(_ block: MemoryBlock, count: Int, dtype: DType) {
    free.withLock { $0.append(FreeBlock(block: block, count: count, dtype: dtype)) }
  }
}
#endif
