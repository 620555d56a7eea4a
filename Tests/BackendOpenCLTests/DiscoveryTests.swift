#if OpenCL
import HostSystem
import BackendCore
import COpenCL
import Testing

@testable import BackendOpenCL

/// Finding devices, and the reasons if there are none.
@Suite struct DiscoveryTests {
  @Test(.enabled(if: TestDevices.exist)) func devicesHaveNamesOfTheirOwn() throws {
    let devices = try OpenCLDevice.available()
    #expect(Set(devices.map(\.identifier)).count == devices.count)
    for device in devices {
      #expect(!device.name.isEmpty)
      #expect(device.memoryBytes > 0 && device.largestBufferBytes > 0 && device.computeUnits > 0)
      #expect(device.identifier == "opencl:\(device.platformIndex):\(device.deviceIndex)")
      #expect(try OpenCLDevice.named(device.identifier) == device)
    }
  }

  @Test(.enabled(if: TestDevices.exist)) func aDeviceHasOneBackend() throws {
    let device = TestDevices.all[0]
    let backend = try OpenCLBackend.shared(for: device)
    #expect(try OpenCLBackend.shared(for: OpenCLDevice.named(device.identifier)) === backend)
    #expect(backend.identifier == device.identifier && backend.kind == device.kind)
    #expect(backend.supports(.float64) == device.hasDoubles && backend.computes(.float64) == device.hasDoubles)
    #expect(backend.supports(.bool) && backend.computes(.int64))
  }

  @Test(.enabled(if: TestDevices.exist)) func anUnknownNameListsWhatThereIs() {
    for name in ["opencl:9:9", "opencl:0", "cuda", ""] {
      let error = #expect(throws: OpenCLError.self) { try OpenCLDevice.named(name) }
      guard case .noDevice(name, let found)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
      #expect(found == TestDevices.all.map(\.description))
    }
  }

  @Test(.enabled(if: TestDevices.exist)) func withoutDriversThereIsNoPlatform() async {
    await #expect(processExitsWith: .success) {
      setenv("OCL_ICD_VENDORS", "/nonexistent/", 1)
      do {
        _ = try OpenCLDevice.available()
        exit(1)
      } catch OpenCLError.noPlatform {
        exit(0)
      }
    }
  }

  @Test func aMissingLoaderIsNamed() {
    let table = UnsafeMutablePointer<NNOpenCLFunctions>.allocate(capacity: 1)
    defer { table.deallocate() }
    let reason = nn_opencl_open("libNoSuchOpenCL.so.1", table)
    defer { free(reason) }
    #expect(reason.map { String(cString: $0) }?.contains("libNoSuchOpenCL.so.1") == true)
    // A library that exists but is not a loader.
    let other = nn_opencl_open("libm.so.6", table)
    defer { free(other) }
    #expect(other.map { String(cString: $0) }?.contains("clGetPlatformIDs") == true)
  }
}
#endif
