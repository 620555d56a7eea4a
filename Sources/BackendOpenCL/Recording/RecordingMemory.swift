#if OpenCL
internal import BackendCore
import Synchronization

/// Memory used only by the commands of a recording. A block that no buffer uses any more is reused for the next buffer
/// of the same kind, but only within the recording, because the recorded commands continue to use it.
final class RecordingMemory: Sendable {
  private struct FreeBlock {
    let block: MemoryBlock
    let count: Int
    let dtype: DType
  }

  private let pool: BufferPool
  private let free = Mutex<[FreeBlock]>([])

  init(_ pool: BufferPool) { self.pool = pool }

  /// At this point, neither the recording nor any buffer exists.
  deinit { for free in free.withLock({ $0 }) { pool.giveBack(free.block) } }

  /// Returns a block for this many elements, with undefined content. All buffers of a block have the same count and
  /// type, because a replay substitutes all of them together.
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
