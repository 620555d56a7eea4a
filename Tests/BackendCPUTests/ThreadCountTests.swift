import BackendCPU
import BackendCore
import Testing

/// Large operands, shared by several threads: the results are bitwise identical on 1, 2, 3, and 7 threads and agree
/// with plain loops.
@Suite struct ThreadCountTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let name: String
    /// Runs on the backend and returns the bytes of all results.
    let run: @Sendable (CPUBackend) throws -> [UInt8]
    var testDescription: String { name }
  }

  /// Sizes that are not multiples of a vector, a segment, or a piece.
  static let count = 200_003

  static let operations: [Operation] = [
    Operation(name: "unary") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(count)
      try backend.unary(UnaryOp(.tanh), x, count: count, into: y)
      return try backend.content(y, count)
    },
    Operation(name: "unaryGradient in place") { backend in
      let x = try backend.slice(values(1)), dy = try backend.slice(values(2))
      try backend.unaryGradient(UnaryOp(.gelu), dy, saved: x, count: count, into: dy)
      return try backend.content(dy, count)
    },
    Operation(name: "binary with a row") { backend in
      let shape: Shape = [401, 498], n = 401 * 498
      let x = try backend.slice(values(1)), row = try backend.slice(values(2)), y = try backend.empty(n)
      try backend.binary(.multiply, x, Layout(dense: shape), row, Layout(broadcasting: [498], to: shape), into: y)
      return try backend.content(y, n)
    },
    Operation(name: "binary with a column") { backend in
      let shape: Shape = [3, 66_001], n = 3 * 66_001
      let x = try backend.slice(values(1)), column = try backend.slice(values(2)), y = try backend.empty(n)
      try backend.binary(.divide, x, Layout(dense: shape), column, Layout(broadcasting: [3, 1], to: shape), into: y)
      return try backend.content(y, n)
    },
    Operation(name: "binaryScalar") { backend in
      let x = try backend.slice(values(1))
      try backend.binaryScalar(.subtract, x, 2, scalarFirst: true, count: count, into: x)
      return try backend.content(x, count)
    },
    Operation(name: "compareScalar") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(count, .bool)
      try backend.compareScalar(.greater, x, 0.25, count: count, into: y)
      return try backend.content(y, count)
    },
    Operation(name: "permutation") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(40 * 50 * 99)
      let shape: Shape = [40, 99, 50]
      try backend.copyStrided(
        x, Strides([50 * 99, 1, 99]), shape: shape, into: y, Strides(dense: shape), accumulating: false)
      return try backend.content(y, 40 * 50 * 99)
    },
    Operation(name: "sum of a long row") { backend in try reduced(backend, .sum, [1, count, 1]) },
    Operation(name: "mean of rows") { backend in try reduced(backend, .mean, [2003, 99, 1]) },
    Operation(name: "maximum of a tall matrix") { backend in try reduced(backend, .maximum, [1, 20_000, 10]) },
    Operation(name: "sum of a tall matrix") { backend in try reduced(backend, .sum, [1, 20_000, 10]) },
    Operation(name: "sum of columns") { backend in try reduced(backend, .sum, [3, 100, 600]) },
    Operation(name: "product of rows") { backend in try reduced(backend, .product, [1000, 200, 1]) },
    Operation(name: "sum of squares") { backend in
      let x = try backend.slice(values(1)), y = try backend.slice([Float(2)])
      try backend.norm(x, count: count, accumulating: true, into: y)
      return try backend.content(y, 1)
    },
    Operation(name: "argmax") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(600, .int32)
      try backend.argReduce(.argmax, x, AxisShape(outer: 1, extent: 300, inner: 600), into: y)
      return try backend.content(y, 600)
    },
    Operation(name: "scan") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(count)
      return try ScanOp.allCases.flatMap { op in
        try backend.scan(op, x, AxisShape(outer: 7, extent: 400, inner: 70), reversed: true, into: y)
        return try backend.content(y, 7 * 400 * 70)
      }
    },
    Operation(name: "sort") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(count), order = try backend.empty(count, .int32)
      try backend.sort(x, rows: 40, columns: 5000, descending: true, values: y, indices: order)
      return try backend.content(y, 200_000) + backend.content(order, 200_000)
    },
    Operation(name: "softmax") { backend in
      let x = try backend.slice(values(1)), y = try backend.empty(count)
      try backend.softmax(x, rows: 200, columns: 1000, logarithmic: false, into: y)
      return try backend.content(y, 200_000)
    },
    Operation(name: "softmaxCrossEntropy") { backend in
      let x = try backend.slice(values(1)), loss = try backend.empty(2000), dx = try backend.empty(count)
      let labels = try backend.slice((0..<2000).map { Int32($0 % 100) })
      try backend.softmaxCrossEntropy(
        x, labels: labels, rows: 2000, columns: 100, smoothing: 0.1, ignoredLabel: 7, gradientScale: 0.1, loss: loss,
        gradient: dx)
      return try backend.content(loss, 2000) + backend.content(dx, 200_000)
    },
    Operation(name: "scatterRows") { backend in
      let updates = try backend.slice(values(1))
      let indices = try backend.slice((0..<1000).map { Int32(($0 * 7919) % 50) })
      return try ScatterOp.allCases.flatMap { op in
        let y = try backend.slice(values(2))
        let shape = AxisShape(outer: 1, extent: 50, inner: 200)
        try backend.scatterRows(op, updates, indices: indices, indexCount: 1000, into: y, shape)
        return try backend.content(y, 50 * 200)
      }
    },
    Operation(name: "random") { backend in
      var bytes: [UInt8] = []
      let source = RandomSource(key: 0x1234_5678_9ABC_DEF0, call: 3, step: 9)
      for distribution in [RandomDistribution.uniform, .normal, .bernoulli(probability: 0.3)] {
        let y = try backend.empty(count)
        try backend.random(distribution, source, count: count, into: y)
        bytes += try backend.content(y, count)
      }
      return bytes
    },
    Operation(name: "dropout in place") { backend in
      let x = try backend.slice(values(1))
      try backend.dropout(x, probability: 0.4, RandomSource(key: 5), count: count, into: x)
      return try backend.content(x, count)
    },
    Operation(name: "adam") { backend in
      let p = try backend.slice(values(1)), g = try backend.slice(values(2))
      let states = try (0..<3).map { try backend.slice(values(3 + UInt64($0)).map { abs($0) }) }
      let scalars = try backend.slice([0.01, 0.5, 0.4, 0.1, 0.03, 0, 0, 0] as [Float])
      let rule = OptimizerStep.Rule.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: true)
      try backend.optimizerStep(
        OptimizerStep(rule: rule, weightDecay: 0.01, decaysDirectly: true), parameters: p, gradients: g,
        states: states, count: count, scalars: scalars)
      return try backend.content(p, count) + states.flatMap { try backend.content($0, count) }
    },
    Operation(name: "linearGradient") { backend in
      let dy = try backend.slice(values(1)), y = try backend.slice(values(2)), dz = try backend.empty(count)
      let dBias = try backend.empty(160)
      try backend.linearGradient(dy, saved: y, activation: .relu, rows: 1250, units: 160, dz: dz, dBias: dBias)
      return try backend.content(dz, 200_000) + backend.content(dBias, 160)
    },
  ]

  static func values(_ seed: UInt64) -> [Float] {
    var numbers = Numbers(seed: seed)
    return numbers.floats(count)
  }

  static func reduced(_ backend: CPUBackend, _ op: ReductionOp, _ extents: [Int]) throws -> [UInt8] {
    let shape = AxisShape(outer: extents[0], extent: extents[1], inner: extents[2])
    let x = try backend.slice(values(1)), y = try backend.empty(shape.reducedCount)
    try backend.reduce(op, x, shape, into: y)
    return try backend.content(y, shape.reducedCount)
  }

  @Test(arguments: operations)
  func doNotChangeTheBits(_ operation: Operation) throws {
    let expected = try operation.run(CPUBackend(threads: 1))
    for threads in [2, 3, 7] {
      #expect(try operation.run(CPUBackend(threads: threads)) == expected, "\(threads) threads")
    }
  }

  /// Compares sums in segments with a single sum in Double.
  @Test(arguments: [AxisShape(outer: 1, extent: 200_003, inner: 1), AxisShape(outer: 1, extent: 20_000, inner: 10)])
  func sumsAreAccurate(_ shape: AxisShape) throws {
    let backend = CPUBackend(threads: 2)
    let x = Self.values(1).map { $0 + 1 }
    let y = try backend.empty(shape.inner)
    try backend.reduce(.sum, try backend.slice(x), shape, into: y)
    for (column, found) in try backend.floats(y, shape.inner).enumerated() {
      let exact = (0..<shape.extent).reduce(0.0) { $0 + Double(x[$1 * shape.inner + column]) }
      #expect(abs(Double(found) - exact) <= 2e-7 * exact)
    }
  }
}
