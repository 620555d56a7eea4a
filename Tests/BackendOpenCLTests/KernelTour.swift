#if OpenCL
import BackendCore

@testable import BackendOpenCL

/// One call of every kernel, on operands as small as its method allows, for a simulator that checks each access. The
/// results are not compared; the conformance suite does that.
struct KernelTour {
  let backend: OpenCLBackend
  /// More than one vector, and not a multiple of anything.
  private let count = 37
  private var types: [DType] { [.float32, .int32, .bool, .int64, .float64].filter { backend.computes($0) } }
  private var movedTypes: [DType] { DType.allCases.filter { backend.supports($0) } }

  /// The parts of the tour, in addition to products.
  enum Section: Codable, CaseIterable {
    case elementwise, binary, comparisons, halves, doubles, selections, reductions, sorts, copies, indexing, softmax
    case normalization, random
    case convolution, pooling, recurrent, optimizerSteps, peak, blocks, integerProducts
  }

  func run(_ section: Section) throws {
    switch section {
    case .elementwise: try elementwise()
    case .binary: try binary()
    case .comparisons: try comparisons()
    case .halves: try halves()
    case .doubles: try doubles()
    case .selections: try selections()
    case .reductions: try reductions()
    case .sorts: try sorts()
    case .copies: try copies()
    case .indexing: try indexing()
    case .softmax: try softmax()
    case .normalization: try normalization()
    case .random: try random()
    case .recurrent: try recurrent()
    case .convolution: try convolution()
    case .pooling: try pooling()
    case .optimizerSteps: try optimizerSteps()
    case .blocks: try blocks()
    case .integerProducts: try integerProducts()
    case .peak:
      for width in OpenCLBackend.multiplyAddWidths {
        _ = try backend.multiplyAdds(width: width, loops: 1, items: 256, into: backend.empty(256))
      }
    }
    try backend.synchronize()
  }

  /// Small nonzero integers.
  func operand(_ count: Int, _ dtype: DType = .float32) throws -> BufferSlice {
    // The simulator processes its queue recursively, and a long queue would overflow its stack.
    try backend.synchronize()
    return switch dtype {
    case .bool: try backend.upload((0..<count).map { UInt8($0 % 3 == 0 ? 1 : 0) }, .bool)
    case .int32: try backend.upload((0..<count).map { Int32($0 % 7 + 1) })
    case .float16, .bfloat16:
      try backend.upload((0..<count).map { HalfFormat(dtype).bits(of: Double($0 % 7 + 1)) }, dtype)
    case .int8, .uint8: try backend.upload((0..<count).map { UInt8($0 % 7 + 1) }, dtype)
    case .int16: try backend.upload((0..<count).map { Int16($0 % 7 + 1) }, dtype)
    case .int64: try backend.upload((0..<count).map { Int64($0 % 7 + 1) }, dtype)
    case .float64: try backend.upload((0..<count).map { Double($0 % 7 + 1) }, dtype)
    case .float32: try backend.upload((0..<count).map { Float($0 % 7 + 1) })
    }
  }

  private func positions(_ count: Int, below bound: Int) throws -> BufferSlice {
    try backend.upload((0..<count).map { Int32($0 * 5 % bound) })
  }

  private func elementwise() throws {
    for kind in UnaryOp.Kind.allCases {
      let op = UnaryOp(kind, 0.5, 2)
      for dtype in types where kind.accepts(dtype) {
        try backend.unary(
          op, operand(count, dtype), count: count, into: backend.empty(count, op.resultIsBool ? .bool : dtype))
      }
      if kind != .logicalNot {
        try backend.unaryGradient(op, operand(count), saved: operand(count), count: count, into: backend.empty(count))
      }
      if kind.activation != nil {
        try backend.linearGradient(
          operand(count * 3), saved: operand(count * 3), activation: op, rows: 3, units: count,
          dz: backend.empty(count * 3), dBias: backend.empty(count))
      }
    }
  }

