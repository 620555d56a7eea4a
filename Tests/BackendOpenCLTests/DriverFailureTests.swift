#if OpenCL
import BackendCore
import COpenCL
import Synchronization
import Testing

@testable import BackendOpenCL

/// A driver that fails on request: entry points that replace those of the loader.
enum FailingDriver {
  /// The number of next calls that fail.
  static let failures = Atomic<Int>(0)
  /// The number of released buffers.
  static let releases = Atomic<Int>(0)

  static func fails() -> Bool {
    guard failures.load(ordering: .relaxed) > 0 else { return false }
    failures.subtract(1, ordering: .relaxed)
    return true
  }

  static var functions: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  /// Creating a buffer fails.
  static var withoutMemory: NNOpenCLFunctions {
    var functions = functions
    functions.clCreateBuffer = { context, flags, size, host, status in
      guard !FailingDriver.fails() else {
        status?.pointee = CL_MEM_OBJECT_ALLOCATION_FAILURE
        return nil
      }
      return FailingDriver.functions.clCreateBuffer(context, flags, size, host, status)
    }
    functions.clReleaseMemObject = { memory in
      FailingDriver.releases.add(1, ordering: .relaxed)
      return FailingDriver.functions.clReleaseMemObject(memory)
    }
    return functions
  }

  /// Buffers are created, but fail to be allocated when they are migrated to the device.
  static var withLazyMemory: NNOpenCLFunctions {
    var functions = withoutMemory
    functions.clCreateBuffer = FailingDriver.functions.clCreateBuffer
    functions.clEnqueueMigrateMemObjects = { queue, count, objects, flags, waits, list, event in
      FailingDriver.fails()
        ? CL_OUT_OF_RESOURCES
        : FailingDriver.functions.clEnqueueMigrateMemObjects(queue, count, objects, flags, waits, list, event)
    }
    return functions
  }

  /// Kernels cannot be enqueued.
  static var withoutLaunches: NNOpenCLFunctions {
    var functions = functions
    functions.clEnqueueNDRangeKernel = { _, _, _, _, _, _, _, _, _ in CL_OUT_OF_RESOURCES }
    return functions
  }

  /// Every query for a platform's devices fails.
  static var withoutDevices: NNOpenCLFunctions {
    var functions = functions
    functions.clGetDeviceIDs = { _, _, _, _, _ in CL_INVALID_PLATFORM }
    return functions
  }

  /// Devices do not answer queries.
  static var withSilentDevices: NNOpenCLFunctions {
    var functions = functions
    functions.clGetDeviceInfo = { _, _, _, _, _ in CL_OUT_OF_HOST_MEMORY }
    return functions
  }

  /// The loader finds no platform, and reports it like old loaders.
  static var withoutPlatforms: NNOpenCLFunctions {
    var functions = functions
    functions.clGetPlatformIDs = { _, _, count in
      count?.pointee = 0
      return CL_SUCCESS
    }
    return functions
  }
}

@Suite(.serialized, .enabled(if: TestDevices.exist)) struct DriverFailureTests {
  private static let drivers = ["at creation", "at first use"]

  private func backend(_ device: OpenCLDevice, _ driver: String) throws -> OpenCLBackend {
    FailingDriver.failures.store(0, ordering: .relaxed)
    FailingDriver.releases.store(0, ordering: .relaxed)
    let functions = driver == "at creation" ? FailingDriver.withoutMemory : FailingDriver.withLazyMemory
    return try OpenCLBackend(device, OpenCLOptions(for: device), functions: functions)
  }

  @Test(arguments: TestDevices.all, drivers) func memoryIsTriedAgainWithoutTheCache(
    device: OpenCLDevice, driver: String
  ) throws {
    let backend = try backend(device, driver)
    _ = try backend.allocate(count: 1000, dtype: .float32)
    #expect(backend.memoryStatistics().cachedBytes > 0)
    FailingDriver.failures.store(1, ordering: .relaxed)
    let buffer = try backend.allocate(count: 100_000, dtype: .float32)
    #expect(buffer.count == 100_000)
    #expect(backend.memoryStatistics().cachedBytes == 0)
    // The cached block, and the one that failed to be allocated.
    #expect(FailingDriver.releases.load(ordering: .relaxed) == (driver == "at creation" ? 1 : 2))
  }

  @Test(arguments: TestDevices.all, drivers) func memoryThatIsNotThereIsAnError(
    device: OpenCLDevice, driver: String
  ) throws {
    let backend = try backend(device, driver)
    let kept = try backend.allocate(count: 1000, dtype: .float32)
    let live = backend.memoryStatistics().liveBytes
    FailingDriver.failures.store(2, ordering: .relaxed)
    let error = #expect(throws: BackendError.self) { try backend.allocate(count: 100_000, dtype: .float32) }
    guard case .outOfMemory(400_000, live, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(backend.memoryStatistics().liveBytes == live && kept.count == 1000)
    // No memory is lost: the next request succeeds.
    #expect(try backend.allocate(count: 100_000, dtype: .float32).count == 100_000)
  }

  @Test(arguments: TestDevices.all) func aKernelThatFailsIsNamed(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(
      device, OpenCLOptions(for: device), functions: FailingDriver.withoutLaunches)
    let x = try backend.empty(3)
    let error = #expect(throws: BackendError.self) { try backend.unary(.relu, x, count: 3, into: x) }
    guard case .deviceLost(_, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("unary_relu_float") && reason.contains("CL_OUT_OF_RESOURCES"))
    #expect(backend.launchCount == 0)
    #expect(throws: try #require(error)) { try backend.synchronize() }
  }

  @Test func platformsAndDevicesThatDoNotAnswerAreLeftOut() throws {
    #expect(try OpenCLDevice.available(FailingDriver.withoutDevices).isEmpty)
    #expect(try OpenCLDevice.available(FailingDriver.withSilentDevices).isEmpty)
    #expect(throws: OpenCLError.noPlatform(tried: .tried())) {
      try OpenCLDevice.available(FailingDriver.withoutPlatforms)
    }
  }
}
#endif
