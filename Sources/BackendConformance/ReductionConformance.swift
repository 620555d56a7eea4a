import BackendCore

/// Reductions, positions of maxima and minima, cumulative sums, and sorting.
extension ConformanceRunner {
  func examineReduction() {
    for shape in AxisShape.tried {
      for op in ReductionOp.allCases where op != .sum { examineReduce(op, shape, .float32) }
      for terms in Terms.allCases { examineSum(shape, terms) }
      for op in ArgReductionOp.allCases where shape.extent > 0 { examineArgReduce(op, shape, .float32) }
    }
    for shape in AxisShape.few {
      for dtype in integerTypes {
        for op in ReductionOp.allCases where op != .mean { examineReduce(op, shape, dtype) }
        for op in ArgReductionOp.allCases where shape.extent > 0 { examineArgReduce(op, shape, dtype) }
      }
      for op in [ReductionOp.maximum, .minimum] { examineReduce(op, shape, .bool) }
      for reversed in [false, true] {
        for terms in Terms.allCases {
          let values = terms.values(shape.count, &numbers)
          examineScan(.sum, values, shape, .float32, reversed: reversed, terms.tolerance(length: shape.extent))
        }
        for op in ScanOp.allCases {
          if op != .sum { examineScan(op, shape, reversed: reversed) }
          for dtype in integerTypes {
            let values = numbers.integers(shape.count, in: dtype.examinedRange)
            examineScan(op, values, shape, dtype, reversed: reversed, .number)
          }
        }
      }
    }
    for _ in 0..<40 { examineRandomReductions() }
    examineLongSums()
    examineMaxMinOfSpecials()
    examinePositionsBeyondInt32()
    for (rows, columns) in [(1, 1000), (33, 7), (3, 129), (31, 2), (5, 1), (0, 3), (3, 0)] {
      for descending in [false, true] {
        examineSort(rows, columns, .float32, descending: descending)
        for dtype in integerTypes { examineSort(rows, columns, dtype, descending: descending) }
      }
    }
  }

  private func examineRandomReductions() {
    let shape = numbers.axisShape()
    examineReduce(numbers.choice(of: ReductionOp.allCases.filter { $0 != .sum }), shape, .float32)
    let types = [DType.float32] + integerTypes
    if let dtype = integerTypes.last {
      examineReduce(numbers.choice(of: ReductionOp.allCases.filter { $0 != .mean }), shape, dtype)
    }
    for terms in Terms.allCases {
      examineSum(shape, terms)
      let values = terms.values(shape.count, &numbers)
      let isReversed = numbers.bools(1) == [1]
      examineScan(.sum, values, shape, .float32, reversed: isReversed, terms.tolerance(length: shape.extent))
    }
    examineScan(numbers.choice(of: [.product, .maximum, .minimum]), shape, reversed: numbers.bools(1) == [1])
    for op in ArgReductionOp.allCases { examineArgReduce(op, shape, numbers.choice(of: types)) }
    let (rows, columns) = numbers.rows(upTo: 6000)
    examineSort(rows, columns, numbers.choice(of: types), descending: numbers.bools(1) == [1])
  }

  /// Sums of so many numbers of the same sign that plain float32 would lose most of their digits.
  private func examineLongSums() {
    for shape in AxisShape.long {
      for range in [0.1...0.1, 1e6...(1e6 + 1)] {
        let values = numbers.floats(shape.count, in: range)
        for op in [ReductionOp.sum, .mean] {
          examine("reduce \(op) float32", "\(shape.text) of numbers in \(range)") { testCase in
            let x = testCase.input(values, offset: 1)
            let y = testCase.output(shape.reducedCount, offset: 2, within: .ulps(8))
            return { backend, s in try backend.reduce(op, s[x], shape, into: s[y]) }
          }
        }
        for reversed in [false, true] {
          examineScan(.sum, values, shape, .float32, reversed: reversed, .ulps(8))
        }
      }
    }
  }

  private func examineReduce(_ op: ReductionOp, _ shape: AxisShape, _ dtype: DType) {
    let values: [Double]
    switch (op, dtype) {
    // Factors around 1 keep a product of many in range.
    case (.product, .float32): values = numbers.signed(shape.count, magnitude: 0.95...1.05)
    case (.sum, _) where dtype.isInteger, (.product, _) where dtype.isInteger:
      values = numbers.integers(shape.count, in: dtype.examinedRange)
    default: values = numbers.values(shape.count, dtype)
    }
    let tolerance: Tolerance =
      switch op {
      case .sum where dtype.isInteger: .number
      case .sum, .mean: .sum(length: shape.extent)
      case .product: .ulps(Double(max(shape.extent, 1)))
      case .maximum, .minimum: .number
      }
    examine("reduce \(op) \(dtype)", shape.text) { testCase in
      let x = testCase.input(values, dtype, offset: 3)
      let y = testCase.output(shape.reducedCount, dtype, offset: 1, within: tolerance)
      return { backend, s in try backend.reduce(op, s[x], shape, into: s[y]) }
    }
  }

