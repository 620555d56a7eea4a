#if OpenCL
import BackendCore
import COpenCL
import Synchronization
import Testing

@testable import BackendOpenCL

/// A driver that counts the kernel arguments set.
private enum CountingDriver {
  static let arguments = Atomic<Int>(0)
  static let kernels = Atomic<Int>(0)
  private static var cl: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  static var functions: NNOpenCLFunctions {
    var functions = cl
    functions.clSetKernelArg = { kernel, index, size, value in
      CountingDriver.arguments.add(1, ordering: .relaxed)
      return CountingDriver.cl.clSetKernelArg(kernel, index, size, value)
    }
    functions.clCreateKernel = { program, name, status in
      CountingDriver.kernels.add(1, ordering: .relaxed)
      return CountingDriver.cl.clCreateKernel(program, name, status)
    }
    functions.clReleaseKernel = { kernel in
      CountingDriver.kernels.subtract(1, ordering: .relaxed)
      return CountingDriver.cl.clReleaseKernel(kernel)
    }
    return functions
  }
}

/// The host's work in a replay, in addition to the results checked by the conformance suite.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct RecordingTests {
  private let count = 100

  /// y = (x + 1)·2, with an intermediate buffer.
  private func step(_ backend: any Backend, _ x: BufferSlice, _ y: BufferSlice) throws {
    let between = BufferSlice(try backend.allocate(count: count, dtype: .float32))
    try backend.binaryScalar(.add, x, 1, scalarFirst: false, count: count, into: between)
    try backend.binaryScalar(.multiply, between, 2, scalarFirst: false, count: count, into: y)
  }

  private func numbers(_ offset: Float) -> [Float] { (0..<count).map { Float($0) + offset } }

  /// Arguments are set only for operands that have moved since the last replay.
  @Test(arguments: TestDevices.all) func whatStaysIsNotSet(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: CountingDriver.functions)
    let x = try backend.upload(numbers(0))
    let other = try backend.upload(numbers(5))
    let y = try backend.empty(count)
    var recording: (any Recording)? = try backend.record { try step($0, x, y) }
    let kept = CountingDriver.kernels.load(ordering: .relaxed)
    func arguments(_ substitutions: [BufferBinding]) throws -> Int {
      let (before, launches) = (CountingDriver.arguments.load(ordering: .relaxed), backend.launchCount)
      try #require(recording).replay(substituting: substitutions)
      #expect(backend.launchCount == launches + 2)
      return CountingDriver.arguments.load(ordering: .relaxed) - before
    }
    #expect(try arguments([]) == 0)
    #expect(try backend.floats(y, count: count) == numbers(1).map { 2 * $0 })
    // The location and the offset, once.
    let moved = [BufferBinding(x.buffer, by: other)]
    #expect(try arguments(moved) == 2 && arguments(moved) == 0)
    #expect(try backend.floats(y, count: count) == numbers(6).map { 2 * $0 })
    // Without substitutions, it is at its original location.
    #expect(try arguments([]) == 2 && arguments([]) == 0)
    #expect(try backend.floats(y, count: count) == numbers(1).map { 2 * $0 })
    recording = nil
    #expect(CountingDriver.kernels.load(ordering: .relaxed) == kept - 2)
  }

  /// A recording takes the memory of one call, and releases it.
  @Test(arguments: TestDevices.all) func memoryComesBack(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let (x, y) = (try backend.upload(numbers(0)), try backend.empty(count))
    let before = backend.memoryStatistics().liveBytes
    var recording = try backend.record { recorder in
      for _ in 0..<5 { try step(recorder, x, y) }
    }
    let during = backend.memoryStatistics().liveBytes
    #expect(during == before + BufferPool.blockSize(for: 4 * count))
    for _ in 0..<3 { try recording?.replay() }
    #expect(backend.memoryStatistics().liveBytes == during)
    recording = nil
    #expect(backend.memoryStatistics().liveBytes == before)
  }

  /// Temporary values of different sizes share memory, and the calls can be listed.
  @Test(arguments: TestDevices.all) func valuesShareMemory(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let x = try backend.upload([Float](repeating: 1, count: 1 << 16))
    let before = backend.memoryStatistics().liveBytes
    let recording = try backend.record { recorder in
      var last = x
      for power in [16, 15, 14, 13] {
        let y = BufferSlice(try recorder.allocate(count: 1 << power, dtype: .float32))
        try recorder.unary(UnaryOp(.exp), last, count: 1 << power, into: y)
        last = y
      }
    }
    let list = try #require(recording?.calls)
    #expect(list.calls.count == 4 && list.temporaryByteCount == 4 * 15 << 13)
    #expect(backend.memoryStatistics().liveBytes == before + BufferPool.blockSize(for: MemoryPlan(list).byteCount))
    #expect(MemoryPlan(list).byteCount <= 4 * 3 << 15)
  }

  /// A result of the recording itself has separate memory, also after the recording is released.
  @Test(arguments: TestDevices.all) func resultsOutliveTheRecording(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let x = try backend.upload(numbers(0))
    var result: BufferSlice?
    _ = try backend.record { recorder in
      let y = BufferSlice(try recorder.allocate(count: count, dtype: .float32))
      try step(recorder, x, y)
      result = y
    }
    let y = try #require(result)
    for _ in 0..<4 { try backend.fill(backend.empty(count), count: count, with: 7) }
    #expect(try backend.floats(y, count: count) == numbers(1).map { 2 * $0 })
  }

  /// The calls cannot be repeated if the host has read a number or a call has failed.
  @Test(arguments: TestDevices.all) func whatCannotBeRepeatedIsNot(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (x, y) = (try backend.upload(numbers(0)), try backend.empty(count))
    let read = try backend.record { recorder in
      try step(recorder, x, y)
      _ = try recorder.floats(y, count: count)
    }
    #expect(read == nil)
    let failed = try backend.record { recorder in
      try step(recorder, x, y)
      _ = try? recorder.allocate(count: .max / 8, dtype: .float32)
    }
    #expect(failed == nil)
    // The calls belong to the outer recording.
    var inner: (any Recording)?
    let outer = try backend.record { recorder in inner = try recorder.record { try step($0, x, y) } }
    #expect(inner == nil && outer != nil)
  }

  /// Uploads and copies are repeated with their bytes and locations.
  @Test(arguments: TestDevices.all) func bytesAreKept(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (y, other) = (try backend.empty(count), try backend.empty(2 * count))
    let recording = try backend.record { recorder in
      let x = try recorder.upload(numbers(3))
      try recorder.copy(x, count: count, into: y)
    }
    try backend.fill(y, count: count, with: 0)
    try backend.fill(other, count: 2 * count, with: 0)
    try #require(recording).replay(substituting: [BufferBinding(y.buffer, by: other.advanced(by: count))])
    #expect(try backend.floats(other.advanced(by: count), count: count) == numbers(3))
    #expect(try backend.floats(y, count: count) == [Float](repeating: 0, count: count))
  }
}
#endif
