import BackendCore

// The calls on halves that backends make themselves. Sizes are those around a piece of 2048 elements, by which the CPU
// backend computes.

extension HalfCall {
  /// All bit patterns of a half.
  private static let patterns = Array(0...UInt16.max)
  /// The same in another order.
  private static let others = patterns.map { $0 &* 40_503 &+ 12_345 }

  /// Functions of all halves, and their gradients.
  package static var functions: [HalfCall] {
    let count = patterns.count, result = Operand.result(count)
    return UnaryOp.Kind.allCases.filter { $0.accepts(.float32) }.flatMap { kind -> [HalfCall] in
      // Constants that no half represents.
      let op = UnaryOp(kind, 0.3, 1.7), gradient = BackendOperation.unaryGradient(op, count: count)
      let operation = BackendOperation.unary(op, count: count)
      let inPlace = [
        HalfCall("\(kind), in place", operation, .halves(patterns), .operand(0)),
        HalfCall("gradient of \(kind), in place", gradient, .halves(others), .halves(patterns), .operand(0)),
      ]
      let results = op.resultIsBool ? .result(count, .bool) : result
      return [
        HalfCall("\(kind)", operation, .halves(patterns), results),
        HalfCall("gradient of \(kind)", gradient, .halves(others), .halves(patterns), result),
      ] + (op.resultIsBool ? [] : inPlace)
    }
  }

  /// Functions of two halves, and comparisons.
  package static var pairs: [HalfCall] {
    let count = patterns.count, flat = Layout(flat: count), result = Operand.result(count)
    let truths = Operand.result(count, .bool)
    let binary = BinaryOp.allCases.filter { $0.accepts(.float32) }.flatMap { op -> [HalfCall] in
      let dense = BackendOperation.binary(op, a: flat, b: flat)
      return [
        HalfCall("\(op)", dense, .halves(patterns), .halves(others), result),
        HalfCall("\(op), in place", dense, .halves(patterns), .halves(others), .operand(0)),
        HalfCall("\(op) in the second place", dense, .halves(patterns), .halves(others), .operand(1)),
      ]
        + [false, true].flatMap { isFirst -> [HalfCall] in
          let scalar = BackendOperation.binaryScalar(op, scalar: 0.3, scalarFirst: isFirst, count: count)
          return [
            HalfCall("\(op), scalar first: \(isFirst)", scalar, .halves(patterns), result),
            HalfCall("\(op), scalar first: \(isFirst), in place", scalar, .halves(patterns), .operand(0)),
          ]
        }
    }
    let comparisons = ComparisonOp.allCases.flatMap { op in
      [
        HalfCall("\(op)", .compare(op, a: flat, b: flat), .halves(patterns), .halves(others), truths),
        HalfCall("\(op) of a scalar", .compareScalar(op, scalar: 0.3, count: count), .halves(patterns), truths),
      ]
    }
    return binary + comparisons + views.flatMap(calls)
  }

  /// Pairs of operands with layouts.
  private static var views: [ViewPair] {
    let sizes = [0, 1, 2047, 2048, 2049, 4097].map { ViewPair(first: .dense([$0]), second: .dense([$0])) }
    let matrices: [Shape] = [[3, 2049], [2049, 3], [2048, 2], [5, 1000]]
    let broadcasts = matrices.flatMap { shape -> [ViewPair] in
      let (rows, columns) = (shape[0], shape[1])
      let sources: [Shape] = [[columns], [rows, 1], []]
      let column = ViewPair(first: .broadcast([rows, 1], to: shape), second: .permuted([columns, rows], [1, 0]))
      return sources.map { ViewPair(first: .dense(shape), second: .broadcast($0, to: shape)) } + [column]
    }
    let planes = ViewPair(first: .dense([2, 3, 2049]), second: .broadcast([2, 1, 2049], to: [2, 3, 2049]))
    return sizes + ViewPair.few + broadcasts + [planes, ViewPair(first: .reversed(5000), second: .dense([5000]))]
  }

  private static func calls(of pair: ViewPair) -> [HalfCall] {
    func operand(_ view: View, _ factor: UInt16) -> Operand {
      .halves((0..<view.count).map { UInt16(truncatingIfNeeded: $0) &* factor &+ 77 }, start: view.start)
    }
    let (a, b) = (operand(pair.first, 40_503), operand(pair.second, 30_011))
    let (left, right) = (pair.first.layout, pair.second.layout)
    return [
      HalfCall("subtract, \(pair.name)", .binary(.subtract, a: left, b: right), a, b, .result(pair.count)),
      HalfCall("less, \(pair.name)", .compare(.less, a: left, b: right), a, b, .result(pair.count, .bool)),
    ]
  }

