import BackendCore
import BackendReference

/// The parts of the conformance suite. The families of operations have the same names everywhere.
public enum ConformanceFamily: String, Sendable, CaseIterable {
  case memory, elementwise, copies, reduction, matmul, convolution, pooling, recurrent, indexing, softmax, normalization
  case random, optimizerSteps, recording, threads

  /// The families whose operations compute with floating-point numbers or move them.
  public static let computing: [Self] = [
    .elementwise, .copies, .reduction, .matmul, .convolution, .pooling, .recurrent, .indexing, .softmax,
    .normalization, .random, .optimizerSteps,
  ]
}

/// Runs every primitive and every fused operation of a backend against the Reference backend, and returns the
/// differences.
///
/// The operations run on edge-case shapes, broadcast and permuted layouts, offsets, in-place operands, special values,
/// and out-of-range indices. Results are poisoned before each call and surrounded by elements that must not change;
/// inputs must not change either. Repeated sums must be bitwise identical. Fused operations run a second time as the
/// protocol's default composition of this backend's primitives (`DefaultsOnly`), with the same expectation.
///
/// The criterion for equality is a `Tolerance`, specified in the examination of each operation. All operations may
/// treat denormal numbers as zeros, and the sign of a zero matters only in copies.
///
/// ```swift
/// let failures = conformanceFailures(of: MyBackend())
/// for failure in failures { print(failure) }
/// ```
/// - Parameters:
///   - backend: The backend to examine; it must support `float32`, `int32`, and `bool`. The other types are examined
///     if it supports them.
///   - seed: The seed of the random operands.
///   - filter: The families to run; all by default.
///   - dtype: The type in place of float32: `float16` or `bfloat16`, with which the backend computes through
///     `WidenedArithmetic` and whose results must be the nearest numbers to results within the tolerance of float32;
///     `float64`; or an integer type, to examine only the operations on integers. Those on `int32`, and on `int64` if the
///     backend computes with it, are also part of an examination in `float32`.
/// - Returns: One failure for each incorrect operand of a call; empty if the backend conforms.
public func conformanceFailures(
  of backend: any Backend, seed: UInt64 = 1, filter: [ConformanceFamily] = ConformanceFamily.allCases,
  computingIn dtype: DType = .float32
) -> [ConformanceFailure] {
  let runner = ConformanceRunner(dtype.isWidened ? WidenedArithmetic(backend) : backend, seed: seed, dtype)
  for family in ConformanceFamily.allCases where filter.contains(family) {
    runner.family = family
    switch family {
    case .memory: runner.examineMemory()
    case .elementwise: runner.examineElementwise()
    case .copies: runner.examineCopies()
    case .reduction: runner.examineReduction()
    case .matmul: runner.examineMatmul()
    case .convolution: runner.examineConvolution()
    case .pooling: runner.examinePooling()
    case .recurrent: runner.examineRecurrent()
    case .indexing: runner.examineIndexing()
    case .softmax: runner.examineSoftmax()
    case .normalization: runner.examineNormalization()
    case .random: runner.examineRandom()
    case .optimizerSteps: runner.examineOptimizerSteps()
    case .recording: runner.examineRecording()
    case .threads: runner.examineThreads()
    }
  }
  return runner.failures
}

/// A difference between a backend and the Reference backend.
public struct ConformanceFailure: Sendable, CustomStringConvertible {
  /// The family of the operation.
  public let family: ConformanceFamily
  /// The operation, its constants, and its element type: "binary add float32".
  public let operation: String
  /// The shapes and strides of the call, and the incorrect operand: "[33, 7] with [7], result".
  public let shapes: String
  /// The index of the first incorrect element; nil if the call as a whole failed.
  public let index: Int?
  /// The result of the reference, or the expected behavior of the call.
  public let expected: String
  /// The result or behavior of the backend.
  public let found: String

  public var description: String {
    let place = index.map { " at \($0)" } ?? ""
    return "\(family.rawValue): \(operation), \(shapes)\(place): expected \(expected), found \(found)"
  }
}
