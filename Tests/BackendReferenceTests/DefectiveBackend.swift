import BackendCore
import BackendReference
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Typical mistakes of backends.
enum Defect: String, CaseIterable, Sendable {
  case fillWritesPastTheEnd, copyForgetsTheOffset, uploadNeedsOffsetZero
  case maximumDropsNaN, rowsReadAsScalars, exponentialIsRough, divisionRoundsDown, castRounds, selectIsInverted
  case stridesLoseTheirSign, accumulationOverwrites
  case longSumsLoseTheLast, lastExtremeWins, sortIsUnstable, runningSumIsExclusive
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
final class DefectiveBackend: Backend {
  let base = ReferenceBackend()
  let defect: Defect
  /// Counts calls of `reduce`, for a result that differs from call to call.
  private let history = CallCount()
  private let scratch = Mutex<BufferSlice?>(nil)

  init(_ defect: Defect) { self.defect = defect }

  var name: String { "Reference with a defect: \(defect)" }
  var identifier: String { "defective" }
  var kind: DeviceKind { .cpu }
  func supports(_ dtype: DType) -> Bool { base.supports(dtype) }

  // MARK: Memory

  func allocate(count: Int, dtype: DType) throws -> Buffer { try base.allocate(count: count, dtype: dtype) }

  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    if defect == .uploadNeedsOffsetZero && destination.offset > 0 { return }
    try base.upload(source, into: destination)
  }