  /// Functions of rows, and dropout.
  package static var rows: [HalfCall] {
    var numbers = Numbers(seed: 5)
    func operand(_ count: Int) -> Operand { .numbers(numbers.floats(count, in: -4...4)) }
    var calls: [HalfCall] = []
    for (rows, columns) in [(70, 31), (1, 1), (3, 2047), (2, 2048), (2, 2049), (3, 5000), (0, 5), (3000, 2)] {
      let count = rows * columns
      for isLogarithmic in [false, true] {
        let title = "\(rows)x\(columns), logarithmic: \(isLogarithmic)"
        calls += [
          HalfCall(
            "softmax, \(title)", .softmax(rows: rows, columns: columns, logarithmic: isLogarithmic), operand(count),
            .result(count)),
          HalfCall(
            "gradient of softmax, \(title)",
            .softmaxGradient(rows: rows, columns: columns, logarithmic: isLogarithmic), operand(count), operand(count),
            .result(count)),
        ]
      }
      for isCentered in [false, true] {
        let shape = NormalizationShape(rows: rows, columns: columns, isCentered: isCentered, epsilon: 1e-5)
        let title = "normalize, \(rows)x\(columns), centered: \(isCentered)"
        let floats = Operand.floats(numbers.floats(columns)), statistics = Operand.result(2 * rows, .float32)
        calls += [
          HalfCall(
            title, .normalize(shape), operand(count), operand(columns), operand(columns), .result(count), statistics),
          HalfCall("\(title), float32 weight", .normalize(shape), operand(count), floats, nil, .result(count), nil),
          HalfCall("\(title), no weight", .normalize(shape), operand(count), nil, nil, .result(count), nil),
        ]
      }
    }
    for (outer, extent) in [(70, 31), (3000, 1), (2049, 3), (3, 2047), (2, 2049), (5, 0), (0, 5), (2, 70_000)] {
      let shape = AxisShape(outer: outer, extent: extent, inner: 1)
      calls += ReductionOp.allCases.map { op in
        HalfCall("\(op), \(outer)x\(extent)", .reduce(op, shape), operand(shape.count), .result(outer))
      }
    }
    for (probability, count) in [(0.3, 7001), (1, 2049), (0, 5)] {
      let source = RandomSource(key: 7, call: 1, step: 2)
      let operation = BackendOperation.dropout(probability: probability, source: source, count: count)
      calls += [
        HalfCall("dropout \(probability)", operation, operand(count), .result(count), nil),
        HalfCall("dropout \(probability), in place", operation, operand(count), .operand(0), nil),
      ]
    }
    return calls
  }

  /// Convolutions, poolings, and their gradients.
  package static var windows: [HalfCall] {
    var numbers = Numbers(seed: 6)
    let height = WindowAxis.examined(9, 3, stride: 2, padding: 1), width = WindowAxis.examined(31, 3, dilation: 2)
    let convolutions = [(1, 5, 70, 1), (4, 1, 33, 1), (3, 6, 18, 2), (2, 5, 10, 5)].flatMap {
      calls(
        of: ConvolutionShape(
          batch: $0, inputChannels: $1, outputChannels: $2, groups: $3, height: height, width: width), &numbers)
    }
    let gradients = [(2, 3, 35), (5, 33, 4), (3, 2, 2049), (0, 2, 3)].flatMap { outputGradients($0, $1, $2, &numbers) }
    return convolutions + gradients + poolings(PoolingShape(planes: 5, height: height, width: width), &numbers)
  }

  private static func operand(_ count: Int, _ numbers: inout Numbers) -> Operand {
    .numbers(numbers.floats(count, in: -4...4))
  }

  private static func calls(of shape: ConvolutionShape, _ numbers: inout Numbers) -> [HalfCall] {
    let x = operand(shape.inputCount, &numbers), w = operand(shape.weightCount, &numbers)
    let dy = operand(shape.outputCount, &numbers), bias = operand(shape.outputChannels, &numbers)
    let y = Operand.result(shape.outputCount), floats = Operand.floats(numbers.floats(shape.outputChannels))
    let convolutions = [nil, UnaryOp.relu, UnaryOp(.gelu)].flatMap { activation in
      let operation = BackendOperation.convolution(shape, activation: activation)
      return [
        HalfCall("\(shape), bias", operation, x, w, bias, y, y),
        HalfCall("\(shape), float32 bias", operation, x, w, floats, y, nil),
      ]
    }
    let weights = BackendOperation.convolutionWeightGradient(shape, accumulating: false)
    return convolutions + [
      HalfCall("input gradient, \(shape)", .convolutionInputGradient(shape), dy, w, .result(shape.inputCount)),
      HalfCall("weight gradient, \(shape)", weights, x, dy, .result(shape.weightCount)),
      HalfCall("weight gradient in float32, \(shape)", weights, x, dy, .result(shape.weightCount, .float32)),
    ]
  }

  private static func outputGradients(
    _ batch: Int, _ channels: Int, _ plane: Int, _ numbers: inout Numbers
  ) -> [HalfCall] {
    let count = batch * channels * plane, title = "output gradient, \(batch)x\(channels)x\(plane)"
    let dy = operand(count, &numbers), saved = operand(count, &numbers), dz = Operand.result(count)
    func operation(_ activation: UnaryOp?) -> BackendOperation {
      .convolutionOutputGradient(batch: batch, channels: channels, plane: plane, activation: activation)
    }
    let sums = HalfCall(title, operation(nil), dy, saved, nil, .result(channels))
    return [sums]
      + [UnaryOp.relu, UnaryOp(.gelu)].flatMap { activation in
        [
          HalfCall("\(title), \(activation.kind)", operation(activation), dy, saved, dz, .result(channels)),
          HalfCall(
            "\(title), in place", operation(activation), dy, saved, .operand(0), .result(channels, .float32)),
          HalfCall("\(title), bias only", operation(activation), dy, saved, nil, .result(channels)),
        ]
      }
  }

  private static func poolings(_ shape: PoolingShape, _ numbers: inout Numbers) -> [HalfCall] {
    let x = operand(shape.inputCount, &numbers), dy = operand(shape.outputCount, &numbers)
    let positions = Operand.result(shape.outputCount, .int32)
    return PoolingOp.allCases.map { op in
      HalfCall("\(op) pool", .pool(op, shape), x, .result(shape.outputCount), op == .maximum ? positions : nil)
    }
      + [.mean, .meanWithPadding].map { op in
        HalfCall("gradient of \(op) pool", .poolGradient(op, shape), dy, nil, .result(shape.inputCount))
      }
  }

  private init(_ name: String, _ operation: BackendOperation, _ operands: Operand?...) {
    self.init(name: name, operation: operation, operands: operands)
  }
}
