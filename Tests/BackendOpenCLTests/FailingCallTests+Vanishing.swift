#if OpenCL
import BackendCore
import COpenCL
import Testing

@testable import BackendOpenCL

extension FailingCallTests {
  /// The device disappears at each call in turn, with each of the error codes that drivers return then. Every later
  /// call fails with the same error, which names the attempted action, and other backends of the process are not
  /// affected.
  @Test(arguments: TestDevices.all, [CL_OUT_OF_RESOURCES, CL_INVALID_COMMAND_QUEUE, CL_DEVICE_NOT_AVAILABLE])
  func aDeviceVanishes(device: OpenCLDevice, status: Int32) throws {
    ScarceDriver.recover()
    var site = 0
    var reasons: Set<String> = []
    while true {
      ScarceDriver.recover()
      let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: ScarceDriver.functions)
      let x = try backend.upload([1, 2, 3] as [Float])
      let y = try backend.empty(3)
      try backend.unary(.relu, x, count: 3, into: y)
      ScarceDriver.fail(site, .max, with: status)
      do {
        _ = try backend.upload([4, 5, 6] as [Float])
        try backend.unary(.relu, x, count: 3, into: y)
        try backend.copy(x, count: 3, into: y)
        _ = try backend.floats(y, count: 3)
        try backend.synchronize()
      } catch let error as BackendError {
        ScarceDriver.recover()
        if case .deviceLost(let name, let reason) = error {
          #expect(name.contains(device.name) && reason.contains(OpenCLLibrary.name(of: status)), "call \(site)")
          reasons.insert(reason)
          #expect(throws: error) { try backend.synchronize() }
          #expect(throws: error) { try backend.unary(.relu, x, count: 3, into: y) }
        } else {
          // A buffer could not be created: the device may still work, and the next call shows it.
          guard case .outOfMemory = error else {
            Issue.record("call \(site): \(error)")
            return
          }
        }
      }
      if ScarceDriver.failures.load(ordering: .relaxed) == 0 { break }
      site += 1
    }
    ScarceDriver.recover()
    #expect(site >= 5 && reasons.count >= 3, "\(site) calls, \(reasons)")
    let other = try OpenCLBackend.shared(for: device)
    #expect(try other.floats(other.upload([1, 2] as [Float]), count: 2) == [1, 2])
  }
}
#endif
