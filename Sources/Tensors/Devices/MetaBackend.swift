import BackendCore

/// A backend that computes nothing: allocations take no memory, and primitives do nothing. For a device that could not
/// be opened, allocations throw the reason.
final class MetaBackend: Backend {
  let name: String
  let identifier: String
  let kind: DeviceKind
  private let failure: BackendError?

  init(name: String, identifier: String, kind: DeviceKind, failure: BackendError? = nil) {
    self.name = name
    self.identifier = identifier
    self.kind = kind
    self.failure = failure
  }

  func supports(_ dtype: DType) -> Bool { true }

  func allocate(count: Int, dtype: DType) throws -> Buffer {
    if let failure { throw failure }
    return Buffer(count: count, dtype: dtype)
  }

  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {}
  func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    throw BackendError.unsupported(
      operation: "reading of numbers while shapes are inferred", dtype: source.dtype, device: name)
  }
  func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {}
  func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {}
  func synchronize() throws { if let failure { throw failure } }
  func memoryStatistics() -> MemoryStatistics {
    MemoryStatistics(liveBytes: 0, cachedBytes: 0, peakBytes: 0, limitBytes: .max)
  }
  func setMemoryLimit(bytes: Int) {}
  func trimMemory() {}
}

// MARK: Primitives

extension MetaBackend {
  func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {}
  func unaryGradient(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {}
  func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {}
  func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {}
  func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {}
  func compareScalar(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) throws {}
  func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {}
  func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {}
  func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {}
  func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {}
  func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {}
  func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {}
  func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {}
  func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {}
  func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {}
  func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {}
  func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {}
  func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {}
  func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {}
  func random(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {}
}

// MARK: Fused operations

extension MetaBackend {
  func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {}
  func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {}
  func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {}
  func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {}
  func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {}
  func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {}
  func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {}
  func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {}
  func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws {}
  func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws {}
  func recurrentCell(_ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int) throws {}
  func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {}
  func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {}
  func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {}
  func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {}
  func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {}
  func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {}
  func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {}
  func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {}
  func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {}
  func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {}
  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    try body(self)
    return nil
  }
}
