#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// A block of device memory, as managed by the pool.
struct MemoryBlock: @unchecked Sendable {
  let memory: cl_mem
  /// The total size, which is the size of its class.
  let bytes: Int
  /// A unique number, because drivers reuse the handles of released blocks.
  let number = MemoryBlock.numbers.add(1, ordering: .relaxed).newValue
  private static let numbers = Atomic<UInt64>(0)
}

/// A buffer of an OpenCL device. Its memory returns to the pool when the last reference is released. Commands that
/// still use it precede those of its next user in the in-order queue.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
  let block: MemoryBlock
  let pool: BufferPool
  /// The recording that receives the memory back instead of the pool.
  let recording: RecordingMemory?

  init(block: MemoryBlock, pool: BufferPool, recording: RecordingMemory? = nil, count: Int, dtype: DType) {
    self.block = block
    self.pool = pool
    self.recording = recording
    super.init(count: count, dtype: dtype)
  }

  deinit {
    if let recording { recording.giveBack(block) } else { pool.giveBack(block) }
  }
}

extension BufferSlice {
  /// The memory block of the slice.
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
