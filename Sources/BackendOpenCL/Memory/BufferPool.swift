#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// The caching allocator of a device: freed blocks are kept by size class and handed out again, within a bound.
///
/// Sizes are rounded up to a power of two or one of three steps between, so that a block wastes at most a fifth. The queue
/// runs in order, so a freed block can have a new user at once. Drivers allocate lazily; a new block is forced to exist by
/// migrating it to the device, so that memory runs out here and not in some later kernel.
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
    // The rest is for the driver, and where the device is the host's own processor, for the host.
    let share = context.device.kind == .cpu ? 4 : 16
    state = Mutex(State(limitBytes: context.device.memoryBytes / share * (share - 1)))
  }

  /// The size of the block that serves a request.
  static func blockSize(for bytes: Int) -> Int {
    guard bytes > 256 else { return 256 }
    let power = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
    let step = Swift.max(1 << (power - 2), 256)
    return (bytes + step - 1) / step * step
  }

  /// A block of at least `bytes`, content undefined.
  /// - Throws: `BackendError.outOfMemory` after everything cached was given back and the device has finished.
  func take(_ bytes: Int) throws -> MemoryBlock {
    // First, because the size of a block for more cannot always be counted.
    guard bytes <= context.device.largestBufferBytes else { throw outOfMemory(bytes) }
    let size = BufferPool.blockSize(for: bytes)
    switch reserve(size) {
    case .cached(let block): return block
    case .refused: throw outOfMemory(bytes)
    case .reserved(let evicted):
      release(evicted)
      if let block = create(size) { return block }
    }
    // Memory of freed blocks may come back only when the commands that use it are done.
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
    /// Counted as live, to be created; these blocks make room for it.
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

  /// Counts bytes that somebody has taken, or given back.
  private func count(_ state: inout State, _ bytes: Int) {
    state.liveBytes += bytes
    state.peakBytes = Swift.max(state.peakBytes, state.liveBytes)
    context.liveBytes.store(state.liveBytes, ordering: .relaxed)
  }

  /// A new block that is known to exist, or nil.
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

  /// Keeps a block for its next user.
  func giveBack(_ block: MemoryBlock) {
    // In a forked child nothing may be done with it, and the lock may be held by a thread that is not there.
    guard context.isInItsProcess else { return }
    let evicted = state.withLock { state in
      count(&state, -block.bytes)
      state.cachedBytes += block.bytes
      state.cached[block.bytes, default: []].append(block)
      return state.evict(downTo: state.limitBytes - state.liveBytes)
    }
    release(evicted)
  }

  /// Gives all cached blocks back to the driver.
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

  /// The driver frees the memory when the commands that use it are done.
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
  /// Takes blocks from the cache, the largest first, until it holds no more than `bytes`.
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
