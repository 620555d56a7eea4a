import BackendCore
import BackendReference

/// What the conformance suite is divided into; the families of operations have the names that they have everywhere.
public enum ConformanceFamily: String, Sendable, CaseIterable {
  case memory, elementwise, copies, reduction, matmul, convolution, pooling, recurrent, indexing, softmax, normalization
  case random, optimizerSteps, recording, threads
}

/// Runs every primitive and every fused operation of a backend against the Reference backend, and returns what differs.
///
/// The operations run over edge shapes, broadcasting and permuted layouts, offsets, in-place operands, special values and
/// out-of-range indices. Results are poisoned before each call and surrounded by elements that must not change; inputs must
/// not change either. Sums must come out with the same bits when they are repeated. Fused operations run a second time as
/// the protocol's default composition of this backend's primitives (`DefaultsOnly`), against the same expectation.
///
/// What counts as equal is stated where each operation is examined, as a `Tolerance`. Anything may treat denormal numbers as
/// zeros, and the sign of a zero matters in copies alone.
///
/// ```swift
/// let failures = conformanceFailures(of: MyBackend())
/// for failure in failures { print(failure) }
/// ```
/// - Parameters:
///   - backend: the backend to examine; it must support `float32`, `int32` and `bool`.
///   - seed: decides the random operands.
///   - filter: the families to run; all of them unless given.
/// - Returns: one failure for each operand of a call that is not as it should be; empty when the backend conforms.
public func conformanceFailures(
  of backend: any Backend, seed: UInt64 = 1, filter: [ConformanceFamily] = ConformanceFamily.allCases
) -> [ConformanceFailure] {
  let examiner = Examiner(backend, seed: seed)
  for family in ConformanceFamily.allCases where filter.contains(family) {
    examiner.family = family
    switch family {
    case .memory: examiner.examineMemory()
    case .elementwise: examiner.examineElementwise()
    case .copies: examiner.examineCopies()
    case .reduction: examiner.examineReduction()
    case .matmul: examiner.examineMatmul()
    case .convolution: examiner.examineConvolution()
    case .pooling: examiner.examinePooling()
    case .recurrent: examiner.examineRecurrent()
    case .indexing: examiner.examineIndexing()
    case .softmax: examiner.examineSoftmax()
    case .normalization: examiner.examineNormalization()
    case .random: examiner.examineRandom()
    case .optimizerSteps: examiner.examineOptimizerSteps()
    case .recording: examiner.examineRecording()
    case .threads: examiner.examineThreads()
    }
  }
  return examiner.failures
}

/// A place where a backend differs from the Reference backend.
public struct ConformanceFailure: Sendable, CustomStringConvertible {
  /// The group of operations that was examined.
  public let family: ConformanceFamily
  /// The operation, its constants and element type: "binary add float32".
  public let operation: String
  /// The shapes and strides of the call, and which operand is wrong: "[33, 7] with [7], result".
  public let shapes: String
  /// The first wrong element; nil when the call as a whole went wrong.
  public let index: Int?
  /// What the reference gives, or what the call should have done.
  public let expected: String
  /// What the backend gave or did.
  public let found: String

  public var description: String {
    let place = index.map { " at \($0)" } ?? ""
    return "\(family.rawValue): \(operation), \(shapes)\(place): expected \(expected), found \(found)"
  }
}
