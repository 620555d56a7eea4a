import BackendCore

/// Gathers and scatters, with repeated indices and indices out of range.
extension ConformanceRunner {
  func examineIndexing() {
    for shape in AxisShape.indexed {
      for indexCount in [0, 1, 33] {
        for dtype in movedTypes { examineGatherRows(shape, indexCount, dtype) }
        for dtype in integerTypes {
          for op in ScatterOp.allCases { examineScatterRows(op, shape, indexCount, dtype, .whole) }
        }
        for op in ScatterOp.others { examineScatterRows(op, shape, indexCount, .float32, .whole) }
        for terms in Terms.allCases { examineScatterRows(.sum, shape, indexCount, .float32, terms) }
      }
      for indexExtent in [0, 1, 7] {
        for dtype in movedTypes { examineGatherElements(shape, indexExtent, dtype) }
        for dtype in integerTypes {
          for op in ScatterOp.allCases { examineScatterElements(op, shape, indexExtent, dtype, .whole) }
        }
        for op in ScatterOp.others { examineScatterElements(op, shape, indexExtent, .float32, .whole) }
        for terms in Terms.allCases { examineScatterElements(.sum, shape, indexExtent, .float32, terms) }
      }
    }
    examineRandomIndexing()
    examineLongScatters()
  }

  private func examineRandomIndexing() {
    for _ in 0..<20 {
      let (shape, count) = (numbers.axisShape(upTo: 4000), numbers.extent(upTo: 600))
      let dtype = numbers.choice(of: movedTypes)
      examineGatherRows(shape, count, dtype)
      examineGatherElements(shape, count, dtype)
      for terms in Terms.allCases {
        examineScatterRows(.sum, shape, count, .float32, terms)
        examineScatterElements(.sum, shape, count, .float32, terms)
      }
      let op = numbers.choice(of: ScatterOp.others)
      examineScatterRows(op, shape, count, .float32, .whole)
      examineScatterElements(op, shape, count, .float32, .whole)
    }
  }

  /// Sums of so many updates of one position that plain float32 would lose most of their digits, along with a few
  /// updates of another position.
  private func examineLongScatters() {
    let count = 20_000
    for inner in [1, 3] {
      let shape = AxisShape(outer: 2, extent: 3, inner: inner)
      let values = numbers.floats(2 * count * inner, in: 0.1...0.1)
      let places = (0..<2 * count * inner).map { $0 / inner % 500 == 7 ? 2.0 : 1 }
      let before = [Double](repeating: 1, count: shape.count)
      examine("scatterElements sum float32", "\(count) times 0.1 at one place of \(shape.text)") { testCase in
        let (updates, index) = (testCase.input(values), testCase.input(places, .int32))
        let y = testCase.updated(before, offset: 1, within: .ulps(8))
        return { backend, s in
          try backend.scatterElements(.sum, s[updates], indices: s[index], indexExtent: count, into: s[y], shape)
        }
      }
      examine("scatterRows sum float32", "\(count) times 0.1 at one row of \(shape.text)") { testCase in
        let (updates, index) = (testCase.input(values), testCase.input(Array(places.prefix(count)), .int32))
        let y = testCase.updated(before, offset: 1, within: .ulps(8))
        return { backend, s in
          try backend.scatterRows(.sum, s[updates], indices: s[index], indexCount: count, into: s[y], shape)
        }
      }
    }
  }

  /// Indices in range, some of them repeated, and some far out of range.
  private func indices(_ count: Int, below extent: Int) -> [Double] {
    var indices = numbers.integers(count, in: 0...max(extent - 1, 0))
    let outside = [-1, Double(extent), Double(Int32.min), Double(Int32.max), Double(extent + 1)]
    for (place, index) in zip(stride(from: 2, to: count, by: 5), outside) { indices[place] = index }
    return indices
  }

  private func examineGatherRows(_ shape: AxisShape, _ indexCount: Int, _ dtype: DType) {
    let values = numbers.values(shape.count, dtype)
    let places = indices(indexCount, below: shape.extent)
    examine("gatherRows \(dtype)", "\(shape.text) at [\(indexCount)]") { testCase in
      let x = testCase.input(values, dtype, offset: 3)
      let index = testCase.input(places, .int32, offset: 1)
      let y = testCase.output(shape.outer * indexCount * shape.inner, dtype, offset: 2, within: .bits)
      return { backend, s in
        try backend.gatherRows(s[x], shape, indices: s[index], indexCount: indexCount, into: s[y])
      }
    }
  }

