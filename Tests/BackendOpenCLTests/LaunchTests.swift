#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// The counters of enqueued kernels.
@Suite(.enabled(if: TestDevices.exist)) struct LaunchTests {
  @Test(arguments: TestDevices.all) func kernelsAreCountedAndNamed(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    #expect(backend.launchCount == 0 && backend.kernelsRun.isEmpty)
    let x = try backend.upload([1, -2, 3] as [Float])
    try backend.unary(.relu, x, count: 3, into: x)
    try backend.unary(.relu, x, count: 3, into: x)
    #expect(backend.launchCount == 2 && backend.kernelsRun == ["unary_relu_float"])
    #expect(try backend.floats(x, count: 3) == [1, 0, 3])
    // An empty operation is not a launch.
    try backend.unary(.relu, x, count: 0, into: x)
    #expect(backend.launchCount == 2)
  }

  /// An operation that does not exist for a type is an error, and nothing runs.
  @Test(arguments: TestDevices.all) func whatDoesNotExistIsAnError(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let integers = try backend.upload([1, 2] as [Int32])
    let calls: [() throws -> Void] = [
      { try backend.unary(UnaryOp(.exp), integers, count: 2, into: integers) },
      { try backend.unary(UnaryOp(.logicalNot), integers, count: 2, into: integers) },
      { try backend.binaryScalar(.power, integers, 2, scalarFirst: false, count: 2, into: integers) },
      { try backend.reduce(.mean, integers, AxisShape(outer: 1, extent: 2, inner: 1), into: integers) },
      { try backend.softmax(integers, rows: 1, columns: 2, logarithmic: false, into: integers) },
      { try backend.matmul(integers, integers, MatmulShape(m: 1, n: 1, k: 1), alpha: 1, beta: 0, into: integers) },
      { try backend.random(.uniform, RandomSource(key: 1), count: 2, into: integers) },
    ]
    for call in calls {
      let error = #expect(throws: BackendError.self) { try call() }
      guard case .unsupported(_, .int32, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }
}

/// Division by multiplication, with the constants that kernels receive.
@Suite(.enabled(if: TestDevices.exist)) struct KernelDivisorTests {
  private static let extents: [Int32] = [
    1, 2, 3, 5, 7, 10, 28, 641, 65_535, 65_536, 1_000_003, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, .max,
  ]

  /// Positions near some multiples of an extent, and the largest ones.
  private func positions(_ extent: Int) -> [Int] {
    let multiples = [0, 1, 2, 3, 1000, Int(Int32.max) / extent].map { $0 * extent }
    let around = multiples.flatMap { [$0 - 1, $0, $0 + 1] } + [Int(Int32.max), Int(Int32.max) - 1, 123_456_789]
    return around.filter { (0...Int(Int32.max)).contains($0) }
  }

  @Test(arguments: TestDevices.all) func dividesAllPositions(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let cases = KernelDivisorTests.extents.flatMap { extent in positions(Int(extent)).map { (Int($0), Int(extent)) } }
    let numbers = cases.flatMap { position, extent in
      let divisor = KernelDivisor(UInt32(extent))
      return [Int32(position), Int32(bitPattern: divisor.factor), Int32(bitPattern: divisor.shift)]
    }
    let common = KernelConstants.source + (try KernelSources.fromEnvironment.text("Common", for: .stridedCopy))
    let source =
      String(decoding: common, as: UTF8.self) + """
        kernel void quotients(global const uint *numbers, global uint *quotients) {
          const uint at = get_global_id(0);
          loop_t loop;
          loop.factors[0] = numbers[3 * at + 1];
          loop.shifts[0] = numbers[3 * at + 2];
          quotients[at] = NN_QUOTIENT(numbers[3 * at], loop, 0);
        }
        """
    let quotients = try backend.empty(cases.count, .int32)
    try backend.customKernel(source: source, name: "quotients").launch(
      [.memory, .memory], memory: [backend.upload(numbers), quotients], global: [cases.count], local: nil, on: backend)
    let found = try backend.integers(quotients, count: cases.count)
    for (quotient, (position, extent)) in zip(found, cases) {
      #expect(Int(quotient) == position / extent, "\(position) / \(extent)")
    }
  }
}
#endif
