/// The operands of a call, by number. Optional operands can be absent.
protocol CallOperands {
  /// The number of operands.
  var count: Int { get }
  /// Returns an optional operand; nil if it is absent.
  func optional(_ index: Int) -> BufferSlice?
}

extension CallOperands {
  /// Returns an operand that every call of the operation has.
  @inline(__always)
  subscript(index: Int) -> BufferSlice {
    guard let slice = optional(index) else { fatalError("a call without its operand \(index)") }
    return slice
  }

  /// Returns all operands from a number on.
  func suffix(from index: Int) -> [BufferSlice] { (index..<count).compactMap { optional($0) } }
}

private struct ListedOperands: CallOperands {
  let list: [BufferSlice?]
  var count: Int { list.count }
  func optional(_ index: Int) -> BufferSlice? { index < list.count ? list[index] : nil }
}

extension BackendOperation {
  /// Makes the call on a backend. This is the one place that defines the order of the operands.
  /// - Parameter operands: The operands; nil for absent ones, which may be left out at the end.
  public func perform(on backend: any Backend, _ operands: [BufferSlice?]) throws {
    try performInline(on: backend, ListedOperands(list: operands))
  }

  /// `perform`, inlined into the loop of a replay, where a function call per operation would cost 18 ns.
  @inline(__always)
  func performInline(on backend: any Backend, _ o: some CallOperands) throws {
    switch self {
    case .upload(let bytes): try bytes.withUnsafeBytes { try backend.upload($0, into: o[0]) }
    case .copy(let count): try backend.copy(o[0], count: count, into: o[1])
    case .fill(let value, let count): try backend.fill(o[0], count: count, with: value)
    case .unary(let op, let count): try backend.unary(op, o[0], count: count, into: o[1])
    case .unaryGradient(let op, let count):
      try backend.unaryGradient(op, o[0], saved: o[1], count: count, into: o[2])
    case .binary(let op, let a, let b): try backend.binary(op, o[0], a, o[1], b, into: o[2])
    case .binaryScalar(let op, let scalar, let scalarFirst, let count):
      try backend.binaryScalar(op, o[0], scalar, scalarFirst: scalarFirst, count: count, into: o[1])
    case .compare(let op, let a, let b): try backend.compare(op, o[0], a, o[1], b, into: o[2])
    case .compareScalar(let op, let scalar, let count):
      try backend.compareScalar(op, o[0], scalar, count: count, into: o[1])
    case .select(let condition, let a, let b): try backend.select(o[0], condition, o[1], a, o[2], b, into: o[3])
    case .cast(let count): try backend.cast(o[0], count: count, into: o[1])
    case .range(let start, let step, let count):
      try backend.range(start: start, step: step, count: count, into: o[0])
    case .copyStrided(let x, let shape, let y, let accumulating):
      try backend.copyStrided(o[0], x, shape: shape, into: o[1], y, accumulating: accumulating)
    case .reduce(let op, let shape): try backend.reduce(op, o[0], shape, into: o[1])
    case .argReduce(let op, let shape): try backend.argReduce(op, o[0], shape, into: o[1])
    case .scan(let op, let shape, let reversed):
      try backend.scan(op, o[0], shape, reversed: reversed, into: o[1])
    case .sort(let rows, let columns, let descending):
      try backend.sort(
        o[0], rows: rows, columns: columns, descending: descending, values: o.optional(1), indices: o[2])
    case .matmul(let shape, let alpha, let beta):
      try backend.matmul(o[0], o[1], shape, alpha: alpha, beta: beta, into: o[2])
    case .gatherRows(let shape, let indexCount):
      try backend.gatherRows(o[0], shape, indices: o[1], indexCount: indexCount, into: o[2])
    case .scatterRows(let op, let shape, let indexCount):
      try backend.scatterRows(op, o[0], indices: o[1], indexCount: indexCount, into: o[2], shape)
    case .gatherElements(let shape, let indexExtent):
      try backend.gatherElements(o[0], shape, indices: o[1], indexExtent: indexExtent, into: o[2])
    case .scatterElements(let op, let shape, let indexExtent):
      try backend.scatterElements(op, o[0], indices: o[1], indexExtent: indexExtent, into: o[2], shape)
    case .random(let distribution, let source, let count):
      try backend.random(distribution, source.reading(o.optional(1)), count: count, into: o[0])
    case .linear(let rows, let inputs, let units, let activation):
      try backend.linear(
        o[0], o[1], bias: o.optional(2), rows: rows, inputs: inputs, units: units, activation: activation, into: o[3],
        preActivation: o.optional(4))
    case .linearGradient(let rows, let units, let activation):
      try backend.linearGradient(
        o[0], saved: o.optional(1), activation: activation, rows: rows, units: units, dz: o.optional(2),
        dBias: o.optional(3))
    case .convolution(let shape, let activation):
      try backend.convolution(
        o[0], o[1], bias: o.optional(2), shape, activation: activation, into: o[3], preActivation: o.optional(4))
    case .convolutionOutputGradient(let batch, let channels, let plane, let activation):
      try backend.convolutionOutputGradient(
        o[0], saved: o.optional(1), activation: activation, batch: batch, channels: channels, plane: plane,
        dz: o.optional(2), dBias: o.optional(3))
    case .convolutionInputGradient(let shape): try backend.convolutionInputGradient(o[0], o[1], shape, into: o[2])
    case .convolutionWeightGradient(let shape, let accumulating):
      try backend.convolutionWeightGradient(o[0], o[1], shape, accumulating: accumulating, into: o[2])
    case .pool(let op, let shape): try backend.pool(op, o[0], shape, into: o[1], indices: o.optional(2))
    case .poolGradient(let op, let shape):
      try backend.poolGradient(op, o[0], indices: o.optional(1), shape, into: o[2])
    case .recurrence(let shape): try backend.recurrence(shape, RecurrenceOperands(o))
    case .recurrenceGradient(let shape, let reachesInitialState):
      try backend.recurrenceGradient(
        shape, RecurrenceOperands(o),
        RecurrenceGradients(
          outputs: o.optional(9), hidden: o[10], cell: o.optional(11), gates: o[12], recurrent: o.optional(13),
          reachesInitialState: reachesInitialState))
    case .recurrentCell(let cell, let batch, let units):
      try backend.recurrentCell(cell, RecurrentStep(o), batch: batch, units: units)
    case .recurrentCellGradient(let cell, let batch, let units):
      try backend.recurrentCellGradient(
        cell, RecurrentStep(o),
        RecurrentStepGradients(
          output: o.optional(8), hidden: o[9], cell: o.optional(10), gates: o[11], recurrent: o.optional(12)),
        batch: batch, units: units)
    case .softmax(let rows, let columns, let logarithmic):
      try backend.softmax(o[0], rows: rows, columns: columns, logarithmic: logarithmic, into: o[1])
    case .softmaxGradient(let rows, let columns, let logarithmic):
      try backend.softmaxGradient(o[0], o[1], rows: rows, columns: columns, logarithmic: logarithmic, into: o[2])
    case .normalize(let shape):
      try backend.normalize(
        o[0], weight: o.optional(1), bias: o.optional(2), shape, into: o[3], statistics: o.optional(4))
    case .normalizeGradient(let shape):
      try backend.normalizeGradient(
        o[0], o[1], weight: o.optional(2), statistics: o[3], shape, into: o[4], dWeight: o.optional(5),
        dBias: o.optional(6))
    case .softmaxCrossEntropy(let rows, let columns, let smoothing, let ignoredLabel, let gradientScale):
      try backend.softmaxCrossEntropy(
        o[0], labels: o[1], rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignoredLabel,
        gradientScale: gradientScale, loss: o[2], gradient: o.optional(3))
    case .dropout(let probability, let source, let count):
      try backend.dropout(
        o[0], probability: probability, source.reading(o.optional(2)), count: count, into: o[1])
    case .optimizerStep(let step, let count):
      try backend.optimizerStep(
        step, parameters: o[0], gradients: o[1], states: o.suffix(from: 3), count: count, scalars: o[2])
    case .norm(let count, let accumulating):
      try backend.norm(o[0], count: count, accumulating: accumulating, into: o[1])
    case .clipFactor(let maximumNorm): try backend.clipFactor(norm: o[0], maximumNorm: maximumNorm, into: o[1])
    case .custom(let operation):
      let operands = o.suffix(from: 0)
      if let handler = backend as? any PrimitiveHandler { return try handler.perform(self, operands) }
      try operation.body(backend, operands)
    }
  }
}

