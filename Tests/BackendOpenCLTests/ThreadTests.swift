#if OpenCL
import HostSystem
import BackendCore
import COpenCL
import Synchronization
import Testing

@testable import BackendOpenCL

/// A driver whose waits do not end until they are released.
private enum WaitingDriver {
  /// The calls that wait: 0 for none, 1 for waits on the device, 2 for the compiler.
  static let waits = Atomic<Int>(0)
  /// The number of threads waiting now.
  static let waiting = Atomic<Int>(0)
  private static var cl: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  static func wait(_ kind: Int) {
    waiting.add(1, ordering: .sequentiallyConsistent)
    while waits.load(ordering: .sequentiallyConsistent) == kind { usleep(1000) }
    waiting.subtract(1, ordering: .sequentiallyConsistent)
  }

  static var functions: NNOpenCLFunctions {
    var functions = cl
    functions.clFinish = { queue in
      if WaitingDriver.waits.load(ordering: .sequentiallyConsistent) == 1 { WaitingDriver.wait(1) }
      return WaitingDriver.cl.clFinish(queue)
    }
    functions.clEnqueueReadBuffer = { queue, memory, blocks, offset, size, host, waits, list, event in
      if WaitingDriver.waits.load(ordering: .sequentiallyConsistent) == 1 { WaitingDriver.wait(1) }
      return WaitingDriver.cl.clEnqueueReadBuffer(queue, memory, blocks, offset, size, host, waits, list, event)
    }
    functions.clBuildProgram = { program, count, devices, options, callback, data in
      if WaitingDriver.waits.load(ordering: .sequentiallyConsistent) == 2 { WaitingDriver.wait(2) }
      return WaitingDriver.cl.clBuildProgram(program, count, devices, options, callback, data)
    }
    return functions
  }
}

/// Two threads use one device: while one waits for the device or for the compiler, the other continues.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct ThreadTests {
  /// Runs `waiter` on a separate thread until it blocks in a call of this kind, then runs `body`, then releases the
  /// call.
  private func during(_ kind: Int, _ waiter: @escaping @Sendable () throws -> Void, _ body: () throws -> Void) throws {
    WaitingDriver.waits.store(kind, ordering: .sequentiallyConsistent)
    let fault = Mutex<String?>(nil)
    let thread = SystemThread {
      do { try waiter() } catch { fault.withLock { $0 = "\(error)" } }
    }
    var patience = 60_000
    while WaitingDriver.waiting.load(ordering: .sequentiallyConsistent) == 0, patience > 0 {
      usleep(1000)
      patience -= 1
    }
    #expect(patience > 0, "nothing waits")
    // A body that waits for a lock would wait forever.
    let watchdog = SystemThread {
      for _ in 0..<60_000 where WaitingDriver.waits.load(ordering: .sequentiallyConsistent) != 0 { usleep(1000) }
      WaitingDriver.waits.store(0, ordering: .sequentiallyConsistent)
    }
    let result = Result { try body() }
    #expect(WaitingDriver.waiting.load(ordering: .sequentiallyConsistent) == 1, "the wait ended before the other work")
    WaitingDriver.waits.store(0, ordering: .sequentiallyConsistent)
    thread?.join()
    watchdog?.join()
    #expect(thread != nil && watchdog != nil)
    #expect(fault.withLock { $0 } == nil)
    try result.get()
  }

  /// Everything that does not wait itself.
  private func work(_ backend: OpenCLBackend) throws {
    let x = try backend.upload([1, -2, 3] as [Float])
    let y = try backend.empty(3)
    try backend.unary(.relu, x, count: 3, into: y)
    try backend.copy(y, count: 3, into: x)
    try backend.fill(x, count: 1, with: 2)
    _ = try backend.allocate(count: 100_000, dtype: .float32)
    backend.trimMemory()
    #expect(backend.memoryStatistics().liveBytes > 0)
    try backend.context.checkUsable()
  }

  @Test(arguments: TestDevices.all) func aWaitForTheDeviceHoldsUpNobody(device: OpenCLDevice) throws {
    WaitingDriver.waits.store(0, ordering: .sequentiallyConsistent)
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: WaitingDriver.functions)
    let x = try backend.upload([1, 2, 3] as [Float])
    try during(1, { try backend.synchronize() }) { try work(backend) }
    try during(1, { _ = try backend.floats(x, count: 3) }) { try work(backend) }
    #expect(try backend.floats(x, count: 3) == [1, 2, 3])
  }

  /// While a program is built, kernels of other programs are created and launched.
  @Test(arguments: TestDevices.all) func aBuildHoldsUpNobody(device: OpenCLDevice) throws {
    WaitingDriver.waits.store(0, ordering: .sequentiallyConsistent)
    var options = OpenCLOptions(for: device)
    options.binaryDirectory = nil
    let backend = try OpenCLBackend(device, options, functions: WaitingDriver.functions)
    let x = try backend.upload([1, 2, 3] as [Float])
    let y = try backend.empty(3)
    try backend.unary(UnaryOp(.square), x, count: 3, into: y)
    try backend.fill(y, count: 3, with: 0)
    let shape = AxisShape(outer: 1, extent: 3, inner: 1)
    try during(2, { try backend.scan(.sum, x, shape, reversed: false, into: x) }) {
      try work(backend)
      // A kernel that has not been requested yet, of an existing program.
      try backend.unary(UnaryOp(.negate), y, count: 3, into: y)
      try backend.synchronize()
    }
    #expect(try backend.floats(x, count: 3) == [1, 3, 6])
  }

  /// Programs are built concurrently.
  @Test(arguments: TestDevices.all) func threadsBuildSideBySide(device: OpenCLDevice) throws {
    WaitingDriver.waits.store(2, ordering: .sequentiallyConsistent)
    var options = OpenCLOptions(for: device)
    options.binaryDirectory = nil
    let backend = try OpenCLBackend(device, options, functions: WaitingDriver.functions)
    let x = try backend.upload([1, 2, 3] as [Float])
    let y = try backend.empty(3)
    let shape = AxisShape(outer: 1, extent: 3, inner: 1)
    let bodies: [@Sendable () throws -> Void] = [
      { try backend.unary(UnaryOp(.square), x, count: 3, into: y) },
      { try backend.softmax(x, rows: 1, columns: 3, logarithmic: false, into: y) },
      { try backend.scan(.sum, x, shape, reversed: false, into: y) },
    ]
    let faults = Mutex<[String]>([])
    let threads = bodies.map { body in
      SystemThread {
        do { try body() } catch { faults.withLock { $0.append("\(error)") } }
      }
    }
    var patience = 60_000
    while WaitingDriver.waiting.load(ordering: .sequentiallyConsistent) < 3, patience > 0 {
      usleep(1000)
      patience -= 1
    }
    #expect(patience > 0, "fewer than three programs were built at once")
    WaitingDriver.waits.store(0, ordering: .sequentiallyConsistent)
    for thread in threads {
      #expect(thread != nil)
      thread?.join()
    }
    #expect(faults.withLock { $0 } == [])
    #expect(backend.launchCount == 3)
  }
}
#endif
