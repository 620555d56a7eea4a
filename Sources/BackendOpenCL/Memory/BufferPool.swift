#if OpenCL
internal import BackendCore
internal import COpenCL
internal import HostSystem
import Synchronization

/// The caching allocator of a device: freed blocks are kept by size class and reused, up to a limit.
///
/// Sizes are rounded up to a power of two or one of three steps between powers, so a block wastes at most a fifth. The
/// queue is in-order, so a freed block can be reused at once. Drivers allocate lazily. A new block is migrated to the
/// device to force its allocation, so that an out-of-memory error occurs here and not in a later kernel.
final class BufferPool: Sendable {
  fileprivate struct State {
    var cached: [Int: [MemoryBlock]] = [:]
    var cachedBytes = 0
    /// The context has a copy, for errors.
    var liveBytes = 0
    var peakBytes = 0
    var limitBytes: Int
  }

  private let context: OpenCLContext
  private let state: Mutex<State>

  init(_ context: OpenCLContext) {
    self.context = context
    // The rest is for the driver, and for the host if the device is the host's own processor.
    let share = context.device.kind == .cpu ? 4 : 16
    state = Mutex(State(limitBytes: context.device.memoryBytes / share * (share - 1)))
  }

  /// The block size for a request.
  static func blockSize(for bytes: Int) -> Int {
    guard bytes > 256 else { return 256 }
    let power = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
    let step = Swift.max(1 << (power - 2), 256)
    return bytes.roundedUp(toMultipleOf: step)
  }

  /// The largest block size that is not above a limit.
  static func largestBlockSize(upTo bytes: Int) -> Int {
    guard bytes > 256 else { return bytes }
    let step = Swift.max(1 << (Int.bitWidth - 3 - bytes.leadingZeroBitCount), 256)
    return bytes / step * step
  }

  /// Returns a block of at least `bytes`, with undefined content.
  /// - Throws: `BackendError.outOfMemory` if the allocation fails again after the cache has been released and the
  ///   device has finished.
  func take(_ bytes: Int) throws -> MemoryBlock {
    // This is checked first, because the block size for more bytes may overflow.
    guard bytes <= context.device.largestBufferBytes else { throw outOfMemory(bytes) }
    let size = BufferPool.blockSize(for: bytes)
    switch reserve(size) {
    case .cached(let block): return block
    case .refused: throw outOfMemory(bytes)
    case .reserved(let evicted):
      release(evicted)
      if let block = create(size) { return block }
    }
    // The driver may release the memory of freed blocks only after the commands that use it have finished.
    trim()
    do {
      try context.finish()
    } catch {
      state.withLock { count(&$0, -size) }
      throw error
    }
    if let block = create(size) { return block }
    state.withLock { count(&$0, -size) }
    throw outOfMemory(bytes)
  }

  private enum Reservation {
    case cached(MemoryBlock)
    /// Counted as live, but not created yet; the evicted blocks make space for it.
    case reserved(evicted: [MemoryBlock])
    case refused
  }

  private func reserve(_ size: Int) -> Reservation {
    state.withLock { state in
      if let block = state.cached[size]?.popLast() {
        state.cachedBytes -= size
        count(&state, size)
        return .cached(block)
      }
      guard size <= context.device.largestBufferBytes, size <= state.limitBytes - state.liveBytes else {
        return .refused
      }
      let evicted = state.evict(downTo: state.limitBytes - state.liveBytes - size)
      count(&state, size)
      return .reserved(evicted: evicted)
    }
  }

  /// Updates the count of live bytes.
  private func count(_ state: inout State, _ bytes: Int) {
    state.liveBytes += bytes
    state.peakBytes = Swift.max(state.peakBytes, state.liveBytes)
    context.liveBytes.store(state.liveBytes, ordering: .relaxed)
  }

  /// Creates a new block and verifies that it exists; nil on failure.
  private func create(_ size: Int) -> MemoryBlock? {
    let cl = context.cl
    var status: cl_int = 0
    let memory = cl.clCreateBuffer(context.context, cl_mem_flags(CL_MEM_READ_WRITE), size, nil, &status)
    guard var memory, status == CL_SUCCESS else { return nil }
    let undefined = cl_mem_migration_flags(CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED)
    var handle: cl_mem? = memory
    status = cl.clEnqueueMigrateMemObjects(context.queue, 1, &handle, undefined, 0, nil, nil)
    if let handle { memory = handle }
    guard status == CL_SUCCESS else {
      _ = cl.clReleaseMemObject(memory)
      return nil
    }
    return MemoryBlock(memory: memory, bytes: size)
  }

  /// Keeps a block for reuse.
  func giveBack(_ block: MemoryBlock) {
    // A forked child must not use the block, and the lock may be held by a thread that does not exist in it.
    guard context.isInItsProcess else { return }
    let evicted = state.withLock { state in
      count(&state, -block.bytes)
      state.cachedBytes += block.bytes
      state.cached[block.bytes, default: []].append(block)
      return state.evict(downTo: state.limitBytes - state.liveBytes)
    }
    release(evicted)
  }

  /// Releases all cached blocks to the driver.
  func trim() { release(state.withLock { $0.evict(downTo: 0) }) }

  func setLimit(_ bytes: Int) {
    let bytes = max(bytes, 0)
    release(
      state.withLock { state in
        state.limitBytes = bytes
        return state.evict(downTo: bytes - state.liveBytes)
      })
  }

  var statistics: MemoryStatistics {
    state.withLock {
      MemoryStatistics(
        liveBytes: $0.liveBytes, cachedBytes: $0.cachedBytes, peakBytes: $0.peakBytes, limitBytes: $0.limitBytes)
    }
  }

  /// The driver frees the memory after the commands that use it have finished.
  private func release(_ blocks: [MemoryBlock]) {
    for block in blocks { _ = context.cl.clReleaseMemObject(block.memory) }
  }

  private func outOfMemory(_ bytes: Int) -> BackendError {
    let statistics = statistics
    return .outOfMemory(
      requestedBytes: bytes, liveBytes: statistics.liveBytes,
      limitBytes: Swift.min(statistics.limitBytes, context.device.largestBufferBytes))
  }
}

fileprivate extension BufferPool.State {
  /// Removes blocks from the cache, the largest first, until it contains at most `bytes`.
  mutating func evict(downTo bytes: Int) -> [MemoryBlock] {
    guard cachedBytes > max(bytes, 0) else { return [] }
    var evicted: [MemoryBlock] = []
    for size in cached.keys.sorted(by: >) {
      while cachedBytes > max(bytes, 0), let block = cached[size]?.popLast() {
        cachedBytes -= size
        evicted.append(block)
      }
      if cached[size]?.isEmpty == true { cached[size] = nil }
    }
    return evicted
  }
}
#endif
