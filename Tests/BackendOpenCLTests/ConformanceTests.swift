#if OpenCL
import BackendConformance
import BackendCore
import Testing

@testable import BackendOpenCL

/// Every primitive and fused operation against the Reference backend, on every device.
@Suite(.serialized) struct ConformanceTests {
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, ConformanceFamily.allCases)
  func conforms(device: OpenCLDevice, family: ConformanceFamily) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let before = backend.launchCount
    let failures = conformanceFailures(of: backend, filter: [family])
    for failure in failures.prefix(20) { Issue.record("\(failure)") }
    #expect(failures.isEmpty, "\(failures.count) failures on \(device)")
    // What conforms must have been computed by kernels.
    if family != .recording { #expect(backend.launchCount > before) }
  }
}
#endif
