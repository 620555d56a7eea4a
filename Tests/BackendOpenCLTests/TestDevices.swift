#if OpenCL
import HostSystem
import BackendCore
import Testing

@testable import BackendOpenCL

/// The devices for the tests: all available ones, including CPU devices.
enum TestDevices {
  /// With `NN_REQUIRE_OPENCL=1`, a missing device is a failure. Otherwise, the tests are skipped, and this prints a
  /// note once.
  static let all: [OpenCLDevice] = {
    do {
      let found = try OpenCLDevice.available()
      if !found.isEmpty { return found }
      print("OpenCL tests skipped: no device")
    } catch {
      print("OpenCL tests skipped: \(error)")
    }
    return []
  }()

  static var isRequired: Bool { environment("NN_REQUIRE_OPENCL") == "1" }
  static var exist: Bool { !all.isEmpty }
}

@Suite struct RequiredDeviceTests {
  @Test func aDeviceIsThereWhenRequired() {
    #expect(!TestDevices.isRequired || TestDevices.exist, "NN_REQUIRE_OPENCL=1, and no OpenCL device")
  }
}
#endif
