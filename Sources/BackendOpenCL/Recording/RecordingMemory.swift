#if OpenCL
internal import BackendCore
import Synchronization

/// Memory that the commands of one call use among themselves, such as partial sums. It is free for the next call, but only
/// within the recording, because the recorded commands continue to use it.
final class RecordingMemory: Sendable {
  private let pool: BufferPool
  private let free = Mutex<[MemoryBlock]>([])

  init(_ pool: BufferPool) { self.pool = pool }

  /// At this point, neither the recording nor any buffer exists.
  deinit { for block in free.withLock({ $0 }) { pool.giveBack(block) } }

  /// Returns a block with undefined content.
  /// - Throws: `BackendError.outOfMemory`.
  func take(_ bytes: Int) throws -> MemoryBlock {
    let size = BufferPool.blockSize(for: bytes)
    let found = free.withLock { free in
      free.lastIndex { $0.bytes == size }.map { free.remove(at: $0) }
    }
    return try found ?? pool.take(bytes)
  }

  func giveBack(_ block: MemoryBlock) { free.withLock { $0.append(block) } }
}
#endif
