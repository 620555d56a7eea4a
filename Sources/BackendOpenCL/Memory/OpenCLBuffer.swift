#if OpenCL
internal import BackendCore
internal import COpenCL

/// A piece of device memory, as the pool keeps it.
struct MemoryBlock: @unchecked Sendable {
  let memory: cl_mem
  /// Its whole size: that of its size class.
  let bytes: Int
}

/// A buffer of an OpenCL device. Its memory goes back to the pool with the last reference. Commands that still use it are
/// ahead of its next user's in the queue, which runs in order.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
  let block: MemoryBlock
  let pool: BufferPool

  init(block: MemoryBlock, pool: BufferPool, count: Int, dtype: DType) {
    self.block = block
    self.pool = pool
    super.init(count: count, dtype: dtype)
  }

  deinit { pool.giveBack(block) }
}

extension BufferSlice {
  /// The memory object behind the slice.
  var memory: cl_mem {
    guard let buffer = buffer as? OpenCLBuffer else {
      fatalError("an OpenCL device got a buffer of another backend: \(type(of: buffer))")
    }
    return buffer.block.memory
  }

  var byteOffset: Int { offset * dtype.byteCount }
}
#endif
