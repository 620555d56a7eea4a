import BackendCore
import BackendReference
import Testing

@Suite struct MemoryTests {
  @Test func bytesAreCountedAndGivenBack() throws {
    let backend = ReferenceBackend()
    do {
      let a = try backend.allocate(count: 100, dtype: .float64)
      let b = try backend.allocate(count: 7, dtype: .bool)
      let none = try backend.allocate(count: 0, dtype: .float32)
      withExtendedLifetime((a, b, none)) { #expect(backend.memoryStatistics().liveBytes == 807) }
    }
    let statistics = backend.memoryStatistics()
    #expect(statistics.liveBytes == 0)
    #expect(statistics.peakBytes == 807)
    #expect(statistics.cachedBytes == 0)
  }

  @Test func theLimitHolds() throws {
    let backend = ReferenceBackend(memoryLimit: 1000)
    let held = try backend.allocate(count: 200, dtype: .float32)
    let error = #expect(throws: BackendError.self) { try backend.allocate(count: 201, dtype: .bool) }
    #expect(error == .outOfMemory(requestedBytes: 201, liveBytes: 800, limitBytes: 1000))
    #expect(backend.memoryStatistics().liveBytes == 800)
    backend.setMemoryLimit(bytes: 1001)
    withExtendedLifetime(held) { #expect(throws: Never.self) { try backend.allocate(count: 201, dtype: .bool) } }
  }

  @Test func impossibleSizesAreErrors() {
    let backend = ReferenceBackend()
    #expect(throws: BackendError.self) { try backend.allocate(count: 1 << 46, dtype: .float32) }
    #expect(throws: BackendError.self) { try backend.allocate(count: .max / 2, dtype: .float64) }
    #expect(backend.memoryStatistics().peakBytes == 0)
  }

  /// Buffers outlive the backend that created them.
  @Test func buffersKeepTheirMemory() throws {
    let slice = try buffer([1, 2, 3], on: ReferenceBackend())
    #expect(try values(slice) == [1, 2, 3])
  }

  @Test func freshMemoryReadsAsNaN() throws {
    #expect(try values(result(3)).allSatisfy { $0.isNaN })
  }

  @Test func foreignBuffersAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let foreign = BufferSlice(Buffer(count: 1, dtype: .float32))
      try? ReferenceBackend.shared.fill(foreign, count: 1, with: 0)
    }
  }
}