extension RandomSource {
  /// Returns the source with another step offset.
  func reading(_ stepOffset: BufferSlice?) -> RandomSource {
    var source = self
    source.stepOffset = stepOffset
    return source
  }
}

extension RecurrenceOperands<BufferSlice> {
  /// Creates the operands from the first nine of a call.
  init(_ o: some CallOperands) {
    self.init(
      weight: o[0], recurrentBias: o.optional(1), initialHidden: o.optional(2), initialCell: o.optional(3),
      mask: o.optional(4), gates: o[5], recurrent: o.optional(6), hidden: o[7], cells: o.optional(8))
  }

  /// The operands in the order of a call.
  var list: [BufferSlice?] {
    [weight, recurrentBias, initialHidden, initialCell, mask, gates, recurrent, hidden, cells]
  }
}

extension RecurrentStep<BufferSlice> {
  /// Creates the operands from the first eight of a call.
  init(_ o: some CallOperands) {
    self.init(
      gates: o[0], recurrent: o.optional(1), recurrentBias: o.optional(2), mask: o.optional(3),
      previousHidden: o.optional(4), previousCell: o.optional(5), hidden: o[6], cell: o.optional(7))
  }

  /// The operands in the order of a call.
  var list: [BufferSlice?] {
    [gates, recurrent, recurrentBias, mask, previousHidden, previousCell, hidden, cell]
  }
}
