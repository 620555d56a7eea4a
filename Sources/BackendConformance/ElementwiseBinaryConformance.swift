import BackendCore

/// Functions of two elements, and of an element and a scalar.
extension ConformanceRunner {
  func examineBinary() {
    for op in BinaryOp.allCases where op.accepts(.float32) {
      for pair in ViewPair.all { examineBinary(op, pair, .float32) }
      examineBinarySpecials(op)
      examineBinaryInPlace(op)
      examineBinaryScalar(op)
    }
    for op in BinaryOp.allCases where op.accepts(.int32) {
      for dtype in integerTypes {
        for pair in ViewPair.few { examineBinary(op, pair, dtype) }
        examineIntegerPairs(op, dtype)
        examineIntegerScalar(op, dtype)
      }
    }
    for op in [BinaryOp.logicalAnd, .logicalOr] {
      for pair in ViewPair.few { examineBinary(op, pair, .bool) }
      examineBinary(op, [0, 0, 1, 1], [0, 1, 0, 1], .bool, "all pairs")
    }
  }

  private func examineBinary(_ op: BinaryOp, _ pair: ViewPair, _ dtype: DType) {
    let (first, second) = (pair.first, pair.second)
    let (a, b) = (
      operands(op, first.count, dtype, isSecond: false), operands(op, second.count, dtype, isSecond: true)
    )
    examine("binary \(op) \(dtype)", pair.name) { testCase in
      let x = testCase.input(a, dtype, offset: 3)
      let z = testCase.input(b, dtype, offset: 5)
      let y = testCase.output(pair.count, dtype, offset: 1, within: tolerance(op))
      return { backend, s in
        try backend.binary(
          op, s[x].advanced(by: first.start), first.layout, s[z].advanced(by: second.start), second.layout,
          into: s[y])
      }
    }
  }

  private func examineBinary(
    _ op: BinaryOp, _ first: [Double], _ second: [Double], _ dtype: DType, _ description: String
  ) {
    let layout = Layout(dense: [first.count])
    examine("binary \(op) \(dtype)", description) { testCase in
      let a = testCase.input(first, dtype)
      let b = testCase.input(second, dtype)
      let y = testCase.output(first.count, dtype, within: tolerance(op))
      return { backend, s in try backend.binary(op, s[a], layout, s[b], layout, into: s[y]) }
    }
  }

  private func examineBinarySpecials(_ op: BinaryOp) {
    if op == .remainder || op == .floorDivide {
      // The formula does not specify the remainder for an infinite or a zero divisor.
      let a: [Double] = [.nan, 1, .infinity, 1, -1, 4, -4, 4, -4, 0, -0.5, 5]
      let b: [Double] = [1, .nan, 2, 0, 0, 2, 2, -2, -2, 4, 4, -4]
      examineBinary(op, a, b, .float32, "special values")
    } else {
      let (first, second) = Special.pairs(Special.floats + [3e38, -3e38, 1e-30].map { Double(Float($0)) })
      examineBinary(op, first, second, .float32, "pairs of special values")
    }
  }

  private func examineBinaryInPlace(_ op: BinaryOp) {
    let shape: Shape = [33, 7]
    let (dense, row) = (Layout(dense: shape), Layout(broadcasting: [7], to: shape))
    let (a, b) = (operands(op, 231, .float32, isSecond: false), operands(op, 231, .float32, isSecond: true))
    examine("binary \(op) float32", "\(shape) with [7], into the first") { testCase in
      let x = testCase.updated(a, offset: 2, within: tolerance(op))
      let z = testCase.input(Array(b.prefix(7)))
      return { backend, s in try backend.binary(op, s[x], dense, s[z], row, into: s[x]) }
    }
    examine("binary \(op) float32", "\(shape) with \(shape), into the second") { testCase in
      let x = testCase.input(a)
      let z = testCase.updated(b, offset: 2, within: tolerance(op))
      return { backend, s in try backend.binary(op, s[x], dense, s[z], dense, into: s[z]) }
    }
    guard op == .multiply || op == .add else { return }
    examine("binary \(op) float32", "\(shape) with itself, in place") { testCase in
      let x = testCase.updated(a, within: tolerance(op))
      return { backend, s in try backend.binary(op, s[x], dense, s[x], dense, into: s[x]) }
    }
  }

