@testable import BackendCPU
import BackendCore
import Testing

@Suite struct CachingAllocatorTests {
  @Test func sizeClassesHoldWhatIsAskedFor() {
    var last = -1
    for bytes in [0, 1, 63, 64, 65, 80, 81, 96, 127, 128, 129, 1000, 4096, 4097, 1 << 20, (1 << 20) + 1, 3 << 30] {
      let sizeClass = CachingAllocator.sizeClass(of: bytes)
      let size = CachingAllocator.size(ofClass: sizeClass)
      #expect(size >= bytes)
      #expect(size <= max(64, bytes + bytes / 4 + 1), "\(bytes) in \(size)")
      #expect(sizeClass >= last)
      last = sizeClass
      if sizeClass > 0 { #expect(CachingAllocator.size(ofClass: sizeClass - 1) < bytes) }
    }
  }

  @Test func reusesWhatWasGivenBack() throws {
    let allocator = CachingAllocator(limit: 1 << 20)
    let first = try allocator.allocate(byteCount: 1000)
    #expect(UInt(bitPattern: first.address) % 64 == 0)
    allocator.release(first)
    #expect(allocator.statistics().cachedBytes == 1024)
    #expect(allocator.statistics().liveBytes == 0)
    let second = try allocator.allocate(byteCount: 900)
    #expect(second.address == first.address)
    #expect(allocator.statistics().cachedBytes == 0)
    #expect(allocator.statistics().liveBytes == 1024)
    allocator.release(second)
    allocator.trim()
    #expect(allocator.statistics().cachedBytes == 0)
    #expect(allocator.statistics().peakBytes == 1024)
  }

  @Test func staysBelowItsLimit() throws {
    let allocator = CachingAllocator(limit: 10_000)
    let blocks = try (0..<9).map { _ in try allocator.allocate(byteCount: 1024) }
    #expect(throws: BackendError.outOfMemory(requestedBytes: 1024, liveBytes: 9216, limitBytes: 10_000)) {
      try allocator.allocate(byteCount: 1024)
    }
    blocks.forEach(allocator.release)
    // Cached blocks are released to make room for a larger one.
    let large = try allocator.allocate(byteCount: 8000)
    let now = allocator.statistics()
    #expect(now.liveBytes + now.cachedBytes <= 10_000)
    allocator.release(large)
    #expect(throws: BackendError.self) { try allocator.allocate(byteCount: .max) }
  }

  @Test func aLowerLimitGivesBackWhatIsCached() throws {
    let allocator = CachingAllocator(limit: 1 << 20)
    let held = try allocator.allocate(byteCount: 4096)
    try (0..<4).map { _ in try allocator.allocate(byteCount: 2048) }.forEach(allocator.release)
    #expect(allocator.statistics().cachedBytes == 8192)
    allocator.setLimit(6000)
    let now = allocator.statistics()
    #expect(now.liveBytes == 4096)
    #expect(now.liveBytes + now.cachedBytes <= 6000)
    #expect(now.limitBytes == 6000)
    allocator.release(held)
    #expect(allocator.statistics().liveBytes == 0)
  }

  @Test func repeatedWorkKeepsItsMemoryConstant() throws {
    let backend = CPUBackend(threads: 2)
    func step() throws {
      let x = try backend.empty(300 * 1100), y = try backend.empty(300 * 300)
      try backend.fill(x, count: 300 * 1100, with: 1)
      try backend.matmul(x, x, MatmulShape(m: 300, n: 300, k: 1100, transposesB: true), alpha: 1, beta: 0, into: y)
    }
    try step()
    let first = backend.memoryStatistics()
    for _ in 0..<100 { try step() }
    let last = backend.memoryStatistics()
    #expect(last.liveBytes == 0)
    #expect(last == first)
  }

  @Test func concurrentUseCountsRight() async throws {
    let allocator = CachingAllocator(limit: 1 << 24)
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for size in 1..<500 {
            guard let block = try? allocator.allocate(byteCount: size * 8) else { continue }
            block.address.storeBytes(of: worker, as: Int.self)
            if block.address.load(as: Int.self) == worker { allocator.release(block) }
          }
        }
      }
    }
    #expect(allocator.statistics().liveBytes == 0)
  }

  @Test func livesAsLongAsItsBlocks() throws {
    weak var allocator: CachingAllocator?
    var buffers: [Buffer] = []
    do {
      let backend = CPUBackend(threads: 1)
      allocator = backend.allocator
      for _ in 0..<2 {  // down to no block and up again
        buffers = try (0..<3).map { _ in try backend.allocate(count: 1024, dtype: .float32) }
        buffers.removeAll()
      }
      buffers = try (0..<3).map { _ in try backend.allocate(count: 1024, dtype: .float32) }
    }
    #expect(allocator?.statistics().liveBytes == 3 * 4096)
    buffers.removeLast()
    #expect(allocator?.statistics().liveBytes == 2 * 4096)
    buffers.removeAll()
    #expect(allocator == nil)
  }
}
