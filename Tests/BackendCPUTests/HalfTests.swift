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
