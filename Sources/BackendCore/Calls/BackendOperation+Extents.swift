extension BackendOperation {
  /// Returns the positions of the elements that the operation may use, relative to the start of an operand. They are
  /// negative where strides are.
  /// - Parameter index: The number of the operand.
  /// - Returns: Nil for operands without a known extent: those of an upload and of a custom operation, and the step offset
  ///   of a random source.
  public func elements(of index: Int) -> Range<Int>? {
    switch self {
    case .binary(_, let a, let b): [a, b, Layout(dense: a.shape)].element(at: index)?.elements
    case .compare(_, let a, let b): [a, b, Layout(dense: a.shape)].element(at: index)?.elements
    case .select(let condition, let a, let b):
      [condition, a, b, Layout(dense: condition.shape)].element(at: index)?.elements
    case .copyStrided(let x, let shape, let y, _):
      [Layout(shape: shape, strides: x), Layout(shape: shape, strides: y)].element(at: index)?.elements
    default: counts.element(at: index).map { 0..<$0 }
    }
  }

  /// The numbers of elements of dense operands.
  private var counts: [Int] {
    switch self {
    case .copy(let count), .unary(_, let count), .unaryGradient(_, let count), .binaryScalar(_, _, _, let count),
      .compareScalar(_, _, let count), .cast(let count), .fill(_, let count), .range(_, _, let count):
      [count, count, count]
    case .reduce(_, let shape), .argReduce(_, let shape): [shape.count, shape.reducedCount]
    case .scan(_, let shape, _): [shape.count, shape.count]
    case .sort(let rows, let columns, _): [rows * columns, rows * columns, rows * columns]
    case .gatherRows(let shape, let n), .gatherElements(let shape, let n):
      [shape.count, isByElement ? shape.outer * n * shape.inner : n, shape.outer * n * shape.inner]
    case .scatterRows(_, let shape, let n), .scatterElements(_, let shape, let n):
      [shape.outer * n * shape.inner, isByElement ? shape.outer * n * shape.inner : n, shape.count]
    case .random(_, _, let count): [count]
    case .dropout(_, _, let count): [count, count]
    case .norm(let count, _): [count, 1]
    case .clipFactor: [1, 1]
    case .optimizerStep(let step, let count):
      [count, count, StepScalars.count] + Array(repeating: count, count: step.stateCount)
    case .matmul, .linear, .linearGradient, .softmax, .softmaxGradient, .softmaxCrossEntropy, .normalize,
      .normalizeGradient:
      matrixCounts
    case .convolution, .convolutionOutputGradient, .convolutionInputGradient, .convolutionWeightGradient, .pool,
      .poolGradient:
      windowCounts
    case .recurrence, .recurrenceGradient, .recurrentCell, .recurrentCellGradient: recurrentCounts
    case .upload, .binary, .compare, .select, .copyStrided, .custom: []
    }
  }

  /// Whether each index of a gather or scatter addresses one element instead of a row.
  private var isByElement: Bool {
    switch self {
    case .gatherElements, .scatterElements: true
    default: false
    }
  }

  private var matrixCounts: [Int] {
    switch self {
    case .matmul(let s, _, _):
      s.batch == 0
        ? [0, 0, 0]
        : [(s.batch - 1) * s.strideA + s.m * s.k, (s.batch - 1) * s.strideB + s.k * s.n, s.batch * s.m * s.n]
    case .linear(let rows, let inputs, let units, _):
      [rows * inputs, inputs * units, units, rows * units, rows * units]
    case .linearGradient(let rows, let units, _): [rows * units, rows * units, rows * units, units]
    case .softmax(let rows, let columns, _), .softmaxGradient(let rows, let columns, _):
      [rows * columns, rows * columns, rows * columns]
    case .softmaxCrossEntropy(let rows, let columns, _, _, _): [rows * columns, rows, rows, rows * columns]
    case .normalize(let s): [s.rows * s.columns, s.columns, s.columns, s.rows * s.columns, 2 * s.rows]
    case .normalizeGradient(let s):
      [s.rows * s.columns, s.rows * s.columns, s.columns, 2 * s.rows, s.rows * s.columns, s.columns, s.columns]
    default: []
    }
  }

  private var windowCounts: [Int] {
    switch self {
    case .convolution(let s, _): [s.inputCount, s.weightCount, s.outputChannels, s.outputCount, s.outputCount]
    case .convolutionOutputGradient(let batch, let channels, let plane, _):
      [batch * channels * plane, batch * channels * plane, batch * channels * plane, channels]
    case .convolutionInputGradient(let s): [s.outputCount, s.weightCount, s.inputCount]
    case .convolutionWeightGradient(let s, _): [s.inputCount, s.outputCount, s.weightCount]
    case .pool(_, let s): [s.inputCount, s.outputCount, s.outputCount]
    case .poolGradient(_, let s): [s.outputCount, s.outputCount, s.inputCount]
    default: []
    }
  }

  private var recurrentCounts: [Int] {
    switch self {
    case .recurrence(let shape): shape.operandCounts
    case .recurrenceGradient(let shape, _):
      shape.operandCounts + [
        shape.steps * shape.stateCount, shape.stateCount, shape.stateCount, shape.steps * shape.sumCount,
        shape.steps * shape.sumCount,
      ]
    case .recurrentCell(let cell, let batch, let units): cell.operandCounts(batch, units)
    case .recurrentCellGradient(let cell, let batch, let units):
      cell.operandCounts(batch, units) + [
        batch * units, batch * units, batch * units, batch * cell.gateCount * units, batch * cell.gateCount * units,
      ]
    default: []
    }
  }
}

extension RecurrenceShape {
  /// The numbers of elements of `RecurrenceOperands`, in the order of a call.
  fileprivate var operandCounts: [Int] {
    [
      units * gates, gates, stateCount, stateCount, steps * batch, steps * sumCount, steps * sumCount,
      steps * stateCount, steps * stateCount,
    ]
  }
}

extension RecurrentCell {
  /// The numbers of elements of a `RecurrentStep`, in the order of a call.
  fileprivate func operandCounts(_ batch: Int, _ units: Int) -> [Int] {
    let (state, sums) = (batch * units, batch * gateCount * units)
    return [sums, sums, gateCount * units, batch, state, state, state, state]
  }
}

extension Layout {
  /// The positions of all elements, relative to the first one.
  var elements: Range<Int> {
    var (first, last) = (0, 0)
    for axis in shape.axes {
      if shape[axis] == 0 { return 0..<0 }
      let reach = (shape[axis] - 1) * strides[axis]
      (first, last) = (first + min(reach, 0), last + max(reach, 0))
    }
    return first..<last + 1
  }
}

extension Array {
  /// Returns an element; nil if there is none at the index.
  fileprivate func element(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
