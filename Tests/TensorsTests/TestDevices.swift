import BackendReference
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The devices that tests run on.
enum TestDevices {
  /// The Reference backend: the oracle in float64.
  static let reference = Device(ReferenceBackend())

  /// Reference, the CPU, and whatever OpenCL offers.
  static let all: [Device] = [reference] + Device.available()

  /// A device without memory: what is made on it has a shape and carries the error.
  static let full = Device(ReferenceBackend(memoryLimit: 0))

  /// A device of its own, for tests that limit its memory.
  static func separate() -> Device { Device(ReferenceBackend()) }
}

@Suite struct TestDevicesTests {
  /// With NN_REQUIRE_OPENCL=1 a missing OpenCL device is a failure, not a reason to test less.
  @Test func openCLIsThereWhereRequired() {
    guard getenv("NN_REQUIRE_OPENCL").map({ String(cString: $0) }) == "1" else { return }
    #expect(TestDevices.all.contains { $0.identifier.hasPrefix("opencl:") })
  }
}
