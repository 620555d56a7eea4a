import BackendConformance
import BackendCore
import BackendReference
import Synchronization
import Testing

/// The conformance suite accepts correct backends and detects defects.
@Suite struct ConformanceTests {
  @Test(arguments: ConformanceFamily.allCases)
  func referenceConforms(_ family: ConformanceFamily) {
    let failures = conformanceFailures(of: ReferenceBackend(), seed: 7, filter: [family])
    #expect(failures.isEmpty, "\(failures.prefix(20).map(\.description).joined(separator: "\n"))")
  }

  @Test func elementTypesAreThoseOfTheTable() {
    #expect(elementTypeFailures(of: ReferenceBackend()).isEmpty)
    #expect(elementTypeFailures(of: DefaultsOnly(ReferenceBackend())).isEmpty)
  }

  @Test func defaultCompositionsConform() {
    let failures = conformanceFailures(of: DefaultsOnly(ReferenceBackend()))
    #expect(failures.isEmpty, "\(failures.prefix(20).map(\.description).joined(separator: "\n"))")
  }

  /// The operation that must be named for each planted defect; the family is the one in which it must be found.
  static let planted: [(Defect, ConformanceFamily, String)] = [
    (.fillWritesPastTheEnd, .memory, "fill"), (.copyForgetsTheOffset, .memory, "copy"),
    (.uploadNeedsOffsetZero, .memory, "upload"),
    (.maximumDropsNaN, .elementwise, "binary maximum"), (.rowsReadAsScalars, .elementwise, "binary add"),
    (.exponentialIsRough, .elementwise, "unary exp"), (.divisionRoundsDown, .elementwise, "binary divide int32"),
    (.castRounds, .elementwise, "cast float32 to int32"), (.selectIsInverted, .elementwise, "select"),
    (.stridesLoseTheirSign, .copies, "copyStrided"), (.accumulationOverwrites, .copies, "accumulating"),
    (.longSumsLoseTheLast, .reduction, "reduce sum"), (.lastMaxOrMinWins, .reduction, "argReduce"),
    (.sortIsUnstable, .reduction, "sort"), (.runningSumIsExclusive, .reduction, "scan sum"),
    (.resultsDependOnHistory, .reduction, "reduce sum"),
    (.productReadsC, .matmul, "matmul"), (.batchesShareB, .matmul, "matmul"),
    (.transposeIsIgnored, .matmul, "matmul"), (.biasIsForgotten, .matmul, "linear"),
    (.biasGradientSkipsActivation, .matmul, "linearGradient"),
    (.indicesAreClamped, .indexing, "gatherRows"), (.repeatedIndicesOverwrite, .indexing, "scatterRows"),
    (.convolutionIsFlipped, .convolution, "convolution"), (.paddingIsForgotten, .convolution, "convolution"),
    (.strideIsForgottenBackward, .convolution, "convolutionInputGradient"),
    (.paddingWinsTheMaximum, .pooling, "pool maximum"),
    (.forgetGateIsIgnored, .recurrent, "recurrentCell lstm"), (.maskedStateMoves, .recurrent, "recurrentCell"),
    (.recurrentBiasForgetsTheOffset, .recurrent, "recurrentCell gru"),
    (.directGradientIsLost, .recurrent, "recurrentCellGradient gru"),
    (.largestIsNotSubtracted, .softmax, "softmax"), (.softmaxGradientForgetsTheSum, .softmax, "softmaxGradient"),
    (.smoothingIsForgotten, .softmax, "softmaxCrossEntropy"), (.ignoredLabelsCount, .softmax, "softmaxCrossEntropy"),
    (.gradientScaleIsForgotten, .softmax, "softmaxCrossEntropy"),
    (.epsilonIsForgotten, .normalization, "normalize"),
    (.weightIsForgottenInGradients, .normalization, "normalizeGradient"),
    (.uniformsUseLowBits, .random, "random uniform"), (.stepOffsetIsForgotten, .random, "random uniform"),
    (.dropoutForgetsTheScale, .random, "dropout"),
    (.epsilonInsideTheRoot, .optimizerSteps, "adam"), (.decayIsCoupled, .optimizerSteps, "decay 0.1 direct"),
    (.gradientBoundIsForgotten, .optimizerSteps, "optimizerStep"),
    (.inputGradientIsOverwritten, .optimizerSteps, "optimizerStep"),
    (.normAccumulates, .optimizerSteps, "norm"),
    (.clippingNeverScales, .optimizerSteps, "clipFactor"), (.replayDoesNothing, .recording, "record"),
    (.threadsShareScratch, .threads, "four threads"),
  ]

  @Test(arguments: planted)
  func plantedDefectsAreFound(_ defect: Defect, _ family: ConformanceFamily, _ operation: String) {
    let failures = conformanceFailures(of: DefectiveBackend(defect), filter: [family])
    #expect(failures.contains { $0.operation.contains(operation) }, "\(failures)")
    #expect(failures.allSatisfy { $0.family == family })
  }

  @Test func everyDefectIsPlanted() {
    #expect(Set(Self.planted.map(\.0)) == Set(Defect.allCases))
    #expect(Set(Self.planted.map(\.1)) == Set(ConformanceFamily.allCases))
  }

  /// A failure contains the call, its operands, the location, and the difference.
  @Test func failuresTell() throws {
    let failures = conformanceFailures(of: DefectiveBackend(.dropoutForgetsTheScale), filter: [.random])
    let failure = try #require(failures.first { $0.shapes == "[1000], result" })
    #expect(failure.operation == "dropout float32 0.5")
    #expect(failure.index != nil)
    #expect(failure.description.hasPrefix("random: dropout float32 0.5, [1000], result at "))
    #expect(failure.description.contains("expected \(failure.expected), found \(failure.found)"))
    #expect(Double(failure.expected) != nil)
  }

  @Test func thrownErrorsAreFailures() throws {
    let failures = conformanceFailures(of: ReferenceBackend(memoryLimit: 64), filter: [.softmax])
    let failure = try #require(failures.first)
    #expect(failure.expected == "no error")
    #expect(failure.found.hasPrefix("out of memory"))
    #expect(failure.index == nil)
  }
}

/// A counter that several threads may share.
final class CallCount: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
