internal import HostSystem
import BackendCore
import Synchronization

/// An allocator with four size classes per power of two. Released memory is kept on the free list of its class and
/// reused, so that training steps after the first one allocate nothing from the system.
///
/// Blocks are aligned to 64 bytes (to 2 MiB starting at a size of 2 MiB, where large pages are requested). Live and
/// cached bytes together never exceed the limit; cached bytes alone never exceed a quarter of it. All numbers count
/// whole blocks.
///
/// While there are live blocks, the allocator retains itself, so that the blocks do not have to.
final class CachingAllocator: Sendable {
  /// A memory block and its class.
  struct Block: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
    let sizeClass: Int
  }

  fileprivate struct State: ~Copyable {
    /// The first free block of each class. Its first bytes contain the address of the next one.
    var free = [UnsafeMutableRawPointer?](repeating: nil, count: CachingAllocator.classCount)
    var live = 0
    var cached = 0
    var peak = 0
    var limit: Int

    init(limit: Int) { self.limit = limit }
  }

  private let state: Mutex<State>

  init(limit: Int) { state = Mutex(State(limit: limit)) }

  deinit { trim() }

  /// Allocates a block of at least `byteCount` bytes.
  /// - Throws: `BackendError.outOfMemory` if the limit would be exceeded or the system has no more memory, even after
  ///   everything cached has been released.
  func allocate(byteCount: Int) throws -> Block {
    let sizeClass = Self.sizeClass(of: byteCount)
    let size = Self.size(ofClass: sizeClass)
    let address = state.withLock { state -> UnsafeMutableRawPointer? in
      if let address = state.free[sizeClass] {
        state.free[sizeClass] = address.load(as: UnsafeMutableRawPointer?.self)
        state.cached -= size
        count(live: size, in: &state)
        return address
      }
      guard size <= state.limit - state.live else { return nil }
      if size > state.limit - state.live - state.cached { state.trim(toBytes: state.limit - state.live - size) }
      var address = Self.systemMemory(size)
      if address == nil {
        state.trim(toBytes: 0)
        address = Self.systemMemory(size)
      }
      if address != nil { count(live: size, in: &state) }
      return address
    }
    guard let address else {
      let now = statistics()
      throw BackendError.outOfMemory(
        requestedBytes: byteCount, liveBytes: now.liveBytes, limitBytes: now.limitBytes)
    }
    return Block(address: address, sizeClass: sizeClass)
  }

  private func count(live size: Int, in state: inout State) {
    if state.live == 0 { _ = Unmanaged.passRetained(self) }
    state.live += size
    state.peak = max(state.peak, state.live)
  }

  func release(_ block: Block) {
    let size = Self.size(ofClass: block.sizeClass)
    let (isKept, isLast) = state.withLock { state -> (Bool, isLast: Bool) in
      state.live -= size
      let isLast = state.live == 0
      guard size <= state.limit / 4 - state.cached, size <= state.limit - state.live - state.cached else {
        return (false, isLast)
      }
      block.address.storeBytes(of: state.free[block.sizeClass], as: UnsafeMutableRawPointer?.self)
      state.free[block.sizeClass] = block.address
      state.cached += size
      return (true, isLast)
    }
    if !isKept { free(block.address) }
    if isLast { Unmanaged.passUnretained(self).release() }
  }

  func statistics() -> MemoryStatistics {
    state.withLock {
      MemoryStatistics(liveBytes: $0.live, cachedBytes: $0.cached, peakBytes: $0.peak, limitBytes: $0.limit)
    }
  }

  func setLimit(_ bytes: Int) {
    state.withLock {
      $0.limit = max(0, bytes)
      $0.trim(toBytes: max(0, min($0.limit / 4, $0.limit - $0.live)))
    }
  }

  func trim() { state.withLock { $0.trim(toBytes: 0) } }

  // MARK: Size classes

  /// Class 0 is 64 bytes; the size doubles with each group of four: 64, 80, 96, 112, 128, 160, ….
  static let classCount = 4 * 42

  static func sizeClass(of byteCount: Int) -> Int {
    if byteCount <= 64 { return 0 }
    let last = byteCount - 1
    let exponent = Int.bitWidth - 1 - last.leadingZeroBitCount
    return min((exponent - 6) * 4 + ((last >> (exponent - 2)) & 3) + 1, classCount - 1)
  }

  static func size(ofClass sizeClass: Int) -> Int { (4 + sizeClass & 3) << (4 + sizeClass >> 2) }

  private static func systemMemory(_ size: Int) -> UnsafeMutableRawPointer? {
    let largePage = 2 << 20
    let alignment = size >= largePage ? largePage : 64
    var address: UnsafeMutableRawPointer?
    guard posix_memalign(&address, alignment, size) == 0, let address else { return nil }
    if size >= largePage { _ = madvise(address, size, MADV_HUGEPAGE) }
    return address
  }
}

extension CachingAllocator.State {
  /// Returns cached blocks to the system, the largest first, until at most `target` bytes remain.
  fileprivate mutating func trim(toBytes target: Int) {
    var sizeClass = CachingAllocator.classCount - 1
    while cached > target && sizeClass >= 0 {
      guard let address = free[sizeClass] else {
        sizeClass -= 1
        continue
      }
      free[sizeClass] = address.load(as: UnsafeMutableRawPointer?.self)
      cached -= CachingAllocator.size(ofClass: sizeClass)
      releaseToSystem(address)
    }
  }
}

private func releaseToSystem(_ address: UnsafeMutableRawPointer) { free(address) }

/// Memory of the CPU backend. The block returns to the allocator when the last reference is released.
final class CPUBuffer: Buffer, @unchecked Sendable {
  let block: CachingAllocator.Block
  /// Unowned: the allocator lives as long as any of its blocks.
  private let allocator: Unmanaged<CachingAllocator>

  init(count: Int, dtype: DType, block: CachingAllocator.Block, allocator: CachingAllocator) {
    self.block = block
    self.allocator = .passUnretained(allocator)
    super.init(count: count, dtype: dtype)
  }

  deinit { allocator._withUnsafeGuaranteedRef { $0.release(block) } }
}

extension BufferSlice {
  /// The first byte of the operand.
  @inline(__always) var address: UnsafeMutableRawPointer {
    guard type(of: buffer) == CPUBuffer.self else { Self.refuse(buffer) }
    return unsafeDowncast(buffer, to: CPUBuffer.self).block.address + offset * dtype.byteCount
  }

  @inline(__always) var floats: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }
  @inline(__always) var integers: UnsafeMutablePointer<Int32> { address.assumingMemoryBound(to: Int32.self) }
  @inline(__always) var bytes: UnsafeMutablePointer<UInt8> { address.assumingMemoryBound(to: UInt8.self) }
  @inline(__always) var halves: UnsafeMutablePointer<UInt16> { address.assumingMemoryBound(to: UInt16.self) }
  @inline(__always) var longs: UnsafeMutablePointer<UInt64> { address.assumingMemoryBound(to: UInt64.self) }
  @inline(__always) var words: UnsafeMutablePointer<UInt32> { address.assumingMemoryBound(to: UInt32.self) }

  private static func refuse(_ buffer: Buffer) -> Never {
    fatalError("the CPU backend was given a buffer of another backend: \(type(of: buffer))")
  }
}
