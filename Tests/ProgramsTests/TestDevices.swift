import BackendReference
import NeuralNetworks
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where every program is run: the CPU, the OpenCL devices of this machine, and the specification.
enum TestDevices {
  static let all: [Device] = [.cpu] + openCL + [reference]
  static let reference = Device(ReferenceBackend.shared)
  static let openCL = Device.available().filter { $0.identifier.hasPrefix("opencl:") }
}

/// True when both have as many numbers and none differs by more than `tolerance`.
func close(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= tolerance }
}

@Suite("Devices of the programs")
struct DeviceTests {
  @Test func thereIsAnOpenCLDeviceWhereOneIsRequired() {
    guard let required = getenv("NN_REQUIRE_OPENCL"), required.pointee == 0x31 else { return }
    #expect(!TestDevices.openCL.isEmpty)
  }
}