  private func examineBinaryScalar(_ op: BinaryOp) {
    for scalarFirst in [false, true] {
      let values = operands(op, 129, .float32, isSecond: scalarFirst)
      // Scalars that do not hit multiples in a remainder.
      let number = op != .remainder && op != .floorDivide ? 0.7 : scalarFirst ? 1.125 : 1.5
      let name = "binaryScalar \(op) float32 \(number)\(scalarFirst ? " first" : "")"
      examine(name, "[129]") { testCase in
        let x = testCase.input(values, offset: 1)
        let y = testCase.output(129, offset: 2, within: tolerance(op))
        return { backend, s in
          try backend.binaryScalar(op, s[x], number, scalarFirst: scalarFirst, count: 129, into: s[y])
        }
      }
      examine(name, "[129], in place") { testCase in
        let x = testCase.updated(values, within: tolerance(op))
        return { backend, s in
          try backend.binaryScalar(op, s[x], number, scalarFirst: scalarFirst, count: 129, into: s[x])
        }
      }
    }
    // Gradient bounds may be infinite, and NaN must pass through maximum and minimum.
    guard op == .maximum || op == .minimum else { return }
    for scalar in [Double.infinity, -.infinity, .nan, 1] {
      examine("binaryScalar \(op) float32 \(scalar)", "special values") { testCase in
        let x = testCase.input(Special.floats)
        let y = testCase.output(Special.floats.count, within: .number)
        return { backend, s in
          try backend.binaryScalar(op, s[x], scalar, scalarFirst: false, count: Special.floats.count, into: s[y])
        }
      }
    }
  }

  private func examineIntegerPairs(_ op: BinaryOp, _ dtype: DType) {
    let values = Special.integers(of: dtype)
    let (first, second) = Special.pairs(values)
    let layout = Layout(dense: [first.count])
    examine("binary \(op) \(dtype)", "pairs of \(values)") { testCase in
      let (a, b) = (testCase.input(integers: first, dtype), testCase.input(integers: second, dtype))
      let y = testCase.output(first.count, dtype, within: .number)
      return { backend, s in try backend.binary(op, s[a], layout, s[b], layout, into: s[y]) }
    }
  }

  private func examineIntegerScalar(_ op: BinaryOp, _ dtype: DType) {
    let values = Special.integers(of: dtype)
    let largest = dtype == .int64 ? 0x1p62 : Double(dtype.limits.upperBound)
    let scalars = [(3, false), (-7, true), (0, false), (-1, false), (largest, true)]
    for (scalar, scalarFirst) in scalars where scalar >= Double(dtype.limits.lowerBound) {
      examine("binaryScalar \(op) \(dtype) \(scalar)\(scalarFirst ? " first" : "")", "\(values)") { testCase in
        let x = testCase.input(integers: values, dtype)
        let y = testCase.output(values.count, dtype, within: .number)
        return { backend, s in
          try backend.binaryScalar(op, s[x], scalar, scalarFirst: scalarFirst, count: values.count, into: s[y])
        }
      }
    }
  }

  /// Sums, products, maxima, and minima of two numbers are correctly rounded on every device. Division and powers are
  /// as exact as OpenCL requires.
  private func tolerance(_ op: BinaryOp) -> Tolerance {
    switch op {
    case .divide: .ulps(2.5)
    case .power: .ulps(16)
    case .hypot: .ulps(4)
    case .atan2: .ulps(6)
    // ln 2 may be nearly canceled.
    case .logAddExp: .mixed(ulps: 4, absolute: 4)
    default: .number
    }
  }

  /// Operands for which the result is a smooth function.
  private func operands(_ op: BinaryOp, _ count: Int, _ dtype: DType, isSecond: Bool) -> [Double] {
    switch op {
    case .shiftLeft where isSecond, .shiftRight where isSecond:
      return numbers.integers(count, in: dtype == .uint8 ? 0...40 : -70...70)
    case _ where dtype != .float32: return numbers.values(count, dtype)
    case .divide: return isSecond ? numbers.signed(count, magnitude: 0.25...4) : numbers.floats(count, in: -4...4)
    case .power: return isSecond ? numbers.floats(count, in: -3...3) : numbers.floats(count, in: 0.1...4)
    case .remainder where isSecond, .floorDivide where isSecond:
      return numbers.integers(count, in: 0...5).map { [0.75, 1.5, 3, -0.75, -1.5, -3][Int($0)] }
    case .remainder, .floorDivide:
      // Odd multiples of 3/8: no quotient is near an integer, where a single rounding would determine the result.
      return numbers.integers(count, in: -10...10).map { (2 * $0 + 1) * 0.375 }
    default: return numbers.floats(count, in: -4...4)
    }
  }
}
