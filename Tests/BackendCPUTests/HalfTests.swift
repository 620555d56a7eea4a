import BackendCPU
import BackendConformance
import BackendCore
import Testing

/// Calls on float16 and bfloat16, compared with the same calls in float32.
@Suite struct HalfTests {
  static let types: [DType] = [.float16, .bfloat16]
  private static var calls: [HalfCall] { HalfCall.functions + HalfCall.pairs + HalfCall.rows }

  @Test(arguments: InstructionSet.available, types)
  func resultsAreThoseOfFloat32RoundedOnce(_ instructionSet: InstructionSet, _ dtype: DType) throws {
    // Several threads, and pieces of them that end within a piece of elements.
    let backend = CPUBackend(instructionSet: instructionSet, threads: 3)
    let failures = try Self.calls.flatMap { try $0.failures(on: backend, dtype) }
    #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
  }

  /// Long rows are reduced by segments, whose results, 16 bytes for a row, are the only temporary memory.
  @Test(arguments: types) func operandsAreNotCopied(_ dtype: DType) throws {
    #expect(try HalfCall.temporaryBytes(of: Self.calls, on: CPUBackend(threads: 2), dtype) <= 64)
  }

  /// Functions of many instructions are looked up in a table if there are many elements, with the same bits.
  @Test(arguments: InstructionSet.available, types)
  func manyElementsAreLookedUp(_ instructionSet: InstructionSet, _ dtype: DType) throws {
    let backend = CPUBackend(instructionSet: instructionSet, threads: 3)
    let count = (1 << 19) + 77, elements = (0..<1 << 16).map { UInt16($0) }
    // All elements in another order, at an address that is not aligned.
    let numbers = (0..<count).map { UInt16(truncatingIfNeeded: 40503 &* $0) }
    let (x, all) = (try backend.empty(count + 1, dtype).advanced(by: 1), try backend.empty(1 << 16, dtype))
    for op in [UnaryOp(.gelu), UnaryOp(.tanh), .power(0.3)] {
      try elements.withUnsafeBytes { try backend.upload($0, into: all) }
      try backend.unary(op, all, count: 1 << 16, into: all)
      let results = try bits(all, 1 << 16, on: backend)
      try numbers.withUnsafeBytes { try backend.upload($0, into: x) }
      try backend.unary(op, x, count: count, into: x)
      let isEqual = try bits(x, count, on: backend) == numbers.map { results[Int($0)] }
      #expect(isEqual, "\(op.kind)")
    }
  }

  /// Results from 16 MiB on are written past the caches. They are those of calls on parts, which are not.
  @Test(arguments: types) func largeResultsAreThoseOfParts(_ dtype: DType) throws {
    let backend = CPUBackend(threads: 3)
    let (rows, columns, parts) = (2050, 4097, 10), count = rows * columns
    // No operand or row starts at an aligned address.
    func slice() throws -> BufferSlice { try backend.empty(count + 1, dtype).advanced(by: 1) }
    let (x, whole, byParts) = (try slice(), try slice(), try slice())
    try backend.dropout(
      fill(whole, count, on: backend), probability: 0.3, RandomSource(key: 3), count: count, into: x)
    try backend.binaryScalar(.subtract, x, 0.5, scalarFirst: false, count: count, into: x)

    /// Makes a call on whole matrices, and on slices of rows at the same position of x and of a result.
    func check(_ name: String, _ call: (BufferSlice, Int, BufferSlice) throws -> Void) throws {
      try call(x, rows, whole)
      for part in 0..<parts {
        let first = part * rows / parts * columns
        try call(x.advanced(by: first), rows / parts, byParts.advanced(by: first))
      }
      #expect(try bits(whole, count, on: backend) == bits(byParts, count, on: backend), "\(name)")
    }
    func matrix(_ rows: Int) -> Layout { Layout(dense: [rows, columns]) }
    try check("relu") { try backend.unary(UnaryOp(.relu), $0, count: $1 * columns, into: $2) }
    try check("exp") { try backend.unary(UnaryOp(.exp), $0, count: $1 * columns, into: $2) }
    try check("gradient of relu") {
      try backend.unaryGradient(UnaryOp(.relu), $0, saved: $0, count: $1 * columns, into: $2)
    }
    try check("add") { try backend.binary(.add, $0, matrix($1), $0, matrix($1), into: $2) }
    try check("add a row") {
      try backend.binary(.add, $0, matrix($1), x, Layout(broadcasting: [columns], to: [$1, columns]), into: $2)
    }
    try check("multiply by a number") {
      try backend.binaryScalar(.multiply, $0, 0.3, scalarFirst: false, count: $1 * columns, into: $2)
    }
    try check("softmax") { try backend.softmax($0, rows: $1, columns: columns, logarithmic: false, into: $2) }
    try check("normalize") {
      let shape = NormalizationShape(rows: $1, columns: columns, isCentered: true, epsilon: 1e-5)
      try backend.normalize($0, weight: nil, bias: nil, shape, into: $2, statistics: nil)
    }
  }

  /// Fills a slice with ones and returns it.
  private func fill(_ slice: BufferSlice, _ count: Int, on backend: CPUBackend) throws -> BufferSlice {
    try backend.fill(slice, count: count, with: 1)
    return slice
  }

  private func bits(_ slice: BufferSlice, _ count: Int, on backend: CPUBackend) throws -> [UInt16] {
    try [UInt16](unsafeUninitializedCapacity: count) {
      try backend.download(slice, into: UnsafeMutableRawBufferPointer($0))
      $1 = count
    }
  }

  @Test func otherCallsAreLeftToFloat32() throws {
    let backend = CPUBackend(threads: 1)
    let slice = try backend.empty(8, .float16)
    let columns = AxisShape(outer: 2, extent: 2, inner: 2)
    #expect(!backend.computesHalves(.reduce(.sum, columns), [slice, slice]))
    #expect(throws: BackendError.self) { try backend.reduce(.sum, slice, columns, into: slice) }
    #expect(!backend.computesHalves(.argReduce(.argmax, columns), [slice, slice]))
    #expect(throws: BackendError.self) { try backend.unary(UnaryOp(.logicalNot), slice, count: 8, into: slice) }
    let flat = Layout(flat: 8)
    #expect(throws: BackendError.self) { try backend.binary(.bitwiseAnd, slice, flat, slice, flat, into: slice) }
  }
}
