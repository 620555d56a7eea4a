#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// The buffer pool, and uploads.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct MemoryTests {
  private func backend(_ device: OpenCLDevice) throws -> OpenCLBackend {
    try OpenCLBackend(device, OpenCLOptions(for: device))
  }

  @Test func blocksWasteAtMostAFifth() {
    var previous = 0
    for bytes in Array(0...5000) + [65_535, 65_536, 65_537, 1_000_000, (1 << 30) + 1, 3_000_000_000] {
      let size = BufferPool.blockSize(for: bytes)
      #expect(size >= bytes && size % 256 == 0 && size >= previous)
      if bytes > 1024 { #expect(Double(size) <= 1.25 * Double(bytes) + 256) }
      #expect(BufferPool.blockSize(for: size) == size)
      previous = size
      let largest = BufferPool.largestBlockSize(upTo: bytes)
      #expect(largest <= bytes && (bytes <= 256 || BufferPool.blockSize(for: largest) == largest))
      #expect(BufferPool.blockSize(for: largest + 1) > bytes || bytes <= 256)
    }
  }

  /// A buffer of the size that the capabilities name fits into an empty device.
  @Test(arguments: TestDevices.all) func theLargestBufferIsABlock(device: OpenCLDevice) throws {
    let largest = try backend(device).capabilities.largestBufferBytes
    #expect(largest <= device.largestBufferBytes && BufferPool.blockSize(for: largest) == largest)
  }

  @Test(arguments: TestDevices.all) func freedMemoryIsHandedOutAgain(device: OpenCLDevice) throws {
    let backend = try backend(device)
    let size = BufferPool.blockSize(for: 4_000_000)
    var buffer: Buffer? = try backend.allocate(count: 1_000_000, dtype: .float32)
    #expect(buffer?.count == 1_000_000)
    #expect(backend.memoryStatistics().liveBytes == size)
    buffer = nil
    #expect(backend.memoryStatistics().liveBytes == 0 && backend.memoryStatistics().cachedBytes == size)
    buffer = try backend.allocate(count: 1_000_000, dtype: .float32)
    #expect(backend.memoryStatistics().liveBytes == size && backend.memoryStatistics().cachedBytes == 0)
    buffer = nil
    backend.trimMemory()
    #expect(backend.memoryStatistics().cachedBytes == 0)
    #expect(backend.memoryStatistics().peakBytes == size)
  }

  /// Includes counts whose bytes or block size overflow Int.
  @Test(arguments: TestDevices.all) func whatCannotExistIsRefused(device: OpenCLDevice) throws {
    let backend = try backend(device)
    for count in [1 << 44, 1 << 60, Int.max / 4, Int.max] {
      let error = #expect(throws: BackendError.self) { try backend.allocate(count: count, dtype: .float32) }
      guard case .outOfMemory? = error else {
        Issue.record("\(count) elements: \(String(describing: error))")
        continue
      }
    }
    #expect(backend.memoryStatistics().liveBytes == 0)
  }

  @Test(arguments: TestDevices.all) func theLimitBoundsLiveAndCachedBytes(device: OpenCLDevice) throws {
    let backend = try backend(device)
    backend.setMemoryLimit(bytes: 1 << 20)
    #expect(backend.memoryStatistics().limitBytes == 1 << 20)
    // Cached blocks are released to make room for a larger one.
    for count in [50_000, 60_000, 100_000, 150_000, 200_000] {
      _ = try backend.allocate(count: count, dtype: .float32)
      let statistics = backend.memoryStatistics()
      #expect(statistics.liveBytes + statistics.cachedBytes <= 1 << 20)
    }
    let kept = try backend.allocate(count: 150_000, dtype: .float32)
    let live = backend.memoryStatistics().liveBytes
    #expect(throws: BackendError.outOfMemory(requestedBytes: 800_000, liveBytes: live, limitBytes: 1 << 20)) {
      try backend.allocate(count: 200_000, dtype: .float32)
    }
    // An error changes nothing: the next request that fits succeeds.
    #expect(backend.memoryStatistics().liveBytes == live)
    let small = try backend.allocate(count: 1000, dtype: .float32)
    #expect(kept.count == 150_000 && small.count == 1000)
    backend.setMemoryLimit(bytes: 0)
    #expect(backend.memoryStatistics().cachedBytes == 0)
  }

  @Test(arguments: TestDevices.all) func whatNoDeviceHoldsIsOutOfMemory(device: OpenCLDevice) throws {
    let backend = try backend(device)
    for count in [1 << 44, Int.max / 2] {
      let error = #expect(throws: BackendError.self) { try backend.allocate(count: count, dtype: .float32) }
      guard case .outOfMemory(let requested, 0, let limit)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(requested > limit && limit > 0)
    }
    // The device still works.
    let x = try backend.upload([1, 2] as [Float])
    #expect(try backend.floats(x, count: 2) == [1, 2])
  }

  @Test(arguments: TestDevices.all) func withoutTheExtensionFloat64IsRefused(device: OpenCLDevice) throws {
    let backend = try backend(device)
    if device.hasDoubles {
      #expect(try backend.supports(.float64) && backend.allocate(count: 1, dtype: .float64).byteCount == 8)
      return
    }
    #expect(!backend.supports(.float64))
    let error = #expect(throws: BackendError.self) { try backend.allocate(count: 1, dtype: .float64) }
    guard case .unsupported(_, .float64, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// Many concurrent uploads, and one too large for the staging memory: each transfers the content of its source at the
  /// time of the call.
  @Test(arguments: TestDevices.all) func uploadsKeepTheirContent(device: OpenCLDevice) throws {
    let backend = try backend(device)
    let count = 3000
    var slices: [BufferSlice] = []
    var numbers = [Float](repeating: 0, count: count)
    for round in 0..<200 {
      for i in 0..<count { numbers[i] = Float(round * count + i) }
      slices.append(try backend.upload(numbers))
    }
    for round in 0..<200 {
      let found = try backend.floats(slices[round], count: count)
      #expect(found.first == Float(round * count) && found.last == Float(round * count + count - 1))
    }
    let large = [Float](repeating: 7, count: 9 << 20)
    let slice = try backend.upload(large)
    #expect(try backend.floats(slice, count: large.count) == large)
  }

  @Test(arguments: TestDevices.all) func aBufferMayGoWhileKernelsUseIt(device: OpenCLDevice) throws {
    let backend = try backend(device)
    let y = try backend.empty(100_000)
    for round in 0..<50 {
      // Both operands return to the pool before anything has run.
      let x = try backend.empty(100_000)
      try backend.fill(x, count: 100_000, with: Double(round))
      let dense = Layout(dense: [100_000])
      try backend.binary(.add, x, dense, x, dense, into: y)
    }
    #expect(try backend.floats(y, count: 100_000) == [Float](repeating: 98, count: 100_000))
    #expect(backend.memoryStatistics().liveBytes == BufferPool.blockSize(for: 400_000))
  }
}
#endif