  /// Sums that must be exact, or within the tolerance of rounding.
  private func examineSum(_ shape: AxisShape, _ terms: Terms) {
    let values = terms.values(shape.count, &numbers)
    examine("reduce sum float32", "\(shape.text) of \(terms) numbers") { testCase in
      let x = testCase.input(values, offset: 1)
      let y = testCase.output(shape.reducedCount, offset: 2, within: terms.tolerance(length: shape.extent))
      return { backend, s in try backend.reduce(.sum, s[x], shape, into: s[y]) }
    }
  }

  private func examineArgReduce(_ op: ArgReductionOp, _ shape: AxisShape, _ dtype: DType) {
    // Few distinct values: the first of equal values must win.
    let values = numbers.integers(shape.count, in: -3...3)
    examine("argReduce \(op) \(dtype)", shape.text) { testCase in
      let x = testCase.input(values, around: dtype.origin, dtype, offset: 3)
      let y = testCase.output(shape.reducedCount, .int32, offset: 1, within: .number)
      return { backend, s in try backend.argReduce(op, s[x], shape, into: s[y]) }
    }
  }

  /// Rows with NaN in several places, infinities, and zeros of both signs.
  private func examineMaxMinOfSpecials() {
    let columns = 129
    let places: [[(Int, Double)]] = [
      [(0, .nan)], [(64, .nan)], [(128, .nan)], [(5, .nan), (100, .nan)], [(7, .infinity), (9, -.infinity)],
      [(3, .infinity), (90, .infinity)], [(31, -.infinity), (32, -.infinity)], [(128, 1000)], [(127, -1000)],
      [(50, .nan), (49, .infinity), (51, -.infinity)],
    ]
    var rows = places.flatMap { changes in
      var row = numbers.floats(columns)
      for (index, value) in changes { row[index] = value }
      return row
    }
    for constant in [-0.0, -.infinity, .infinity, .nan] { rows += [Double](repeating: constant, count: columns) }
    rows += (0..<columns).map { $0 % 2 == 0 ? -0.0 : 0.0 }
    let shape = AxisShape(outer: rows.count / columns, extent: columns, inner: 1)
    for op in ReductionOp.allCases where op != .product {
      examine("reduce \(op) float32", "\(shape.text) with special values") { testCase in
        let x = testCase.input(rows)
        let y = testCase.output(shape.outer, within: op == .sum || op == .mean ? .sum(length: columns) : .number)
        return { backend, s in try backend.reduce(op, s[x], shape, into: s[y]) }
      }
    }
    for op in ArgReductionOp.allCases {
      examine("argReduce \(op) float32", "\(shape.text) with special values") { testCase in
        let x = testCase.input(rows)
        let y = testCase.output(shape.outer, .int32, within: .number)
        return { backend, s in try backend.argReduce(op, s[x], shape, into: s[y]) }
      }
    }
  }

  /// Axes beyond the range of int32 positions are rejected before memory is accessed.
  private func examinePositionsBeyondInt32() {
    let extent = Int(Int32.max) + 2
    let axis = WindowAxis(input: extent, output: 1, kernel: 1)
    let window = PoolingShape(planes: 1, height: WindowAxis(input: 1, output: 1, kernel: 1), width: axis)
    let calls: [(String, (any Backend, BufferSlice, BufferSlice) throws -> Void)] = [
      ("argReduce", { try $0.argReduce(.argmax, $1, AxisShape(outer: 1, extent: extent, inner: 1), into: $2) }),
      ("argReduce", { try $0.argReduce(.argmin, $1, AxisShape(outer: 1, extent: extent, inner: 3), into: $2) }),
      ("sort", { try $0.sort($1, rows: 1, columns: extent, descending: true, values: nil, indices: $2) }),
      ("pool", { try $0.pool(.maximum, $1, window, into: $1, indices: $2) }),
    ]
    for (name, call) in calls {
      for backend in [tested, defaults] {
        do {
          let x = BufferSlice(try backend.allocate(count: 4, dtype: .float32))
          try call(backend, x, BufferSlice(try backend.allocate(count: 4, dtype: .int32)))
          fail(name, "[\(extent)]", expected: "BackendError.tooManyPositions", found: "no error")
        } catch BackendError.tooManyPositions {
        } catch {
          fail(name, "[\(extent)]", expected: "BackendError.tooManyPositions", found: "\(error)")
        }
      }
    }
  }