  private func binary() throws {
    for op in BinaryOp.allCases {
      for dtype in types where op.accepts(dtype) { try binary(op, dtype) }
    }
  }

  private func binary(_ op: BinaryOp, _ dtype: DType) throws {
    try pairs(dtype) { a, aLayout, b, bLayout in
      try backend.binary(op, a, aLayout, b, bLayout, into: backend.empty(count, dtype))
    }
    try backend.binaryScalar(
      op, operand(count, dtype), 2, scalarFirst: false, count: count, into: backend.empty(count, dtype))
  }

  private func comparisons() throws {
    for op in ComparisonOp.allCases {
      for dtype in types { try compare(op, dtype) }
    }
  }

  private func compare(_ op: ComparisonOp, _ dtype: DType) throws {
    try pairs(dtype) { a, aLayout, b, bLayout in
      try backend.compare(op, a, aLayout, b, bLayout, into: backend.empty(count, .bool))
    }
    try backend.compareScalar(op, operand(count, dtype), 1, count: count, into: backend.empty(count, .bool))
  }

  private func halves() throws {
    for dtype in [DType.float16, .bfloat16] {
      for kind in UnaryOp.Kind.allCases where kind.accepts(.float32) {
        let op = UnaryOp(kind, 0.5, 2)
        try backend.unary(
          op, operand(count, dtype), count: count, into: backend.empty(count, op.resultIsBool ? .bool : dtype))
        try backend.unaryGradient(
          op, operand(count, dtype), saved: operand(count, dtype), count: count, into: backend.empty(count, dtype))
      }
      for op in BinaryOp.allCases where op.accepts(.float32) { try binary(op, dtype) }
      for op in ComparisonOp.allCases { try compare(op, dtype) }
    }
  }

  /// Two dense operands, one of them transposed.
  private func pairs(
    _ dtype: DType, _ call: (BufferSlice, Layout, BufferSlice, Layout) throws -> Void
  ) throws {
    let dense = Layout(dense: [count])
    let turned = Layout(shape: [count], strides: Strides([-1]))
    try call(operand(count, dtype), dense, operand(count, dtype), dense)
    try call(operand(count, dtype), dense, operand(count, dtype).advanced(by: count - 1), turned)
  }

  private func selections() throws {
    for dtype in [DType.float32, .bool, .float16, .int64] {
      try pairs(dtype) { a, aLayout, b, bLayout in
        try backend.select(
          operand(count, .bool), aLayout, a, aLayout, b, bLayout, into: backend.empty(count, dtype))
      }
      try backend.fill(backend.empty(count, dtype), count: count, with: 1)
    }
    for from in movedTypes {
      for to in movedTypes { try backend.cast(operand(count, from), count: count, into: backend.empty(count, to)) }
    }
    for dtype in types where dtype != .bool {
      try backend.range(start: 1, step: 2, count: count, into: backend.empty(count, dtype))
    }
  }

  private func reductions() throws {
    // By items, as short rows, as long rows, as columns.
    let shapes = [
      AxisShape(outer: 2, extent: 5, inner: 3), AxisShape(outer: 3, extent: 70, inner: 1),
      AxisShape(outer: 2, extent: 1100, inner: 1), AxisShape(outer: 1, extent: 40, inner: 21),
    ]
    for shape in shapes {
      for dtype in types {
        let x = try operand(shape.count, dtype)
        for op in ReductionOp.allCases where op.accepts(dtype) {
          try backend.reduce(op, x, shape, into: backend.empty(shape.reducedCount, dtype))
        }
        for op in [ArgReductionOp.argmax, .argmin] {
          try backend.argReduce(op, x, shape, into: backend.empty(shape.reducedCount, .int32))
        }
        if dtype != .bool {
          for op in ScanOp.allCases {
            try backend.scan(op, x, shape, reversed: true, into: backend.empty(shape.count, dtype))
          }
        }
      }
    }
    for extent in [5, 70, 1100] {
      try backend.norm(operand(extent), count: extent, accumulating: false, into: backend.empty(1))
    }
    try backend.reduce("sumOfSquares", thenBy: "sum", "float", operand(840), shapes[3], into: backend.empty(21))
  }

