import BackendCPU
import BackendCore
import BackendReference
import Testing

/// Compares operations on random shapes, layouts, offsets, and in-place results with the Reference backend, with every
/// instruction set and several thread counts. A failure names its seed.
@Suite struct RandomShapesTests {
  static let seeds = Array(UInt64(1)...40)

  @Test(arguments: seeds)
  func agreeWithReference(_ seed: UInt64) throws {
    let reference = ReferenceBackend()
    for instructionSet in InstructionSet.available {
      for threads in [1, 2, 3, 7] {
        let backend = CPUBackend(instructionSet: instructionSet, threads: threads)
        for operation in Self.operations {
          // The same numbers for both backends.
          var (mine, its) = (Draw(seed: seed), Draw(seed: seed))
          let expected = try operation.run(reference, &its), found = try operation.run(backend, &mine)
          let wrong = zip(found, expected).enumerated().first { !agree($1.0, $1.1, operation.tolerance) }
          #expect(
            found.count == expected.count && wrong == nil,
            "\(operation.name), seed \(seed), \(instructionSet), \(threads) threads: \(wrong.map { "\($0)" } ?? "")")
        }
      }
    }
  }

  /// Relative to the larger of the expected number and 1.
  private func agree(_ found: Float, _ expected: Float, _ tolerance: Float) -> Bool {
    found == expected || (found.isNaN && expected.isNaN)
      || abs(found - expected) <= tolerance * max(1, expected.magnitude)
  }

  /// Random operands: the same seed gives the same ones on any backend.
  struct Draw {
    var numbers: Numbers

    init(seed: UInt64) { numbers = Numbers(seed: seed) }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &numbers) }

    /// Mostly small; occasionally large enough for several threads.
    mutating func extent() -> Int { int(0...9) == 0 ? int(200...1500) : int(1...70) }

    mutating func operand(_ backend: any Backend, _ count: Int) throws -> BufferSlice {
      try upload(backend, numbers.floats(count, in: -3...3), offset: int(0...17))
    }

    func upload(_ backend: any Backend, _ values: [Float], offset: Int) throws -> BufferSlice {
      let slice = BufferSlice(try backend.allocate(count: values.count + offset, dtype: .float32))
      try values.withUnsafeBytes { try backend.upload($0, into: slice.advanced(by: offset)) }
      return slice.advanced(by: offset)
    }
  }

  struct Operation: Sendable {
    let name: String
    /// For sums of up to 1500 terms of size 3.
    var tolerance: Float = 1e-5
    let run: @Sendable (any Backend, inout Draw) throws -> [Float]
  }

  static func content(_ backend: any Backend, _ slice: BufferSlice, _ count: Int) throws -> [Float] {
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
    return values
  }

  static let operations: [Operation] = [
    Operation(name: "unary in place") { backend, draw in
      let kinds: [UnaryOp.Kind] = [
        .exp, .tanh, .sigmoid, .gelu, .geluTanh, .erf, .relu, .relu6, .silu, .hardSwish, .softsign, .softplus, .mish,
        .magnitude, .square,
      ]
      let (count, kind) = (draw.extent() * draw.int(1...40), kinds[draw.int(0...kinds.count - 1)])
      let x = try draw.operand(backend, count)
      try backend.unary(UnaryOp(kind), x, count: count, into: x)
      return try content(backend, x, count)
    },
    Operation(name: "unary gradient in place") { backend, draw in
      let kinds: [UnaryOp.Kind] = [
        .exp, .tanh, .sigmoid, .gelu, .geluTanh, .erf, .relu, .relu6, .silu, .hardSwish, .softsign, .softplus, .mish,
        .magnitude, .square,
      ]
      let (count, kind) = (draw.extent() * draw.int(1...40), kinds[draw.int(0...kinds.count - 1)])
      let dy = try draw.operand(backend, count), saved = try draw.operand(backend, count)
      try backend.unaryGradient(UnaryOp(kind), dy, saved: saved, count: count, into: dy)
      return try content(backend, dy, count)
    },
    Operation(name: "binary of broadcast and permuted operands") { backend, draw in
      let (rows, columns, planes) = (draw.extent(), draw.int(1...40), draw.int(1...5))
      let shape: Shape = [planes, rows, columns]
      let sources: [Shape] = [[planes, rows, columns], [columns], [rows, 1], [planes, 1, columns], []]
      let ops: [BinaryOp] = [.add, .subtract, .multiply, .maximum, .minimum]
      let (source, op) = (sources[draw.int(0...4)], ops[draw.int(0...4)])
      // Columns and rows of the first operand are exchanged in memory.
      let turned = Layout(shape: shape, strides: Strides([rows * columns, 1, rows]))
      let a = try draw.operand(backend, shape.count), b = try draw.operand(backend, source.count)
      let y = try draw.operand(backend, shape.count)
      try backend.binary(op, a, turned, b, Layout(broadcasting: source, to: shape), into: y)
      return try content(backend, y, shape.count)
    },
    Operation(name: "permutation", tolerance: 0) { backend, draw in
      let extents = [draw.int(1...5), draw.extent(), draw.int(1...90)]
      let orders = [[0, 2, 1], [2, 1, 0], [1, 0, 2], [1, 2, 0], [2, 0, 1]]
      let order = orders[draw.int(0...4)], strides = Strides(dense: Shape(extents))
      let shape = Shape(order.map { extents[$0] })
      let x = try draw.operand(backend, shape.count), y = try draw.operand(backend, shape.count)
      try backend.copyStrided(
        x, Strides(order.map { strides[$0] }), shape: shape, into: y, Strides(dense: shape),
        accumulating: draw.int(0...3) == 0)
      return try content(backend, y, shape.count)
    },
    Operation(name: "reduction over any axis") { backend, draw in
      let shape = AxisShape(outer: draw.int(1...4), extent: draw.extent(), inner: draw.int(0...1) * draw.extent() + 1)
      let op = [ReductionOp.sum, .mean, .maximum, .minimum][draw.int(0...3)]
      let x = try draw.operand(backend, shape.outer * shape.extent * shape.inner)
      let y = try draw.operand(backend, shape.reducedCount)
      try backend.reduce(op, x, shape, into: y)
      return try content(backend, y, shape.reducedCount)
    },
    Operation(name: "position of the maximum or minimum", tolerance: 0) { backend, draw in
      let shape = AxisShape(outer: draw.int(1...4), extent: draw.extent(), inner: draw.int(0...1) * draw.extent() + 1)
      let x = try draw.operand(backend, shape.outer * shape.extent * shape.inner)
      let y = BufferSlice(try backend.allocate(count: shape.reducedCount, dtype: .int32))
      try backend.argReduce(draw.int(0...1) == 0 ? .argmax : .argmin, x, shape, into: y)
      let positions = try draw.operand(backend, shape.reducedCount)
      try backend.cast(y, count: shape.reducedCount, into: positions)
      return try content(backend, positions, shape.reducedCount)
    },
    Operation(name: "running sum in place", tolerance: 2e-5) { backend, draw in
      let shape = AxisShape(outer: draw.int(1...4), extent: draw.extent(), inner: draw.int(0...1) * draw.extent() + 1)
      let x = try draw.operand(backend, shape.outer * shape.extent * shape.inner)
      try backend.scan(.sum, x, shape, reversed: draw.int(0...1) == 0, into: x)
      return try content(backend, x, shape.outer * shape.extent * shape.inner)
    },
    Operation(name: "softmax in place") { backend, draw in
      let (rows, columns) = (draw.extent(), draw.extent())
      let x = try draw.operand(backend, rows * columns)
      try backend.softmax(x, rows: rows, columns: columns, logarithmic: draw.int(0...1) == 0, into: x)
      return try content(backend, x, rows * columns)
    },
    Operation(name: "cross-entropy") { backend, draw in
      let (rows, columns) = (draw.extent(), draw.extent())
      let x = try draw.operand(backend, rows * columns), dx = try draw.operand(backend, rows * columns)
      let loss = try draw.operand(backend, rows)
      let labels = BufferSlice(try backend.allocate(count: rows, dtype: .int32))
      let classes = (0..<rows).map { _ in Int32(draw.int(-1...columns)) }
      try classes.withUnsafeBytes { try backend.upload($0, into: labels) }
      try backend.softmaxCrossEntropy(
        x, labels: labels, rows: rows, columns: columns, smoothing: draw.int(0...1) == 0 ? 0 : 0.1,
        ignoredLabel: draw.int(0...1) == 0 ? nil : 0, gradientScale: 0.5, loss: loss, gradient: dx)
      return try content(backend, loss, rows) + content(backend, dx, rows * columns)
    },
  ]
}
