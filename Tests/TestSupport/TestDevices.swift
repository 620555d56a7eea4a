import HostSystem
import BackendReference
import Tensors

/// The devices for tests that are parameterized over devices.
///
/// With `NN_TEST_DEVICES=opencl`, they are only those of OpenCL: for runs that repeat the tests with another OpenCL
/// implementation, or with other kernels.
package enum TestDevices {
  /// The Reference backend: the oracle in float64.
  package static let reference = Device(ReferenceBackend())

  /// The OpenCL devices of this machine.
  package static let openCL = Device.available().filter { $0.identifier.hasPrefix("opencl:") }

  /// The devices on which users train: the CPU, and all OpenCL devices.
  package static let real = isOpenCLOnly ? openCL : [.cpu] + openCL

  /// The devices on which users train, and Reference.
  package static let all = isOpenCLOnly ? openCL : real + [reference]

  /// False if `NN_REQUIRE_OPENCL=1` asks for an OpenCL device and there is none.
  package static var areComplete: Bool { environment("NN_REQUIRE_OPENCL") != "1" || !openCL.isEmpty }

  private static let isOpenCLOnly = environment("NN_TEST_DEVICES") == "opencl"
}
