#if OpenCL
import HostSystem
import BackendCore
import COpenCL
import Testing

@testable import BackendOpenCL

/// A failed device stays failed, and a forked process gets an error.
@Suite(.enabled(if: TestDevices.exist)) struct FailureTests {
  @Test(arguments: TestDevices.all) func aLostDeviceStaysLost(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let x = try backend.upload([1, 2, 3] as [Float])
    let first = #expect(throws: BackendError.self) {
      try backend.context.check(CL_OUT_OF_RESOURCES, "kernel unary_exp_float")
    }
    guard case .deviceLost(let name, let reason)? = first else {
      Issue.record("\(String(describing: first))")
      return
    }
    #expect(name.contains(device.name))
    #expect(reason.contains("kernel unary_exp_float") && reason.contains("CL_OUT_OF_RESOURCES"))
    let lost = BackendError.deviceLost(device: name, reason: reason)
    #expect(throws: lost) { try backend.context.check(CL_INVALID_COMMAND_QUEUE, "another") }
    #expect(throws: lost) { try backend.unary(UnaryOp(.exp), x, count: 3, into: x) }
    #expect(throws: lost) { try backend.unary(UnaryOp(.exp), x, count: 0, into: x) }
    #expect(throws: lost) { try backend.synchronize() }
    #expect(throws: lost) { try backend.floats(x, count: 3) }
    #expect(throws: lost) { try backend.upload([1] as [Float]) }
    #expect(throws: lost) { try backend.copy(x, count: 1, into: x.advanced(by: 1)) }
    #expect(throws: lost) { try backend.allocate(count: 1, dtype: .float32) }
  }

  @Test(arguments: TestDevices.all) func memoryThatRunsOutInADriverComesBack(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let error = #expect(throws: BackendError.self) {
      try backend.context.check(CL_MEM_OBJECT_ALLOCATION_FAILURE, "kernel", bytes: 12)
    }
    guard case .outOfMemory(12, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    try backend.synchronize()
  }

  @Test func aForkedProcessIsTold() async {
    await #expect(processExitsWith: .success) {
      let device = try OpenCLDevice.available()[0]
      let backend = try OpenCLBackend.shared(for: device)
      let x = try backend.upload([1, 2, 3] as [Float])
      try backend.synchronize()
      typealias Fork = @convention(c) () -> pid_t
      let fork = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)
      let child = fork()
      if child == 0 {
        // The alarm ends a hanging child.
        alarm(20)
        var failures = 0
        do {
          _ = try backend.floats(x, count: 3)
          failures += 1
        } catch BackendError.deviceLost(_, let reason) {
          if !reason.contains("forked") { failures += 1 }
        } catch {
          failures += 1
        }
        do {
          try backend.fill(x, count: 3, with: 0)
          failures += 1
        } catch {}
        _exit(Int32(failures))
      }
      var status: Int32 = -1
      waitpid(child, &status, 0)
      // The parent continues.
      guard try backend.floats(x, count: 3) == [1, 2, 3] else { exit(2) }
      exit(status == 0 ? 0 : 1)
    }
  }
}
#endif