  private func sorts() throws {
    for dtype in types {
      for columns in [9, 1100] {
        try backend.sort(
          operand(columns, dtype), rows: 1, columns: columns, descending: true, values: backend.empty(columns, dtype),
          indices: backend.empty(columns, .int32))
      }
    }
  }

  private func copies() throws {
    let (rows, columns) = (19, 37)
    for dtype in movedTypes {
      let x = try operand(rows * columns, dtype)
      let turned = Strides([1, columns])
      try backend.copyStrided(
        x, turned, shape: [columns, rows], into: backend.empty(rows * columns, dtype), Strides([rows, 1]),
        accumulating: false)
      let (from, to) = (Strides([2 * columns, 1]), Strides([columns, -1]))
      let y = try operand(rows * columns, dtype).advanced(by: columns - 1)
      for isAdded in backend.performs(.accumulatingCopy, dtype) ? [false, true] : [false] {
        try backend.copyStrided(x, from, shape: [3, columns], into: y, to, accumulating: isAdded)
      }
    }
  }

  private func indexing() throws {
    let shape = AxisShape(outer: 2, extent: 4, inner: 3)
    for dtype in movedTypes {
      let (x, drawn) = (try operand(shape.count, dtype), 2 * 5 * 3)
      let updates = try operand(drawn, dtype)
      try backend.gatherRows(
        x, shape, indices: positions(5, below: 4), indexCount: 5, into: backend.empty(drawn, dtype))
      try backend.gatherElements(
        x, shape, indices: positions(drawn, below: 4), indexExtent: 5, into: backend.empty(drawn, dtype))
      guard backend.performs(.scatterRows, dtype) else { continue }
      for op in ScatterOp.allCases {
        try backend.scatterRows(op, updates, indices: positions(5, below: 4), indexCount: 5, into: x, shape)
        try backend.scatterElements(op, updates, indices: positions(drawn, below: 4), indexExtent: 5, into: x, shape)
        let line = AxisShape(outer: 1, extent: 4, inner: 1)
        try backend.scatterElements(
          op, operand(70, dtype), indices: positions(70, below: 4), indexExtent: 70, into: x, line)
      }
    }
  }

  /// Rows for one item, for some items, for more, and longer ones (`RowWork`).
  private static let rowShapes = [(rows: 20, columns: 5), (11, 45), (3, 520), (1, 2050), (1, 4100)]

  private func softmax() throws {
    for (rows, columns) in KernelTour.rowShapes {
      let count = rows * columns
      for isLogarithmic in [false, true] {
        try backend.softmax(
          operand(count), rows: rows, columns: columns, logarithmic: isLogarithmic, into: backend.empty(count))
        try backend.softmaxGradient(
          operand(count), operand(count), rows: rows, columns: columns, logarithmic: isLogarithmic,
          into: backend.empty(count))
      }
      for gradient in [nil, try backend.empty(count)] {
        try backend.softmaxCrossEntropy(
          operand(count), labels: positions(rows, below: 5), rows: rows, columns: columns, smoothing: 0.1,
          ignoredLabel: 0, gradientScale: 0.5, loss: backend.empty(rows), gradient: gradient)
      }
    }
  }

