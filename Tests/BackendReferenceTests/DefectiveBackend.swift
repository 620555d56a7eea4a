import HostSystem
import BackendCore
import BackendReference
import Synchronization
import Testing

/// Typical mistakes of backends.
enum Defect: String, CaseIterable, Sendable {
  case fillWritesPastTheEnd, copyForgetsTheOffset, uploadNeedsOffsetZero
  case maximumDropsNaN, rowsReadAsScalars, exponentialIsRough, divisionRoundsDown, castRounds, selectIsInverted
  case stridesLoseTheirSign, accumulationOverwrites
  case longSumsLoseTheLast, lastMaxOrMinWins, sortIsUnstable, runningSumIsExclusive
  case productReadsC, batchesShareB, transposeIsIgnored, biasIsForgotten, biasGradientSkipsActivation
  case indicesAreClamped, repeatedIndicesOverwrite
  case convolutionIsFlipped, paddingIsForgotten, strideIsForgottenBackward, paddingWinsTheMaximum
  case forgetGateIsIgnored, maskedStateMoves, recurrentBiasForgetsTheOffset, directGradientIsLost
  case largestIsNotSubtracted, softmaxGradientForgetsTheSum, smoothingIsForgotten, ignoredLabelsCount
  case gradientScaleIsForgotten
  case epsilonIsForgotten, weightIsForgottenInGradients
  case uniformsUseLowBits, stepOffsetIsForgotten, dropoutForgetsTheScale
  case epsilonInsideTheRoot, decayIsCoupled, gradientBoundIsForgotten, inputGradientIsOverwritten, normAccumulates
  case clippingNeverScales, replayDoesNothing, threadsShareScratch, resultsDependOnHistory
}

/// The Reference backend with one defect, which the conformance suite must detect.
final class DefectiveBackend: CallHandler, ForwardingBackend {
  private let reference = ReferenceBackend()
  var base: any Backend { reference }
  let defect: Defect
  /// Counts sums, for a result that differs from call to call.
  private let history = CallCount()
  private let scratch = Mutex<BufferSlice?>(nil)

  init(_ defect: Defect) { self.defect = defect }

  var name: String { "Reference with a defect: \(defect)" }
  var identifier: String { "defective" }

  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    var (operation, operands) = (operation, operands)
    changeSettings(&operation, &operands)
    try changeOperands(of: operation, &operands)
    if try computeWrongly(operation, operands) { return }
    try operation.perform(on: base, operands)
    try changeResults(of: operation, operands)
  }

  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    try body(self)
    return defect == .replayDoesNothing ? EmptyRecording() : nil
  }

  private func memory(_ count: Int, _ dtype: DType = .float32) throws -> BufferSlice {
    BufferSlice(try base.allocate(count: count, dtype: dtype))
  }

  private func apply(_ op: BinaryOp, _ scalar: Double, scalarFirst: Bool = false, count: Int, to y: BufferSlice) throws
  {
    try base.binaryScalar(op, y, scalar, scalarFirst: scalarFirst, count: count, into: y)
  }
}

// MARK: Defects in the settings

