#if OpenCL
import BackendConformance
import BackendCore
import Testing

@testable import BackendOpenCL

/// Calls on float16 and bfloat16, compared with the same calls in float32.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct HalfTests {
  static let types: [DType] = [.float16, .bfloat16]

  @Test(arguments: TestDevices.all, types)
  func resultsAreThoseOfFloat32RoundedOnce(device: OpenCLDevice, dtype: DType) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let failures = try (HalfCall.functions + HalfCall.pairs).flatMap { try $0.failures(on: backend, dtype) }
    #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
  }

  /// The kernels for the other kind of device, and those for 64-bit positions.
  @Test(arguments: TestDevices.all, types)
  func otherKernelsRoundOnce(device: OpenCLDevice, dtype: DType) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops.toggle()
    options.usesWidePositions = dtype == .bfloat16
    let backend = try OpenCLBackend(device, options)
    let names: Set = ["relu", "gradient of relu", "isNaN"]
    let calls = HalfCall.functions.filter { names.contains($0.name) } + HalfCall.pairs
    let failures = try calls.flatMap { try $0.failures(on: backend, dtype) }
    #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
  }

  @Test(arguments: TestDevices.all) func operandsAreNotCopied(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    let names: Set = [
      "relu", "gradient of relu", "isNaN", "add", "add, scalar first: false", "less", "less of a scalar",
    ]
    let calls = (HalfCall.functions + HalfCall.pairs).filter { names.contains($0.name) }
    #expect(calls.count == names.count)
    #expect(try HalfCall.temporaryBytes(of: calls, on: backend, .bfloat16) == 0)
  }

  @Test(arguments: TestDevices.all) func operandsOfTwoTypesAreLeftToFloat32(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (x, y) = (try backend.empty(8, .float16), try backend.empty(8, .bfloat16))
    let flat = Layout(flat: 8)
    #expect(!backend.computesHalves(.binary(.add, a: flat, b: flat), [x, y, x]))
    #expect(!backend.computesHalves(.softmax(rows: 2, columns: 4, logarithmic: false), [x, x]))
    #expect(throws: BackendError.self) { try backend.unary(UnaryOp(.logicalNot), x, count: 8, into: x) }
    #expect(throws: BackendError.self) { try backend.binary(.bitwiseAnd, x, flat, x, flat, into: x) }
  }
}
#endif
