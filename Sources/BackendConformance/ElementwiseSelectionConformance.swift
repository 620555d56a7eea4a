import BackendCore

/// Comparisons, selection, conversion, and ranges.
extension ConformanceRunner {
  func examineComparisons() {
    let (first, second) = Special.pairs(Special.floats)
    for op in ComparisonOp.allCases {
      for pair in ViewPair.few { examineCompare(op, pair) }
      examineCompare(op, first, second, .float32)
      // The scalar is rounded to float32 first: 0.1 equals the float nearest to it.
      for scalar in [Double(Float(0.1)), 0.1, .nan, .infinity, 0] {
        examineCompareScalar(op, Special.floats + [Double(Float(0.1)), 0.25], scalar, .float32)
      }
      for dtype in integerTypes { examineIntegerCompare(op, dtype) }
    }
    for op in [ComparisonOp.equal, .notEqual] { examineCompare(op, [0, 0, 1, 1], [0, 1, 0, 1], .bool) }
  }

  private func examineCompare(_ op: ComparisonOp, _ pair: ViewPair) {
    let (first, second) = (pair.first, pair.second)
    // Few distinct values, so that many are equal.
    let a = numbers.integers(first.count, in: -2...2)
    let b = numbers.integers(second.count, in: -2...2)
    examine("compare \(op) float32", pair.name) { testCase in
      let x = testCase.input(a, offset: 3)
      let z = testCase.input(b, offset: 5)
      let y = testCase.output(pair.count, .bool, offset: 1, within: .number)
      return { backend, s in
        try backend.compare(
          op, s[x].advanced(by: first.start), first.layout, s[z].advanced(by: second.start), second.layout,
          into: s[y])
      }
    }
  }

  private func examineCompare(_ op: ComparisonOp, _ first: [Double], _ second: [Double], _ dtype: DType) {
    let layout = Layout(dense: [first.count])
    examine("compare \(op) \(dtype)", "pairs of special values") { testCase in
      let a = testCase.input(first, dtype)
      let b = testCase.input(second, dtype)
      let y = testCase.output(first.count, .bool, within: .number)
      return { backend, s in try backend.compare(op, s[a], layout, s[b], layout, into: s[y]) }
    }
  }

  private func examineIntegerCompare(_ op: ComparisonOp, _ dtype: DType) {
    let values = Special.integers(of: dtype)
    let (first, second) = Special.pairs(values)
    let layout = Layout(dense: [first.count])
    examine("compare \(op) \(dtype)", "pairs of special values") { testCase in
      let (a, b) = (testCase.input(integers: first, dtype), testCase.input(integers: second, dtype))
      let y = testCase.output(first.count, .bool, within: .number)
      return { backend, s in try backend.compare(op, s[a], layout, s[b], layout, into: s[y]) }
    }
    for scalar in [-1.0, 7, dtype == .int64 ? 0x1p62 : Double(dtype.limits.upperBound)] {
      examine("compareScalar \(op) \(dtype) \(scalar)", "special values") { testCase in
        let x = testCase.input(integers: values, dtype, offset: 1)
        let y = testCase.output(values.count, .bool, offset: 3, within: .number)
        return { backend, s in try backend.compareScalar(op, s[x], scalar, count: values.count, into: s[y]) }
      }
    }
  }

  private func examineCompareScalar(_ op: ComparisonOp, _ values: [Double], _ scalar: Double, _ dtype: DType) {
    examine("compareScalar \(op) \(dtype) \(scalar)", "special values") { testCase in
      let x = testCase.input(values, dtype, offset: 1)
      let y = testCase.output(values.count, .bool, offset: 3, within: .number)
      return { backend, s in try backend.compareScalar(op, s[x], scalar, count: values.count, into: s[y]) }
    }
  }

  func examineSelect() {
    for dtype in movedTypes {
      for pair in dtype == .float32 ? ViewPair.all : ViewPair.few { examineSelect(pair, dtype) }
    }
    let values = Special.floats + Special.denormals
    let count = values.count
    let dense = Layout(dense: [count])
    let everywhere = Layout(shape: [count], strides: Strides())
    let flags = numbers.bools(count)
    examine("select float32", "special values or a scalar, in place") { testCase in
      let condition = testCase.input(flags, .bool, offset: 1)
      let constant = testCase.input([-0.0])
      let y = testCase.updated(values, within: .bits)
      return { backend, s in
        try backend.select(s[condition], dense, s[constant], everywhere, s[y], dense, into: s[y])
      }
    }
  }