  /// Operands of a scatter. Products of many numbers stay exact if they are powers of 2; single NaN determine results.
  private func operands(_ op: ScatterOp, _ count: Int, _ dtype: DType, _ terms: Terms) -> [Double] {
    switch (op, dtype) {
    case (.product, .float32): return numbers.integers(count, in: -1...1).map { $0 == 0 ? 0.5 : $0 }
    case (.maximum, .float32), (.minimum, .float32), (.replacement, .float32):
      var values = numbers.floats(count)
      for place in stride(from: 6, to: count, by: 13) { values[place] = place % 2 == 0 ? .nan : .infinity }
      return values
    default: return dtype.isInteger ? Terms.values(count, dtype, &numbers) : terms.values(count, &numbers)
    }
  }

  private func examineScatterRows(
    _ op: ScatterOp, _ shape: AxisShape, _ indexCount: Int, _ dtype: DType, _ terms: Terms
  ) {
    let before = operands(op, shape.count, dtype, terms)
    let values = operands(op, shape.outer * indexCount * shape.inner, dtype, terms)
    let places = indices(indexCount, below: shape.extent)
    let tolerance = op == .sum ? terms.tolerance(length: indexCount + 1) : .number
    examine("scatterRows \(op) \(dtype)", "\(shape.text) at [\(indexCount)]") { testCase in
      let updates = testCase.input(values, dtype, offset: 3)
      let index = testCase.input(places, .int32, offset: 1)
      let y = testCase.updated(before, dtype, offset: 2, within: tolerance)
      return { backend, s in
        try backend.scatterRows(op, s[updates], indices: s[index], indexCount: indexCount, into: s[y], shape)
      }
    }
  }

  private func examineGatherElements(_ shape: AxisShape, _ indexExtent: Int, _ dtype: DType) {
    let values = numbers.values(shape.count, dtype)
    let count = shape.outer * indexExtent * shape.inner
    let places = indices(count, below: shape.extent)
    examine("gatherElements \(dtype)", "\(shape.text), index extent \(indexExtent)") { testCase in
      let x = testCase.input(values, dtype, offset: 3)
      let index = testCase.input(places, .int32, offset: 1)
      let y = testCase.output(count, dtype, offset: 2, within: .bits)
      return { backend, s in
        try backend.gatherElements(s[x], shape, indices: s[index], indexExtent: indexExtent, into: s[y])
      }
    }
  }

  private func examineScatterElements(
    _ op: ScatterOp, _ shape: AxisShape, _ indexExtent: Int, _ dtype: DType, _ terms: Terms
  ) {
    let before = operands(op, shape.count, dtype, terms)
    let count = shape.outer * indexExtent * shape.inner
    let values = operands(op, count, dtype, terms)
    let places = indices(count, below: shape.extent)
    let tolerance = op == .sum ? terms.tolerance(length: indexExtent + 1) : .number
    examine("scatterElements \(op) \(dtype)", "\(shape.text), index extent \(indexExtent)") { testCase in
      let updates = testCase.input(values, dtype, offset: 3)
      let index = testCase.input(places, .int32, offset: 1)
      let y = testCase.updated(before, dtype, offset: 2, within: tolerance)
      return { backend, s in
        try backend.scatterElements(op, s[updates], indices: s[index], indexExtent: indexExtent, into: s[y], shape)
      }
    }
  }
}

extension AxisShape {
  /// Rows of a table, columns, middle axes, single elements, and empty shapes.
  fileprivate static let indexed = [
    AxisShape(outer: 1, extent: 129, inner: 31), AxisShape(outer: 33, extent: 10, inner: 1),
    AxisShape(outer: 3, extent: 7, inner: 5), AxisShape(outer: 1, extent: 1000, inner: 1),
    AxisShape(outer: 1, extent: 3, inner: 127), AxisShape(outer: 2, extent: 0, inner: 3),
    AxisShape(outer: 0, extent: 3, inner: 2), AxisShape(outer: 2, extent: 3, inner: 0),
  ]
}

extension ScatterOp {
  fileprivate static let others: [ScatterOp] = [.product, .maximum, .minimum, .replacement]
}
