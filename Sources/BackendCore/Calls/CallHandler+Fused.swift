// The fused operations of `Backend` as values, in its order.

extension CallHandler {
  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try perform(
      .linear(rows: rows, inputs: inputs, units: units, activation: activation), [x, w, bias, y, preActivation])
  }

  public func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    try perform(.linearGradient(rows: rows, units: units, activation: activation), [dy, saved, dz, dBias])
  }

  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try perform(.convolution(shape, activation: activation), [x, w, bias, y, preActivation])
  }

  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try perform(
      .convolutionOutputGradient(batch: batch, channels: channels, plane: plane, activation: activation),
      [dy, saved, dz, dBias])
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    try perform(.convolutionInputGradient(shape), [dy, w, dx])
  }

  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    try perform(.convolutionWeightGradient(shape, accumulating: accumulating), [x, dy, dw])
  }

  public func pool(_ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?)
    throws
  {
    try perform(.pool(op, shape), [x, y, indices])
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    try perform(.poolGradient(op, shape), [dy, indices, dx])
  }

  public func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws {
    try perform(.recurrence(shape), operands.list)
  }

  public func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws {
    try perform(
      .recurrenceGradient(shape, reachesInitialState: gradients.reachesInitialState),
      operands.list + [gradients.outputs, gradients.hidden, gradients.cell, gradients.gates, gradients.recurrent])
  }

  public func recurrentCell(_ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int) throws {
    try perform(.recurrentCell(cell, batch: batch, units: units), step.list)
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try perform(
      .recurrentCellGradient(cell, batch: batch, units: units),
      step.list + [gradients.output, gradients.hidden, gradients.cell, gradients.gates, gradients.recurrent])
  }

  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    try perform(.softmax(rows: rows, columns: columns, logarithmic: logarithmic), [x, y])
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    try perform(.softmaxGradient(rows: rows, columns: columns, logarithmic: logarithmic), [dy, y, dx])
  }

  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    try perform(.normalize(shape), [x, weight, bias, y, statistics])
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try perform(.normalizeGradient(shape), [dy, x, weight, statistics, dx, dWeight, dBias])
  }

  public func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    try perform(
      .softmaxCrossEntropy(
        rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignoredLabel, gradientScale: gradientScale),
      [logits, labels, loss, gradient])
  }

  public func dropout(_ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice)
    throws
  {
    try perform(
      .dropout(probability: probability, source: source.reading(nil), count: count), [x, y, source.stepOffset])
  }

  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    try perform(.optimizerStep(step, count: count), [parameters, gradients, scalars] + states)
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    try perform(.norm(count: count, accumulating: accumulating), [x, y])
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    try perform(.clipFactor(maximumNorm: maximumNorm), [norm, y])
  }
}
