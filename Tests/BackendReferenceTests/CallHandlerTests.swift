import BackendConformance
import BackendCore
import BackendReference
import Synchronization
import Testing

/// The form in which a `CallHandler` receives calls.
@Suite struct CallHandlerTests {
  /// Passes calls on, notes their names, and compares small operands before and after each call.
  private final class Witness: CallHandler, ForwardingBackend {
    let base: any Backend = ReferenceBackend()
    private let noted = Mutex<(names: Set<String>, changed: Set<String>)>(([], []))

    var names: Set<String> { noted.withLock { $0.names } }
    /// The calls that changed an operand that they only read, according to `BackendOperation.access(of:)`.
    var changed: Set<String> { noted.withLock { $0.changed } }

    func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
      let written = operands.indices.filter { operation.access(of: $0) != .read }.compactMap { operands[$0]?.buffer }
      let read = operands.indices.filter { operation.access(of: $0) == .read }.compactMap { operands[$0]?.buffer }
        .filter { buffer in buffer.count <= 4096 && !written.contains { $0 === buffer } }
      let before = try read.map { try bytes(of: $0) }
      try operation.perform(on: base, operands)
      let isChanged = try read.map { try bytes(of: $0) } != before
      let name = operation.name
      noted.withLock {
        $0.names.insert(name)
        if isChanged { $0.changed.insert(name) }
      }
    }

    private func bytes(of buffer: Buffer) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: buffer.byteCount)
      try bytes.withUnsafeMutableBytes { try base.download(BufferSlice(buffer), into: $0) }
      return bytes
    }
  }

  private static let fused: Set = [
    "linear", "linearGradient", "convolution", "convolutionOutputGradient", "convolutionInputGradient",
    "convolutionWeightGradient", "pool", "poolGradient", "recurrence", "recurrenceGradient", "recurrentCell",
    "recurrentCellGradient", "softmax", "softmaxGradient", "normalize", "normalizeGradient", "softmaxCrossEntropy",
    "dropout", "optimizerStep", "norm", "clipFactor",
  ]

  /// Each fused operation arrives as one value. (One without a method in `CallHandler` would arrive as the primitives of
  /// its composition.) What it changes is declared.
  @Test func everyCallArrivesWithItsAccesses() {
    let witness = Witness()
    let families = ConformanceFamily.allCases.filter { $0 != .threads }
    let failures = families.flatMap { conformanceFailures(of: witness, filter: [$0]) }
    #expect(failures.isEmpty, "\(failures.prefix(5).map(\.description).joined(separator: "\n"))")
    #expect(Self.fused.subtracting(witness.names).isEmpty)
    #expect(witness.changed.isEmpty)
  }
}
