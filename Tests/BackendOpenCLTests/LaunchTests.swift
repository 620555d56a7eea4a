#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// What is counted when kernels are put into the queue.
@Suite(.enabled(if: TestDevices.exist)) struct LaunchTests {
  @Test(arguments: TestDevices.all) func kernelsAreCountedAndNamed(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
    #expect(backend.launchCount == 0 && backend.kernelsRun.isEmpty)
    let x = try backend.upload([1, -2, 3] as [Float])
    try backend.unary(.relu, x, count: 3, into: x)
    try backend.unary(.relu, x, count: 3, into: x)
    #expect(backend.launchCount == 2 && backend.kernelsRun == ["unary_relu_float"])
    #expect(try backend.floats(x, count: 3) == [1, 0, 3])
    // Nothing to do is no launch.
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

/// Division by a product, as kernels do it with what they are given.
@Suite struct KernelDivisorTests {
  private static let extents: [Int32] = [
    1, 2, 3, 5, 7, 10, 28, 641, 65_535, 65_536, 1_000_003, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, .max,
  ]

  @Test(arguments: extents) func dividesAllPositions(extent: Int32) {
    let divisor = KernelDivisor(UInt32(extent))
    let multiples = [0, 1, 2, 3, 1000, Int(Int32.max) / Int(extent)].map { $0 * Int(extent) }
    let around = multiples.flatMap { [$0 - 1, $0, $0 + 1] } + [Int(Int32.max), Int(Int32.max) - 1, 123_456_789]
    for position in around where (0...Int(Int32.max)).contains(position) {
      let high = UInt32(position).multipliedFullWidth(by: divisor.factor).high
      #expect(Int((high + UInt32(position)) >> divisor.shift) == position / Int(extent), "\(position) / \(extent)")
    }
  }
}
#endif