extension DefectiveBackend {
  private func changeSettings(_ operation: inout BackendOperation, _ o: inout [BufferSlice?]) {
    switch (defect, operation) {
    case (.fillWritesPastTheEnd, .fill(let value, let count)):
      operation = .fill(value: value, count: count + 1)
    case (.rowsReadAsScalars, .binary(let op, let a, var b)) where b.shape.rank == 2 && b.strides[0] == 0:
      b.strides = Strides([0, 0])
      operation = .binary(op, a: a, b: b)
    case (.selectIsInverted, .select(let condition, let a, let b)):
      operation = .select(condition: condition, a: b, b: a)
      o.swapAt(1, 2)
    case (.stridesLoseTheirSign, .copyStrided(var x, let shape, let y, let accumulating))
    where shape.rank == 1 && x[0] == -1:
      x[0] = 1
      operation = .copyStrided(x: x, shape: shape, y: y, accumulating: accumulating)
      o[0] = o[0]?.advanced(by: 1 - shape.count)
    case (.accumulationOverwrites, .copyStrided(let x, let shape, let y, _)):
      operation = .copyStrided(x: x, shape: shape, y: y, accumulating: false)
    case (.longSumsLoseTheLast, .reduce(let op, var shape))
    where shape.outer == 1 && shape.inner == 1 && shape.extent > 4096:
      shape.extent -= 1
      operation = .reduce(op, shape)
    case (.batchesShareB, .matmul(var shape, let alpha, let beta)):
      shape.strideB = 0
      operation = .matmul(shape, alpha: alpha, beta: beta)
    case (.transposeIsIgnored, .matmul(var shape, let alpha, let beta)):
      shape.transposesB = false
      operation = .matmul(shape, alpha: alpha, beta: beta)
    case (.paddingIsForgotten, .convolution(var shape, let activation)):
      (shape.height.padding, shape.width.padding) = (0, 0)
      operation = .convolution(shape, activation: activation)
    case (.strideIsForgottenBackward, .convolutionInputGradient(var shape)):
      shape.height.stride = 1
      operation = .convolutionInputGradient(shape)
    case (_, .softmaxCrossEntropy(let rows, let columns, let smoothing, let label, let scale)):
      operation = .softmaxCrossEntropy(
        rows: rows, columns: columns, smoothing: defect == .smoothingIsForgotten ? 0 : smoothing,
        ignoredLabel: defect == .ignoredLabelsCount ? nil : label,
        gradientScale: defect == .gradientScaleIsForgotten ? 1 : scale)
    case (.epsilonIsForgotten, .normalize(var shape)):
      shape.epsilon = 0
      operation = .normalize(shape)
    case (.decayIsCoupled, .optimizerStep(var step, let count)):
      step.decaysDirectly = false
      operation = .optimizerStep(step, count: count)
    case (.epsilonInsideTheRoot, .optimizerStep(var step, let count)):
      if case .adam(let beta1, let beta2, let epsilon, let isAMSGrad) = step.rule {
        step.rule = .adam(beta1: beta1, beta2: beta2, epsilon: epsilon.squareRoot(), isAMSGrad: isAMSGrad)
      }
      operation = .optimizerStep(step, count: count)
    case (.normAccumulates, .norm(let count, _)): operation = .norm(count: count, accumulating: false)
    case (.clippingNeverScales, .clipFactor): operation = .clipFactor(maximumNorm: .infinity)
    default: break
    }
  }
}

// MARK: Defects in the operands

extension DefectiveBackend {
  private func changeOperands(of operation: BackendOperation, _ o: inout [BufferSlice?]) throws {
    switch (defect, operation) {
    case (.copyForgetsTheOffset, .copy): o[0] = o[0].map { BufferSlice($0.buffer) }
    case (.recurrentBiasForgetsTheOffset, .recurrentCell): o[2] = o[2].map { BufferSlice($0.buffer) }
    case (.stepOffsetIsForgotten, .random): o[1] = nil
    case (.biasIsForgotten, .linear), (.weightIsForgottenInGradients, .normalizeGradient): o[2] = nil
    case (.maskedStateMoves, .recurrentCell): o[3] = nil
    case (.forgetGateIsIgnored, .recurrentCell(.lstm, _, _)): o[5] = nil
    case (.indicesAreClamped, .gatherRows(let shape, let count)) where shape.extent > 0:
      let indices = try memory(count, .int32)
      try base.unary(.clamp(0, Double(shape.extent - 1)), slice(o, 1), count: count, into: indices)
      o[1] = indices
    case (.gradientBoundIsForgotten, .optimizerStep):
      let scalars = try memory(StepScalars.count, slice(o, 2).dtype)
      try base.copy(slice(o, 2), count: StepScalars.count, into: scalars)
      try base.fill(scalars.advanced(by: StepScalars.gradientBound), count: 1, with: .infinity)
      o[2] = scalars
    case (.convolutionIsFlipped, .convolution(let shape, _)) where shape.weightCount > 0:
      let flipped = try memory(shape.weightCount, slice(o, 1).dtype)
      let filters: Shape = [shape.outputChannels * shape.inputChannels / shape.groups, shape.window]
      try base.copyStrided(
        slice(o, 1).advanced(by: shape.window - 1), Strides([shape.window, -1]), shape: filters, into: flipped,
        Strides(dense: filters), accumulating: false)
      o[1] = flipped
    case (.biasGradientSkipsActivation, .linearGradient(let rows, let units, _)):
      try base.linearGradient(
        slice(o, 0), saved: nil, activation: nil, rows: rows, units: units, dz: nil, dBias: o[3])
      o[3] = nil
    default: break
    }
  }