  private func examineSelect(_ pair: ViewPair, _ dtype: DType) {
    let (first, second) = (pair.first, pair.second)
    let shape = first.layout.shape
    // The condition is broadcast along the last axis.
    var rows = shape
    if shape.rank > 0 { rows[-1] = 1 }
    let flags = numbers.bools(rows.count)
    let (a, b) = (numbers.values(first.count, dtype), numbers.values(second.count, dtype))
    examine("select \(dtype)", "\(rows) of \(pair.name)") { testCase in
      let condition = testCase.input(flags, .bool, offset: 2)
      let x = testCase.input(a, dtype, offset: 3)
      let z = testCase.input(b, dtype, offset: 5)
      let y = testCase.output(pair.count, dtype, offset: 1, within: .bits)
      return { backend, s in
        try backend.select(
          s[condition], Layout(broadcasting: rows, to: shape), s[x].advanced(by: first.start), first.layout,
          s[z].advanced(by: second.start), second.layout, into: s[y])
      }
    }
  }

  func examineCast() {
    let floats =
      Special.floats
      + [1.9, -1.9, 2_147_483_520, 2_147_483_648, -2_147_483_648, -2_147_483_904, 3e38, -3e38, 0.99]
      .map { Double(Float($0)) }
    let integers = Special.integers + [16_777_217, 16_777_219, -16_777_217, 2_147_483_583]
    let operands: [(DType, [Double])] = [(.float32, floats), (.int32, integers), (.bool, [0, 1, 1, 0, 1])]
    for (source, values) in operands {
      for target in [DType.float32, .int32, .bool] {
        for values in [values, numbers.values(1000, source), []] {
          examine("cast \(source) to \(target)", "[\(values.count)]") { testCase in
            let x = testCase.input(values, source, offset: 3)
            let y = testCase.output(values.count, target, offset: 1, within: .number)
            return { backend, s in try backend.cast(s[x], count: values.count, into: s[y]) }
          }
        }
      }
    }
  }

  /// Conversions from and to the 16-bit types, in which denormal numbers and the signs of zeros count.
  func examineHalfCasts() {
    let integers =
      Special.integers + [2047, 2048, 2049, 2051, 65_503, 65_504, 65_519, 65_520, 257, 259, 16_842_753, -16_842_753]
    for half in halfTypes {
      let format = HalfFormat(half)
      let every = (0...UInt16.max).map { Double(format.number($0)) }
      // Numbers, the middles between neighbors, and the floats next to the middles, with alternating signs.
      var floats: [Double] = Special.floats + Special.denormals
      for number in [65_519, 65_520, 3e38, -3.4e38] as [Float] { floats.append(Double(number)) }
      for (i, (lower, upper)) in zip(every, every.dropFirst()).enumerated() {
        guard upper.isFinite else { break }
        let middle = Float((lower + upper) / 2)
        let sign: Float = i % 2 == 0 ? 1 : -1
        for number in [Float(lower), middle, middle.nextDown, middle.nextUp] { floats.append(Double(sign * number)) }
      }
      for target in movedTypes where target != half { examineStoredCast(half, every, to: target) }
      examineStoredCast(.float32, floats, to: half)
      examineStoredCast(.int32, integers + integers.map { min(-$0, Double(Int32.max)) }, to: half)
      examineStoredCast(.bool, [0, 1, 1, 0, 1], to: half)
      for source in [DType.float32, .int32, .bool] {
        for values in [numbers.values(1000, source), []] { examineStoredCast(source, values, to: half) }
      }
    }
  }

  /// Also compares the signs of zeros.
  func examineStoredCast(_ source: DType, _ values: [Double], to target: DType) {
    examine("cast \(source) to \(target)", "[\(values.count)]") { testCase in
      let x = testCase.input(values, source, offset: 3)
      let y = testCase.output(values.count, target, offset: 1, within: .bits)
      return { backend, s in try backend.cast(s[x], count: values.count, into: s[y]) }
    }
  }

  func examineRange() {
    for (start, step, count) in [(0.0, 1.0, 1000), (5, -2, 129), (0.25, 0.1, 33), (-1, 0, 3), (0, 1, 1), (0, 1, 0)] {
      // The product and the sum are rounded.
      let scale = (0..<count).map { abs(start) + Double($0) * abs(step) }
      examine("range float32", "\(start) by \(step), [\(count)]") { testCase in
        let y = testCase.output(count, offset: 3, within: .scaled(scale, factor: 2))
        return { backend, s in try backend.range(start: start, step: step, count: count, into: s[y]) }
      }
    }
    for dtype in integerTypes {
      for (start, step, count) in [(0.0, 1.0, 1000), (7, -3, 129), (2_147_483_600, 1, 33), (-4, 0, 3), (0, 1, 0)] {
        examine("range \(dtype)", "\(start) by \(step), [\(count)]") { testCase in
          let y = testCase.output(count, dtype, offset: 1, within: .number)
          return { backend, s in try backend.range(start: start, step: step, count: count, into: s[y]) }
        }
      }
    }
  }
}