  private func normalization() throws {
    for (rows, columns) in KernelTour.rowShapes {
      for isCentered in [false, true] {
        let count = rows * columns
        let shape = NormalizationShape(rows: rows, columns: columns, isCentered: isCentered, epsilon: 1e-5)
        for statistics in [nil, try backend.empty(2 * rows)] {
          try backend.normalize(
            operand(count), weight: operand(columns), bias: operand(columns), shape, into: backend.empty(count),
            statistics: statistics)
        }
        for sums in [nil, try backend.empty(columns)] {
          try backend.normalizeGradient(
            operand(count), operand(count), weight: operand(columns), statistics: operand(2 * rows), shape,
            into: backend.empty(count), dWeight: sums, dBias: sums == nil ? nil : backend.empty(columns))
        }
      }
    }
  }

  private func random() throws {
    for offset in [nil, try positions(1, below: 1)] {
      let source = RandomSource(key: 7, call: 1, step: 2, stepOffset: offset)
      try backend.random(.bits, source, count: count, into: backend.empty(count, .int32))
      try backend.random(.uniform, source, count: count, into: backend.empty(count))
      try backend.random(.normal, source, count: count, into: backend.empty(count))
      for dtype in [DType.float32, .bool] {
        try backend.random(.bernoulli(probability: 0.5), source, count: count, into: backend.empty(count, dtype))
      }
      try backend.dropout(operand(count), probability: 0.5, source, count: count, into: backend.empty(count))
    }
  }

  /// Whole and partial tiles, inside images and across their edges, with strides of 1 and 2.
  private func convolution() throws {
    for (stride, groups) in [(1, 1), (2, 2)] {
      let axis = WindowAxis(input: 9, output: (11 - 3) / stride + 1, kernel: 3, stride: stride, padding: 1)
      let shape = ConvolutionShape(
        batch: 2, inputChannels: 2, outputChannels: 10, groups: groups, height: axis, width: axis)
      for activation in [UnaryOp.relu, UnaryOp(.tanh)] {
        try backend.convolution(
          operand(shape.inputCount), operand(shape.weightCount), bias: operand(10), shape, activation: activation,
          into: backend.empty(shape.outputCount), preActivation: backend.empty(shape.outputCount))
      }
      try backend.convolutionInputGradient(
        operand(shape.outputCount), operand(shape.weightCount), shape, into: backend.empty(shape.inputCount))
      try backend.convolutionWeightGradient(
        operand(shape.inputCount), operand(shape.outputCount), shape, accumulating: true,
        into: operand(shape.weightCount))
    }
  }

  private func pooling() throws {
    let axis = WindowAxis(input: 9, output: 5, kernel: 3, stride: 2, padding: 1)
    let shape = PoolingShape(planes: 3, height: axis, width: axis)
    for op in PoolingOp.allCases {
      let indices = op == .maximum ? try backend.empty(shape.outputCount, .int32) : nil
      try backend.pool(
        op, operand(shape.inputCount), shape, into: backend.empty(shape.outputCount), indices: indices)
      try backend.poolGradient(
        op, operand(shape.outputCount), indices: indices, shape, into: backend.empty(shape.inputCount))
    }
  }

  private func optimizerSteps() throws {
    let rules: [OptimizerStep.Rule] = [
      .sgd(momentum: 0, isNesterov: false), .sgd(momentum: 0.9, isNesterov: true),
      .rmsProp(smoothing: 0.9, epsilon: 1e-8, momentum: 0.5, isCentered: true),
      .rmsProp(smoothing: 0.9, epsilon: 1e-8, momentum: 0, isCentered: false), .adagrad(epsilon: 1e-8),
      .adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, isAMSGrad: true),
      .adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, isAMSGrad: false),
    ]
    for rule in rules {
      let step = OptimizerStep(rule: rule, weightDecay: 0.01, decaysDirectly: true)
      try backend.optimizerStep(
        step, parameters: operand(count), gradients: operand(count),
        states: (0..<step.stateCount).map { _ in try operand(count) }, count: count,
        scalars: operand(StepScalars.count))
    }
    try backend.clipFactor(norm: operand(1), maximumNorm: 1, into: backend.empty(1))
  }
}
#endif
