import BackendConformance
import BackendCore
import BackendReference
import Testing

/// Arithmetic in float16, bfloat16, int8, uint8, and int16 on a backend that computes in wider types.
@Suite struct WidenedArithmeticTests {
  @Test(arguments: ConformanceFamily.computing, [DType.float16, .bfloat16])
  func resultsAreRoundedOnce(family: ConformanceFamily, dtype: DType) throws {
    let failures = conformanceFailures(of: ReferenceBackend(), seed: 3, filter: [family], computingIn: dtype)
    #expect(failures.isEmpty, "\(failures.prefix(8).map(\.description).joined(separator: "\n"))")
  }

  @Test func elementTypesAreThoseOfTheTable() {
    #expect(elementTypeFailures(of: WidenedArithmetic(ReferenceBackend())).isEmpty)
  }

  @Test(arguments: [DType.float16, .bfloat16])
  func conformanceSeesResultsThatAreCutOff(dtype: DType) {
    let failures = conformanceFailures(of: CuttingBackend(), filter: [.softmax], computingIn: dtype)
    #expect(!failures.isEmpty)
  }

  /// y += x reads y, and the elements between those of y do not change.
  @Test func accumulationKeepsItsDestination() throws {
    let backend = ReferenceBackend()
    let halves = WidenedArithmetic(backend)
    let (x, y) = (try backend.allocate(count: 3, dtype: .float16), try backend.allocate(count: 6, dtype: .float16))
    for i in 0..<3 { try backend.fill(BufferSlice(x, offset: i), count: 1, with: Double(i + 1)) }
    try backend.fill(BufferSlice(y), count: 6, with: 10)
    // Every other element of y, from the last one to the first.
    try halves.copyStrided(
      BufferSlice(x), Strides([1]), shape: [3], into: BufferSlice(y, offset: 4), Strides([-2]), accumulating: true)
    let floats = try backend.allocate(count: 6, dtype: .float32)
    try backend.cast(BufferSlice(y), count: 6, into: BufferSlice(floats))
    var found = [Float](repeating: 0, count: 6)
    try found.withUnsafeMutableBytes { try backend.download(BufferSlice(floats), into: $0) }
    #expect(found == [13, 10, 12, 10, 11, 10])
  }

  /// Only calls with halves need memory for float32 copies.
  @Test func otherCallsPassThrough() throws {
    let backend = ReferenceBackend()
    let halves = WidenedArithmetic(backend)
    let x = BufferSlice(try backend.allocate(count: 1000, dtype: .float32))
    try halves.fill(x, count: 1000, with: 2)
    try halves.unary(UnaryOp(.square), x, count: 1000, into: x)
    #expect(backend.memoryStatistics().peakBytes == 4000)
    let half = BufferSlice(try backend.allocate(count: 1000, dtype: .bfloat16))
    try halves.fill(half, count: 1000, with: 2)
    #expect(backend.memoryStatistics().peakBytes == 6000)
    try halves.unary(UnaryOp(.square), half, count: 1000, into: half)
    #expect(backend.memoryStatistics().peakBytes == 14_000)
    #expect(backend.memoryStatistics().liveBytes == 6000)
  }
}

/// The Reference backend, but conversions to 16 bits cut numbers off instead of rounding them.
private final class CuttingBackend: CallHandler, ForwardingBackend {
  let base: any Backend = ReferenceBackend()

  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    guard case .cast(let count) = operation, let x = operands[0], let y = operands[1], x.dtype == .float32,
      y.dtype.isHalf
    else { return try operation.perform(on: base, operands) }
    var floats = [Float](repeating: 0, count: count)
    try floats.withUnsafeMutableBytes { try base.download(x, into: $0) }
    let kept: UInt32 = y.dtype == .bfloat16 ? 0xFFFF_0000 : 0xFFFF_E000
    let cut = floats.map { Float(bitPattern: $0.bitPattern & kept) }
    let source = BufferSlice(try base.allocate(count: count, dtype: .float32))
    try cut.withUnsafeBytes { try base.upload($0, into: source) }
    try base.cast(source, count: count, into: y)
  }
}
