// Every computing call of the protocol, in the order of the protocol. Each call is forwarded and recorded.

extension CallRecorder {
  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call("\(op.kind)") { backend, at in try backend.unary(op, at(x), count: count, into: at(y)) }
  }

  public func unaryGradient(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice)
    throws
  {
    let (dy, saved, dx) = (kept(dy), kept(saved), kept(dx))
    try call("gradient of \(op.kind)") { backend, at in
      try backend.unaryGradient(op, at(dy), saved: at(saved), count: count, into: at(dx))
    }
  }

  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let (a, b, y) = (kept(a), kept(b), kept(y))
    try call("\(op)") { backend, at in try backend.binary(op, at(a), aLayout, at(b), bLayout, into: at(y)) }
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    let (x, y) = (kept(x), kept(y))
    try call("\(op)") { backend, at in
      try backend.binaryScalar(op, at(x), scalar, scalarFirst: scalarFirst, count: count, into: at(y))
    }
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let (a, b, y) = (kept(a), kept(b), kept(y))
    try call { backend, at in try backend.compare(op, at(a), aLayout, at(b), bLayout, into: at(y)) }
  }

  public func compareScalar(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice)
    throws
  {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.compareScalar(op, at(x), scalar, count: count, into: at(y)) }
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let (condition, a, b, y) = (kept(condition), kept(a), kept(b), kept(y))
    try call { backend, at in
      try backend.select(at(condition), conditionLayout, at(a), aLayout, at(b), bLayout, into: at(y))
    }
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.cast(at(x), count: count, into: at(y)) }
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    let y = kept(y)
    try call { backend, at in try backend.range(start: start, step: step, count: count, into: at(y)) }
  }

  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in
      try backend.copyStrided(at(x), xStrides, shape: shape, into: at(y), yStrides, accumulating: accumulating)
    }
  }

  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call("\(op)") { backend, at in try backend.reduce(op, at(x), shape, into: at(y)) }
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.argReduce(op, at(x), shape, into: at(y)) }
  }

  public func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.cumulativeSum(at(x), shape, reversed: reversed, into: at(y)) }
  }

  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    let (x, values, indices) = (kept(x), kept(values), kept(indices))
    try call { backend, at in
      try backend.sort(
        at(x), rows: rows, columns: columns, descending: descending, values: at(values), indices: at(indices))
    }
  }

  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    let (a, b, c) = (kept(a), kept(b), kept(c))
    try call { backend, at in try backend.matmul(at(a), at(b), shape, alpha: alpha, beta: beta, into: at(c)) }
  }

  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    let (x, indices, y) = (kept(x), kept(indices), kept(y))
    try call { backend, at in
      try backend.gatherRows(at(x), shape, indices: at(indices), indexCount: indexCount, into: at(y))
    }
  }

  public func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    let (updates, indices, y) = (kept(updates), kept(indices), kept(y))
    try call { backend, at in
      try backend.scatterAddRows(at(updates), indices: at(indices), indexCount: indexCount, into: at(y), shape)
    }
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    let (x, indices, y) = (kept(x), kept(indices), kept(y))
    try call { backend, at in
      try backend.gatherElements(at(x), shape, indices: at(indices), indexExtent: indexExtent, into: at(y))
    }
  }

  public func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    let (updates, indices, y) = (kept(updates), kept(indices), kept(y))
    try call { backend, at in
      try backend.scatterAddElements(at(updates), indices: at(indices), indexExtent: indexExtent, into: at(y), shape)
    }
  }

  public func random(_ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice) throws
  {
    let y = kept(y)
    try call { backend, at in try backend.random(distribution, source, count: count, into: at(y)) }
  }

  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    let (x, w, bias, y, preActivation) = (kept(x), kept(w), kept(bias), kept(y), kept(preActivation))
    try call { backend, at in
      try backend.linear(
        at(x), at(w), bias: at(bias), rows: rows, inputs: inputs, units: units, activation: activation, into: at(y),
        preActivation: at(preActivation))
    }
  }

  public func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    let (dy, saved, dz, dBias) = (kept(dy), kept(saved), kept(dz), kept(dBias))
    try call { backend, at in
      try backend.linearGradient(
        at(dy), saved: at(saved), activation: activation, rows: rows, units: units, dz: at(dz), dBias: at(dBias))
    }
  }

  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    let (x, w, bias, y, preActivation) = (kept(x), kept(w), kept(bias), kept(y), kept(preActivation))
    try call { backend, at in
      try backend.convolution(
        at(x), at(w), bias: at(bias), shape, activation: activation, into: at(y), preActivation: at(preActivation))
    }
  }

  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    let (dy, saved, dz, dBias) = (kept(dy), kept(saved), kept(dz), kept(dBias))
    try call { backend, at in
      try backend.convolutionOutputGradient(
        at(dy), saved: at(saved), activation: activation, batch: batch, channels: channels, plane: plane, dz: at(dz),
        dBias: at(dBias))
    }
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    let (dy, w, dx) = (kept(dy), kept(w), kept(dx))
    try call { backend, at in try backend.convolutionInputGradient(at(dy), at(w), shape, into: at(dx)) }
  }

  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    let (x, dy, dw) = (kept(x), kept(dy), kept(dw))
    try call { backend, at in
      try backend.convolutionWeightGradient(at(x), at(dy), shape, accumulating: accumulating, into: at(dw))
    }
  }

  public func pool(_ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?)
    throws
  {
    let (x, y, indices) = (kept(x), kept(y), kept(indices))
    try call { backend, at in try backend.pool(op, at(x), shape, into: at(y), indices: at(indices)) }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    let (dy, indices, dx) = (kept(dy), kept(indices), kept(dx))
    try call { backend, at in try backend.poolGradient(op, at(dy), indices: at(indices), shape, into: at(dx)) }
  }

  public func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws {
    let operands = operands.map { kept($0) }
    try call { backend, at in try backend.recurrence(shape, operands.map { at($0) }) }
  }

  public func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws {
    let (operands, gradients) = (operands.map { kept($0) }, gradients.map { kept($0) })
    try call { backend, at in
      try backend.recurrenceGradient(shape, operands.map { at($0) }, gradients.map { at($0) })
    }
  }

  public func recurrentCell(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int
  ) throws {
    let step = step.map { kept($0) }
    try call { backend, at in try backend.recurrentCell(cell, step.map { at($0) }, batch: batch, units: units) }
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    let (step, gradients) = (step.map { kept($0) }, gradients.map { kept($0) })
    try call { backend, at in
      try backend.recurrentCellGradient(
        cell, step.map { at($0) }, gradients.map { at($0) }, batch: batch, units: units)
    }
  }

  public func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in
      try backend.softmax(at(x), rows: rows, columns: columns, logarithmic: logarithmic, into: at(y))
    }
  }

  public func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) throws {
    let (dy, y, dx) = (kept(dy), kept(y), kept(dx))
    try call { backend, at in
      try backend.softmaxGradient(at(dy), at(y), rows: rows, columns: columns, logarithmic: logarithmic, into: at(dx))
    }
  }

  public func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?
  ) throws {
    let (logits, labels, loss, gradient) = (kept(logits), kept(labels), kept(loss), kept(gradient))
    try call { backend, at in
      try backend.softmaxCrossEntropy(
        at(logits), labels: at(labels), rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignoredLabel,
        gradientScale: gradientScale, loss: at(loss), gradient: at(gradient))
    }
  }

  public func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    let (x, weight, bias, y, statistics) = (kept(x), kept(weight), kept(bias), kept(y), kept(statistics))
    try call { backend, at in
      try backend.normalize(
        at(x), weight: at(weight), bias: at(bias), shape, into: at(y), statistics: at(statistics))
    }
  }

  public func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?
  ) throws {
    let (dy, x, weight, statistics) = (kept(dy), kept(x), kept(weight), kept(statistics))
    let (dx, dWeight, dBias) = (kept(dx), kept(dWeight), kept(dBias))
    try call { backend, at in
      try backend.normalizeGradient(
        at(dy), at(x), weight: at(weight), statistics: at(statistics), shape, into: at(dx), dWeight: at(dWeight),
        dBias: at(dBias))
    }
  }

  public func dropout(_ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice)
    throws
  {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.dropout(at(x), probability: probability, source, count: count, into: at(y)) }
  }

  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    let (parameters, gradients, states, scalars) = (kept(parameters), kept(gradients), kept(states), kept(scalars))
    try call { backend, at in
      try backend.optimizerStep(
        step, parameters: at(parameters), gradients: at(gradients), states: at(states), count: count,
        scalars: at(scalars))
    }
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    let (x, y) = (kept(x), kept(y))
    try call { backend, at in try backend.norm(at(x), count: count, accumulating: accumulating, into: at(y)) }
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    let (norm, y) = (kept(norm), kept(y))
    try call { backend, at in
      try backend.clipFactor(norm: at(norm), maximumNorm: maximumNorm, into: at(y))
    }
  }
}
