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

/// A folder that is empty at first, for one test.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    var template = Array("/tmp/programs-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      closedir(folder)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
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