  private func slice(_ operands: [BufferSlice?], _ index: Int) throws -> BufferSlice { try #require(operands[index]) }
}

// MARK: Defects in the computation

extension DefectiveBackend {
  /// Performs the operation with other primitives.
  /// - Returns: False if the defect is not in this operation.
  private func computeWrongly(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws -> Bool {
    let o = operands.map { $0 ?? BufferSlice(Buffer(count: 0, dtype: .bool)) }
    switch (defect, operation) {
    case (.uploadNeedsOffsetZero, .upload): return o[0].offset > 0
    case (.threadsShareScratch, .unary(let op, let count)) where op.kind == .square:
      // One scratch buffer for all callers, with enough time between its two uses for another thread to intervene.
      let shared = try memory(count, o[0].dtype)
      try base.unary(op, o[0], count: count, into: shared)
      scratch.withLock { $0 = shared }
      usleep(1000)
      if let result = scratch.withLock({ $0 }) { try base.copy(result, count: count, into: o[1]) }
    case (.castRounds, .cast(let count)) where o[0].dtype == .float32 && o[1].dtype == .int32:
      let whole = try memory(count)
      try base.unary(UnaryOp(.round), o[0], count: count, into: whole)
      try base.cast(whole, count: count, into: o[1])
    case (.lastMaxOrMinWins, .argReduce(let op, let shape)) where shape.inner == 1 && shape.extent <= 1 << 20:
      let reversed = try memory(shape.count, o[0].dtype)
      try base.copyStrided(
        o[0].advanced(by: shape.extent - 1), Strides([shape.extent, -1]), shape: [shape.outer, shape.extent],
        into: reversed, Strides(dense: [shape.outer, shape.extent]), accumulating: false)
      try base.argReduce(op, reversed, shape, into: o[1])
      try apply(.subtract, Double(shape.extent - 1), scalarFirst: true, count: shape.reducedCount, to: o[1])
    case (.sortIsUnstable, .sort(rows: 1, let columns, descending: true)) where columns <= 1 << 20:
      // Ascending, read in reverse: equal numbers change their order.
      let order = try memory(columns, .int32)
      try base.sort(o[0], rows: 1, columns: columns, descending: false, values: nil, indices: order)
      try base.copyStrided(
        order.advanced(by: columns - 1), Strides([-1]), shape: [columns], into: o[2], Strides([1]), accumulating: false)
      guard operands[1] != nil else { return true }
      let row = AxisShape(outer: 1, extent: columns, inner: 1)
      try base.gatherRows(o[0], row, indices: o[2], indexCount: columns, into: o[1])
    case (.repeatedIndicesOverwrite, .scatterRows(.sum, let shape, let count)) where shape.outer == 1 && count > 1:
      // Only the last update, as in a race of threads.
      try base.scatterRows(
        .sum, o[0].advanced(by: (count - 1) * shape.inner), indices: o[1].advanced(by: count - 1), indexCount: 1,
        into: o[2],
        shape)
    case (.uniformsUseLowBits, .random(.uniform, let source, let count)):
      let bits = try memory(count, .int32)
      try BackendOperation.random(.bits, source: source, count: count).perform(on: base, [bits, operands[1]])
      try apply(.remainder, 0x1p24, count: count, to: bits)
      try base.cast(bits, count: count, into: o[0])
      try apply(.multiply, 0x1p-24, count: count, to: o[0])
    case (.largestIsNotSubtracted, .softmax(let rows, let columns, logarithmic: false)):
      let (sums, shape) = (try memory(rows, o[0].dtype), [rows, columns] as Shape)
      try base.unary(UnaryOp(.exp), o[0], count: rows * columns, into: o[1])
      try base.reduce(.sum, o[1], AxisShape(outer: rows, extent: columns, inner: 1), into: sums)
      try base.binary(
        .divide, o[1], Layout(dense: shape), sums, Layout(broadcasting: [rows, 1], to: shape), into: o[1])
    case (.softmaxGradientForgetsTheSum, .softmaxGradient(let rows, let columns, logarithmic: false)):
      let dense = Layout(dense: [rows * columns])
      try base.binary(.multiply, o[0], dense, o[1], dense, into: o[2])
    default: return false
    }
    return true
  }
}

// MARK: Defects in the results

extension DefectiveBackend {
  private func changeResults(of operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    let o = operands.map { $0 ?? BufferSlice(Buffer(count: 0, dtype: .bool)) }
    switch (defect, operation) {
    case (.exponentialIsRough, .unary(let op, let count)) where op.kind == .exp:
      try apply(.multiply, 1 + 1e-6, count: count, to: o[1])
    case (.maximumDropsNaN, .binary(.maximum, let a, let b)) where o[2].dtype == .float32:
      let dense = Layout(dense: a.shape)
      let isNumber = try memory(a.shape.count, .bool)
      try base.compare(.equal, o[0], a, o[0], a, into: isNumber)
      try base.select(isNumber, dense, o[2], dense, o[1], b, into: o[2])
    case (.divisionRoundsDown, .binary(.divide, let a, let b)) where o[2].dtype == .int32:
      let dense = Layout(dense: a.shape)
      let (rest, exact) = (try memory(a.shape.count, .int32), try memory(a.shape.count, .int32))
      try base.binary(.remainder, o[0], a, o[1], b, into: rest)
      try base.binary(.subtract, o[0], a, rest, dense, into: exact)
      try base.binary(.divide, exact, dense, o[1], b, into: o[2])
    case (.resultsDependOnHistory, .reduce(.sum, let shape)) where o[1].dtype == .float32:
      if history.next() % 2 == 0 { try apply(.multiply, 1 + 0x1p-23, count: shape.reducedCount, to: o[1]) }
    case (.runningSumIsExclusive, .scan(.sum, let shape, _)):
      let dense = Layout(dense: [shape.count])
      try base.binary(.subtract, o[1], dense, o[0], dense, into: o[1])
    case (.productReadsC, .matmul(let shape, _, beta: 0)):
      try apply(.multiply, .nan, count: min(shape.batch * shape.m * shape.n, 1), to: o[2])
    case (.paddingWinsTheMaximum, .pool(.maximum, let shape)) where shape.height.padding > 0:
      try apply(.maximum, 0, count: shape.outputCount, to: o[1])
    case (.directGradientIsLost, .recurrentCellGradient(_, let batch, let units)):
      try base.fill(o[9], count: batch * units, with: 0)
    case (.dropoutForgetsTheScale, .dropout(let probability, _, let count)):
      try apply(.multiply, 1 - probability, count: count, to: o[1])
    case (.inputGradientIsOverwritten, .optimizerStep(_, let count)): try base.fill(o[1], count: count, with: 0)
    default: break
    }
  }
}

private final class EmptyRecording: Recording {
  func replay(substituting substitutions: [BufferBinding]) throws {}
}
