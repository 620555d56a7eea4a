#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// A piece of device memory, as the pool keeps it.
struct MemoryBlock: @unchecked Sendable {
  let memory: cl_mem
  /// Its whole size: that of its size class.
  let bytes: Int
  /// No other block has this number; drivers give the handle of one that is gone to another.
  let number = MemoryBlock.numbers.add(1, ordering: .relaxed).newValue
  private static let numbers = Atomic<UInt64>(0)
}

/// A buffer of an OpenCL device. Its memory goes back to the pool with the last reference. Commands that still use it are
/// ahead of its next user's in the queue, which runs in order.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
  let block: MemoryBlock
  let pool: BufferPool
  /// Where the memory goes back to in the place of the pool.
  let recording: RecordingMemory?

  init(block: MemoryBlock, pool: BufferPool, recording: RecordingMemory? = nil, count: Int, dtype: DType) {
    self.block = block
    self.pool = pool
    self.recording = recording
    super.init(count: count, dtype: dtype)
  }

  deinit {
    if let recording { recording.giveBack(block, count: count, dtype: dtype) } else { pool.giveBack(block) }
  }
}

extension BufferSlice {
  /// The memory behind the slice.
  var block: MemoryBlock {
    guard let buffer = buffer as? OpenCLBuffer else {
      fatalError("an OpenCL device got a buffer of another backend: \(type(of: buffer))")
    }
    return buffer.block
  }

  var memory: cl_mem { block.memory }

  var byteOffset: Int { offset * dtype.byteCount }
}
#endif