  func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    try base.download(source, into: destination)
  }

  func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    let source = defect == .copyForgetsTheOffset ? BufferSlice(source.buffer) : source
    try base.copy(source, count: count, into: destination)
  }

  func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    try base.fill(destination, count: defect == .fillWritesPastTheEnd ? count + 1 : count, with: value)
  }

  func synchronize() throws {}
  func memoryStatistics() -> MemoryStatistics { base.memoryStatistics() }
  func setMemoryLimit(bytes: Int) { base.setMemoryLimit(bytes: bytes) }
  func trimMemory() {}

  // MARK: Elementwise

  func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard defect == .threadsShareScratch && op.kind == .square else {
      return try unaryWithoutScratch(op, x, count: count, into: y)
    }
    // One scratch buffer for all callers, with enough time between its two uses for another thread to intervene.
    let shared = BufferSlice(try base.allocate(count: count, dtype: x.dtype))
    try base.unary(op, x, count: count, into: shared)
    scratch.withLock { $0 = shared }
    usleep(1000)
    if let result = scratch.withLock({ $0 }) { try base.copy(result, count: count, into: y) }
  }

  private func unaryWithoutScratch(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    try base.unary(op, x, count: count, into: y)
    if defect == .exponentialIsRough && op.kind == .exp {
      try base.binaryScalar(.multiply, y, 1 + 1e-6, scalarFirst: false, count: count, into: y)
    }
  }

  func unaryGradient(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice) throws {
    try base.unaryGradient(op, dy, saved: saved, count: count, into: dx)
  }

  func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    var bLayout = bLayout
    if defect == .rowsReadAsScalars && bLayout.shape.rank == 2 && bLayout.strides[0] == 0 {
      bLayout.strides = Strides([0, 0])
    }
    try base.binary(op, a, aLayout, b, bLayout, into: y)
    if defect == .maximumDropsNaN && op == .maximum && y.dtype == .float32 {
      let dense = Layout(dense: aLayout.shape)
      let isNumber = BufferSlice(try base.allocate(count: aLayout.shape.count, dtype: .bool))
      try base.compare(.equal, a, aLayout, a, aLayout, into: isNumber)
      try base.select(isNumber, dense, y, dense, b, bLayout, into: y)
    }
    if defect == .divisionRoundsDown && op == .divide && y.dtype == .int32 {
      let rest = BufferSlice(try base.allocate(count: aLayout.shape.count, dtype: .int32))
      try base.binary(.remainder, a, aLayout, b, bLayout, into: rest)
      let dense = Layout(dense: aLayout.shape)
      let exact = BufferSlice(try base.allocate(count: aLayout.shape.count, dtype: .int32))
      try base.binary(.subtract, a, aLayout, rest, dense, into: exact)
      try base.binary(.divide, exact, dense, b, bLayout, into: y)
    }
  }

  func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    try base.binaryScalar(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
  }

  func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try base.compare(op, a, aLayout, b, bLayout, into: y)
  }

  func compareScalar(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice) throws {
    try base.compareScalar(op, x, scalar, count: count, into: y)
  }

  func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    if defect == .selectIsInverted {
      try base.select(condition, conditionLayout, b, bLayout, a, aLayout, into: y)
    } else {
      try base.select(condition, conditionLayout, a, aLayout, b, bLayout, into: y)
    }
  }

  func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard defect == .castRounds && x.dtype == .float32 && y.dtype == .int32 else {
      return try base.cast(x, count: count, into: y)
    }
    let whole = BufferSlice(try base.allocate(count: count, dtype: .float32))
    try base.unary(UnaryOp(.round), x, count: count, into: whole)
    try base.cast(whole, count: count, into: y)
  }

  func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    try base.range(start: start, step: step, count: count, into: y)
  }

  func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    var (x, xStrides) = (x, xStrides)
    if defect == .stridesLoseTheirSign && shape.rank == 1 && xStrides[0] == -1 {
      x = x.advanced(by: 1 - shape.count)
      xStrides[0] = 1
    }
    let accumulating = accumulating && defect != .accumulationOverwrites
    try base.copyStrided(x, xStrides, shape: shape, into: y, yStrides, accumulating: accumulating)
  }

  // MARK: Reductions

  func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    var shape = shape
    if defect == .longSumsLoseTheLast && shape.outer == 1 && shape.inner == 1 && shape.extent > 4096 {
      shape.extent -= 1
    }
    try base.reduce(op, x, shape, into: y)
    if defect == .resultsDependOnHistory && op == .sum && y.dtype == .float32 && history.next() % 2 == 0 {
      try base.binaryScalar(.multiply, y, 1 + 0x1p-23, scalarFirst: false, count: shape.reducedCount, into: y)
    }
  }

  func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    guard defect == .lastExtremeWins && shape.inner == 1 && shape.extent <= 1 << 20 else {
      return try base.argReduce(op, x, shape, into: y)
    }
    let reversed = BufferSlice(try base.allocate(count: shape.count, dtype: x.dtype))
    try base.copyStrided(
      x.advanced(by: shape.extent - 1), Strides([shape.extent, -1]), shape: [shape.outer, shape.extent], into: reversed,
      Strides(dense: [shape.outer, shape.extent]), accumulating: false)
    try base.argReduce(op, reversed, shape, into: y)
    try base.binaryScalar(
      .subtract, y, Double(shape.extent - 1), scalarFirst: true, count: shape.reducedCount, into: y)
  }

  func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    try base.cumulativeSum(x, shape, reversed: reversed, into: y)
    guard defect == .runningSumIsExclusive else { return }
    let dense = Layout(dense: [shape.count])
    try base.binary(.subtract, y, dense, x, dense, into: y)
  }

  func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    guard defect == .sortIsUnstable && descending && rows == 1 && columns <= 1 << 20 else {
      return try base.sort(
        x, rows: rows, columns: columns, descending: descending, values: values, indices: indices)
    }
    // Ascending, read in reverse: equal numbers change their order.
    let order = BufferSlice(try base.allocate(count: columns, dtype: .int32))
    try base.sort(x, rows: 1, columns: columns, descending: false, values: nil, indices: order)
    try base.copyStrided(
      order.advanced(by: columns - 1), Strides([-1]), shape: [columns], into: indices, Strides([1]),
      accumulating: false)
    guard let values else { return }
    try base.gatherRows(
      x, AxisShape(outer: 1, extent: columns, inner: 1), indices: indices, indexCount: columns, into: values)
  }

  // MARK: Matrix product

  func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    var shape = shape
    if defect == .batchesShareB { shape.strideB = 0 }
    if defect == .transposeIsIgnored { shape.transposesB = false }
    try base.matmul(a, b, shape, alpha: alpha, beta: beta, into: c)
    if defect == .productReadsC && beta == 0 {
      let count = shape.batch * shape.m * shape.n
      try base.binaryScalar(.multiply, c, .nan, scalarFirst: false, count: min(count, 1), into: c)
    }
  }

  // MARK: Indexing

  /// Indices clamped to the range, as a defect would do.
  private func limited(_ indices: BufferSlice, _ count: Int, _ extent: Int) throws -> BufferSlice {
    guard defect == .indicesAreClamped && extent > 0 else { return indices }
    let result = BufferSlice(try base.allocate(count: count, dtype: .int32))
    try base.unary(.clamp(0, Double(extent - 1)), indices, count: count, into: result)
    return result
  }

  func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    let indices = try limited(indices, indexCount, shape.extent)
    try base.gatherRows(x, shape, indices: indices, indexCount: indexCount, into: y)
  }

  func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    guard defect == .repeatedIndicesOverwrite && shape.outer == 1 && indexCount > 1 else {
      return try base.scatterAddRows(updates, indices: indices, indexCount: indexCount, into: y, shape)
    }
    // Only the last update, as in a race of threads.
    try base.scatterAddRows(
      updates.advanced(by: (indexCount - 1) * shape.inner), indices: indices.advanced(by: indexCount - 1),
      indexCount: 1, into: y, shape)
  }

  func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    try base.gatherElements(x, shape, indices: indices, indexExtent: indexExtent, into: y)
  }

  func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    try base.scatterAddElements(updates, indices: indices, indexExtent: indexExtent, into: y, shape)
  }

  // MARK: Random numbers

  func random(_ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice) throws {
    var source = source
    if defect == .stepOffsetIsForgotten { source.stepOffset = nil }
    guard defect == .uniformsUseLowBits && distribution == .uniform else {
      return try base.random(distribution, source, count: count, into: y)
    }
    let bits = BufferSlice(try base.allocate(count: count, dtype: .int32))
    try base.random(.bits, source, count: count, into: bits)
    try base.binaryScalar(.remainder, bits, 0x1p24, scalarFirst: false, count: count, into: bits)
    try base.cast(bits, count: count, into: y)
    try base.binaryScalar(.multiply, y, 0x1p-24, scalarFirst: false, count: count, into: y)
  }

  // MARK: Fused operations

  func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try base.linear(
      x, w, bias: defect == .biasIsForgotten ? nil : bias, rows: rows, inputs: inputs, units: units,
      activation: activation, into: y, preActivation: preActivation)
  }

  func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    let biasFirst = defect == .biasGradientSkipsActivation
    if biasFirst {
      try base.linearGradient(dy, saved: nil, activation: nil, rows: rows, units: units, dz: nil, dBias: dBias)
    }
    try base.linearGradient(
      dy, saved: saved, activation: activation, rows: rows, units: units, dz: dz, dBias: biasFirst ? nil : dBias)
  }

  func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    var (shape, weight) = (shape, w)
    if defect == .convolutionIsFlipped {
      weight = BufferSlice(try base.allocate(count: shape.weightCount, dtype: w.dtype))
      let filters: Shape = [shape.outputChannels * shape.inputChannels / shape.groups, shape.window]
      if shape.weightCount > 0 {
        try base.copyStrided(
          w.advanced(by: shape.window - 1), Strides([shape.window, -1]), shape: filters, into: weight,
          Strides(dense: filters), accumulating: false)
      }
    }
    if defect == .paddingIsForgotten { (shape.height.padding, shape.width.padding) = (0, 0) }
    try base.convolution(
      x, weight, bias: bias, shape, activation: activation, into: y, preActivation: preActivation)
  }

  func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    var shape = shape
    if defect == .strideIsForgottenBackward { shape.height.stride = 1 }
    try base.convolutionInputGradient(dy, w, shape, into: dx)
  }

  func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    try base.pool(op, x, shape, into: y, indices: indices)
    guard defect == .paddingWinsTheMaximum && op == .maximum && shape.height.padding > 0 else { return }
    try base.binaryScalar(.maximum, y, 0, scalarFirst: false, count: shape.outputCount, into: y)
  }

  func recurrentCell(_ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int) throws {
    var step = step
    if defect == .forgetGateIsIgnored && cell == .lstm { step.previousCell = nil }
    if defect == .maskedStateMoves { step.mask = nil }
    if defect == .recurrentBiasForgetsTheOffset {
      step.recurrentBias = step.recurrentBias.map { BufferSlice($0.buffer) }
    }
    try base.recurrentCell(cell, step, batch: batch, units: units)
  }

  func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try base.recurrentCellGradient(cell, step, gradients, batch: batch, units: units)
    if defect == .directGradientIsLost { try base.fill(gradients.hidden, count: batch * units, with: 0) }
  }

  func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    guard defect == .largestIsNotSubtracted && !logarithmic else {
      return try base.softmax(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
    }
    let sums = BufferSlice(try base.allocate(count: rows, dtype: x.dtype))
    let shape: Shape = [rows, columns]
    try base.unary(UnaryOp(.exp), x, count: rows * columns, into: y)
    try base.reduce(.sum, y, AxisShape(outer: rows, extent: columns, inner: 1), into: sums)
    try base.binary(
      .divide, y, Layout(dense: shape), sums, Layout(broadcasting: [rows, 1], to: shape), into: y)
  }

  func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    guard defect == .softmaxGradientForgetsTheSum && !logarithmic else {
      return try base.softmaxGradient(dy, y, rows: rows, columns: columns, logarithmic: logarithmic, into: dx)
    }
    let dense = Layout(dense: [rows * columns])
    try base.binary(.multiply, dy, dense, y, dense, into: dx)
  }

  func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    try base.softmaxCrossEntropy(
      logits, labels: labels, rows: rows, columns: columns, smoothing: defect == .smoothingIsForgotten ? 0 : smoothing,
      ignoredLabel: defect == .ignoredLabelsCount ? nil : ignoredLabel,
      gradientScale: defect == .gradientScaleIsForgotten ? 1 : gradientScale, loss: loss, gradient: gradient)
  }

  func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    var shape = shape
    if defect == .epsilonIsForgotten { shape.epsilon = 0 }
    try base.normalize(x, weight: weight, bias: bias, shape, into: y, statistics: statistics)
  }

  func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    let weight = defect == .weightIsForgottenInGradients ? nil : weight
    try base.normalizeGradient(
      dy, x, weight: weight, statistics: statistics, shape, into: dx, dWeight: dWeight, dBias: dBias)
  }

  func dropout(_ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice) throws {
    try base.dropout(x, probability: probability, source, count: count, into: y)
    if defect == .dropoutForgetsTheScale {
      try base.binaryScalar(.multiply, y, 1 - probability, scalarFirst: false, count: count, into: y)
    }
  }

  func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    var (step, scalars) = (step, scalars)
    if defect == .decayIsCoupled { step.decaysDirectly = false }
    if defect == .epsilonInsideTheRoot, case .adam(let beta1, let beta2, let epsilon, let isAMSGrad) = step.rule {
      step.rule = .adam(beta1: beta1, beta2: beta2, epsilon: epsilon.squareRoot(), isAMSGrad: isAMSGrad)
    }
    if defect == .gradientBoundIsForgotten {
      let free = BufferSlice(try base.allocate(count: StepScalars.count, dtype: scalars.dtype))
      try base.copy(scalars, count: StepScalars.count, into: free)
      try base.fill(free.advanced(by: StepScalars.gradientBound), count: 1, with: .infinity)
      scalars = free
    }
    try base.optimizerStep(
      step, parameters: parameters, gradients: gradients, states: states, count: count, scalars: scalars)
    if defect == .inputGradientIsOverwritten { try base.fill(gradients, count: count, with: 0) }
  }

  func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    let accumulating = accumulating && defect != .normAccumulates
    try base.norm(x, count: count, accumulating: accumulating, into: y)
  }

  func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    let maximumNorm = defect == .clippingNeverScales ? .infinity : maximumNorm
    try base.clipFactor(norm: norm, maximumNorm: maximumNorm, into: y)
  }

  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    try body(self)
    return defect == .replayDoesNothing ? EmptyRecording() : nil
  }
}

private final class EmptyRecording: Recording {
  func replay(substituting substitutions: [BufferBinding]) throws {}
}
