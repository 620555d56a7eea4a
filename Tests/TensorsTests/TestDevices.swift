import BackendReference
import Tensors
import TestSupport
import Testing

typealias TestDevices = TestSupport.TestDevices

extension TestDevices {
  /// A device without memory: tensors created on it have a shape and contain the error.
  static let full = Device(ReferenceBackend(memoryLimit: 0))

  /// A separate device, for tests that limit its memory.
  static func separate() -> Device { Device(ReferenceBackend()) }
}

@Suite struct TestDevicesTests {
  /// With NN_REQUIRE_OPENCL=1, a missing OpenCL device is a failure, not a reason to test less.
  @Test func openCLIsThereWhereRequired() { #expect(TestDevices.areComplete) }
}