  /// Products of numbers near 1, and maxima and minima with few NaN.
  private func examineScan(_ op: ScanOp, _ shape: AxisShape, reversed: Bool) {
    if op == .product {
      let values = numbers.signed(shape.count, magnitude: 0.95...1.05)
      let roundings = Double(max(shape.extent, 1))
      return examineScan(op, values, shape, .float32, reversed: reversed, .ulps(roundings))
    }
    var values = numbers.floats(shape.count)
    for index in stride(from: 150, to: values.count, by: 1301) { values[index] = .nan }
    for index in stride(from: 20, to: values.count, by: 97) { values[index] = index % 2 == 0 ? .infinity : -.infinity }
    examineScan(op, values, shape, .float32, reversed: reversed, .number)
  }

  private func examineScan(
    _ op: ScanOp, _ values: [Double], _ shape: AxisShape, _ dtype: DType, reversed: Bool, _ tolerance: Tolerance
  ) {
    examine("scan \(op) \(dtype)\(reversed ? " reversed" : "")", shape.text) { testCase in
      let x = testCase.input(values, dtype, offset: 3)
      let y = testCase.output(shape.count, dtype, offset: 1, within: tolerance)
      return { backend, s in try backend.scan(op, s[x], shape, reversed: reversed, into: s[y]) }
    }
  }

  private func examineSort(_ rows: Int, _ columns: Int, _ dtype: DType, descending: Bool) {
    let count = rows * columns
    // Many equal numbers verify that the sort is stable; zeros of both signs count as equal.
    var values = numbers.integers(count, in: -9...9)
    if dtype == .float32 {
      for (place, special) in zip(stride(from: 1, to: count, by: 11), (0..<count).lazy.map { Special.floats[$0 % 9] }) {
        values[place] = special
      }
    }
    let name = "sort \(dtype) \(descending ? "descending" : "ascending")"
    for wantsValues in [true, false] {
      examine(name, "[\(rows), \(columns)]\(wantsValues ? "" : ", indices only")") { testCase in
        let x = testCase.input(values, around: dtype.origin, dtype, offset: 3)
        let sorted = wantsValues ? testCase.output(count, dtype, offset: 1, within: .bits, name: "values") : nil
        let indices = testCase.output(count, .int32, offset: 2, within: .number, name: "indices")
        return { backend, s in
          try backend.sort(
            s[x], rows: rows, columns: columns, descending: descending, values: s[ifGiven: sorted], indices: s[indices])
        }
      }
    }
  }
}

extension AxisShape {
  var text: String { "[\(outer), \(extent), \(inner)]" }

  /// Rows, columns, and middle axes.
  fileprivate static let few = [
    AxisShape(outer: 1, extent: 1000, inner: 1), AxisShape(outer: 33, extent: 127, inner: 1),
    AxisShape(outer: 1, extent: 129, inner: 31), AxisShape(outer: 3, extent: 33, inner: 5),
    AxisShape(outer: 7, extent: 1, inner: 9), AxisShape(outer: 2, extent: 0, inner: 3),
    AxisShape(outer: 0, extent: 3, inner: 4), AxisShape(outer: 3, extent: 4, inner: 0),
  ]

  fileprivate static let long = [
    AxisShape(outer: 1, extent: 300_000, inner: 1), AxisShape(outer: 2, extent: 40_000, inner: 1),
    AxisShape(outer: 1, extent: 60_000, inner: 5), AxisShape(outer: 3, extent: 9000, inner: 17),
    AxisShape(outer: 1, extent: 4000, inner: 100),
  ]

  /// The few shapes above, plus vectors of every size, long ones that are reduced in several stages, and many short
  /// ones.
  fileprivate static let tried =
    few + Special.sizes.dropLast().map { AxisShape(outer: 1, extent: $0, inner: 1) } + [
      AxisShape(outer: 1, extent: 100_000, inner: 1), AxisShape(outer: 1000, extent: 3, inner: 1),
      AxisShape(outer: 1, extent: 1000, inner: 33), AxisShape(outer: 2, extent: 3, inner: 1000),
      AxisShape(outer: 3, extent: 5000, inner: 1),
    ]
}
