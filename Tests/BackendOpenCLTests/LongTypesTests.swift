#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Computing with int64 and float64.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct LongTypesTests {
  private static let types: [DType] = [.int64, .float64]

  private func backend(_ device: OpenCLDevice) throws -> OpenCLBackend {
    try OpenCLBackend(device, OpenCLOptions(for: device))
  }

  /// A call in float32 launches a kernel of the common program, and a call in another type one of its own.
  @Test(arguments: TestDevices.all, LongTypesTests.types)
  func programsAreBuiltForTheTypesThatOccur(device: OpenCLDevice, dtype: DType) throws {
    let backend = try backend(device)
    guard backend.computes(dtype) else { return }
    let shape = AxisShape(outer: 1, extent: 3, inner: 1)
    let own = ProgramName(.scan, of: dtype, isWide: false), common = ProgramName(.scan, of: .float32, isWide: false)
    #expect(own.definitions == " -DNN_ELEMENT=\(dtype.kernelType)" && common.definitions.isEmpty)
    let x = try backend.upload([1, 2, 3] as [Float])
    try backend.scan(.sum, x, shape, reversed: false, into: x)
    #expect(!scans(backend).isEmpty && scans(backend).allSatisfy { $0.hasSuffix("_float") })
    let (y, z) = (try backend.empty(3, dtype), try backend.empty(3, .int32))
    try backend.cast(x, count: 3, into: y)
    try backend.scan(.sum, y, shape, reversed: false, into: y)
    try backend.cast(y, count: 3, into: z)
    #expect(try backend.integers(z, count: 3) == [1, 4, 10])
    #expect(scans(backend).contains { $0.hasSuffix("_\(dtype.kernelType)") })
  }

  /// The names of the kernels of cumulative sums that ran.
  private func scans(_ backend: OpenCLBackend) -> [String] { backend.kernelsRun.filter { $0.hasPrefix("scan") } }

  /// Numbers that differ only in the lower half of their bits, equal numbers, and extremes: in rows that fit into local memory,
  /// and in longer ones.
  @Test(arguments: TestDevices.all, [37, 1500]) func sortsAllBits(device: OpenCLDevice, columns: Int) throws {
    let backend = try backend(device)
    let rows = 2
    let numbers = wholeNumbers(rows * columns, bound: 40).map { number -> Int64 in
      number == 40 ? .max : number == -40 ? .min : Int64(number) * (Int64(number) % 2 == 0 ? 1 << 33 : 1) - 1
    }
    try expectSorted(numbers, .int64, rows: rows, columns, backend, bits: UInt64.init(bitPattern:), isLess: <)
    guard backend.computes(.float64) else { return }
    let special: [Double] = [.nan, -0.0, 0, 1, 1.0.nextUp, -1, (-1.0).nextDown, .infinity, -.infinity]
    let doubles = wholeNumbers(rows * columns, bound: 40).map { special[(Int($0) + 40) % special.count] }
    try expectSorted(doubles, .float64, rows: rows, columns, backend, bits: { $0.isNaN ? .max : $0.bitPattern }) {
      // NaN counts as larger than every number.
      $0 < $1 || (!$0.isNaN && $1.isNaN)
    }
  }

  private func expectSorted<Number: BitwiseCopyable>(
    _ numbers: [Number], _ dtype: DType, rows: Int, _ columns: Int, _ backend: OpenCLBackend,
    bits: (Number) -> UInt64, isLess: (Number, Number) -> Bool
  ) throws {
    let x = try backend.upload(numbers, dtype)
    for descending in [false, true] {
      let (values, indices) = (try backend.empty(rows * columns, dtype), try backend.empty(rows * columns, .int32))
      try backend.sort(x, rows: rows, columns: columns, descending: descending, values: values, indices: indices)
      let order = try backend.integers(indices, count: rows * columns)
      var found = [Number](repeating: numbers[0], count: rows * columns)
      try found.withUnsafeMutableBytes { try backend.download(values, into: $0) }
      for row in 0..<rows {
        let line = Array(numbers[row * columns..<(row + 1) * columns])
        // The standard library's sort is stable.
        let expected = line.indices.sorted { descending ? isLess(line[$1], line[$0]) : isLess(line[$0], line[$1]) }
        #expect(order[row * columns..<(row + 1) * columns].map(Int.init) == expected, "\(dtype)")
        #expect(found[row * columns..<(row + 1) * columns].map(bits) == expected.map { bits(line[$0]) }, "\(dtype)")
      }
    }
  }

  /// Sums over long lines and scatters of many updates to few elements have the same bits each time, and do not lose the
  /// digits that a single number would.
  @Test(arguments: TestDevices.all) func sumsAreCompensatedAndRepeatable(device: OpenCLDevice) throws {
    let backend = try backend(device)
    guard device.hasDoubles else { return }
    let count = 100_000
    // 1, and numbers that are each too small to change it.
    let numbers = [1.0] + [Double](repeating: 0x1p-54, count: count - 1), expected = 1 + Double(count - 1) * 0x1p-54
    let (x, indices) = (try backend.upload(numbers, .float64), try backend.empty(count, .int32))
    try backend.fill(indices, count: count, with: 1)
    let line = AxisShape(outer: 1, extent: count, inner: 1), target = AxisShape(outer: 1, extent: 3, inner: 1)
    var results: [[Double]] = []
    for _ in 0..<2 {
      let (sum, sums) = (try backend.empty(1, .float64), try backend.empty(3, .float64))
      try backend.reduce(.sum, x, line, into: sum)
      try backend.fill(sums, count: 3, with: 0)
      try backend.scatterElements(.sum, x, indices: indices, indexExtent: count, into: sums, target)
      results.append(try doubles(sum, 1, backend) + doubles(sums, 3, backend))
    }
    #expect(results[0] == results[1])
    // A block of the sum has one number for every 16 of its elements.
    #expect(abs(results[0][0] - expected) < 100 * 0x1p-54)
    #expect(Array(results[0][1...]) == [0, expected, 0])
  }

  private func doubles(_ slice: BufferSlice, _ count: Int, _ backend: OpenCLBackend) throws -> [Double] {
    var result = [Double](repeating: .nan, count: count)
    try result.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
    return result
  }
}
#endif
