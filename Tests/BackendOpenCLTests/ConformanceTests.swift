#if OpenCL
import BackendConformance
import BackendCore
import Testing

@testable import BackendOpenCL

/// Compares every primitive and fused operation with the Reference backend, on every device.
@Suite(.serialized) struct ConformanceTests {
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, ConformanceFamily.allCases)
  func conforms(device: OpenCLDevice, family: ConformanceFamily) throws {
    try expectConformance(of: OpenCLBackend.shared(for: device), family)
  }

  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all)
  func elementTypesAreThoseOfTheTable(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    #expect(elementTypeFailures(of: backend).isEmpty)
    #expect(elementTypeFailures(of: WidenedArithmetic(backend)).isEmpty)
  }

  /// Each family with one of the two types in turn.
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, ConformanceFamily.computing)
  func conformsInHalfPrecision(device: OpenCLDevice, family: ConformanceFamily) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let number = ConformanceFamily.computing.firstIndex(of: family) ?? 0
    try expectConformance(of: backend, family, computingIn: number % 2 == 0 ? .bfloat16 : .float16)
  }

  /// Devices without the extension refuse float64.
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, ConformanceFamily.computing)
  func conformsInDoublePrecision(device: OpenCLDevice, family: ConformanceFamily) throws {
    let backend = try OpenCLBackend.shared(for: device)
    if device.hasDoubles { try expectConformance(of: backend, family, computingIn: .float64) }
  }

  /// The kernels for the other kind of device: GPU kernels on a CPU.
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, ConformanceFamily.allCases)
  func conformsWithTheOtherKernels(device: OpenCLDevice, family: ConformanceFamily) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops.toggle()
    try expectConformance(of: OpenCLBackend(device, options), family)
  }

  /// Convolution with each size of tiles.
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, MatmulTile.convolutions)
  func convolutionConforms(device: OpenCLDevice, tile: MatmulTile) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops = false
    options.convolutionTiles = [tile]
    try expectConformance(of: OpenCLBackend(device, options), .convolution)
  }

  /// No kernel reads uninitialized memory, including the memory between two kernels of one operation: all memory starts
  /// as NaN.
  @Test(.enabled(if: TestDevices.exist), arguments: TestDevices.all, [false, true])
  func conformsInSpoiltMemory(device: OpenCLDevice, runsLoops: Bool) throws {
    var options = OpenCLOptions(for: device)
    options.spoilsNewMemory = true
    options.runsLoops = runsLoops
    let backend = try OpenCLBackend(device, options)
    let canary = try backend.allocate(count: 3, dtype: .float32)
    #expect(try backend.floats(BufferSlice(canary), count: 3).allSatisfy(\.isNaN))
    for family in ConformanceFamily.allCases { try expectConformance(of: backend, family) }
  }

  private func expectConformance(
    of backend: OpenCLBackend, _ family: ConformanceFamily, computingIn dtype: DType = .float32
  ) throws {
    let before = backend.launchCount
    let failures = conformanceFailures(of: backend, filter: [family], computingIn: dtype)
    for failure in failures.prefix(20) { Issue.record("\(failure)") }
    #expect(failures.isEmpty, "\(failures.count) failures on \(backend.device)")
    // The results must have been computed by kernels.
    if family != .recording { #expect(backend.launchCount > before) }
  }
}
#endif
