import BackendCore

/// Functions of one element and their derivatives. The bounds of transcendental functions are those of OpenCL 1.2 for
/// single precision (its table 7.4), the strictest that every device meets. Compositions have the sum of the bounds of
/// their parts.
extension ConformanceRunner {
  func examineElementwise() {
    for kind in UnaryOp.Kind.allCases {
      guard let form = UnaryForm(kind) else { continue }
      examineUnary(form)
      if form.op.gradientSource != .neither { examineUnaryGradient(form) }
    }
    examineUnaryOfIntegers()
    examineLogicalNot()
    examineBinary()
    examineComparisons()
    examineSelect()
    examineCast()
    examineHalfCasts()
    examineStoredCasts()
    examineRange()
  }

  private func examineUnary(_ form: UnaryForm) {
    let op = form.op
    let type: DType = op.resultIsBool ? .bool : .float32
    for count in form.isTriedAtAllSizes ? Special.sizes + Special.borders : [1000] {
      let values = numbers.floats(count, in: form.domain)
      examine("unary \(form.name)", "[\(count)]") { testCase in
        let x = testCase.input(values, offset: 3)
        let y = testCase.output(count, type, offset: 1, within: form.tolerance)
        return { backend, s in try backend.unary(op, s[x], count: count, into: s[y]) }
      }
    }
    let specials = Special.floats
    examine("unary \(form.name)", "special values \(specials)") { testCase in
      let x = testCase.input(specials)
      let y = testCase.output(specials.count, type, within: form.tolerance)
      return { backend, s in try backend.unary(op, s[x], count: specials.count, into: s[y]) }
    }
    guard !op.resultIsBool else { return }
    let values = numbers.floats(129, in: form.domain)
    examine("unary \(form.name)", "[129], in place") { testCase in
      let x = testCase.updated(values, offset: 2, within: form.tolerance)
      return { backend, s in try backend.unary(op, s[x], count: 129, into: s[x]) }
    }
  }

  private func examineUnaryGradient(_ form: UnaryForm) {
    let op = form.op
    let count = 129
    let dy = numbers.floats(count, in: -2...2)
    let saved = numbers.floats(count, in: form.savedDomain)
    let name = "gradient of \(form.name)"
    examine(name, "[\(count)]") { testCase in
      let gradient = testCase.input(dy, offset: 1)
      let source = testCase.input(saved, offset: 2)
      let dx = testCase.output(count, offset: 3, within: form.gradientTolerance)
      return { backend, s in
        try backend.unaryGradient(op, s[gradient], saved: s[source], count: count, into: s[dx])
      }
    }
    examine(name, "[\(count)], into dy") { testCase in
      let gradient = testCase.updated(dy, within: form.gradientTolerance)
      let source = testCase.input(saved)
      return { backend, s in
        try backend.unaryGradient(op, s[gradient], saved: s[source], count: count, into: s[gradient])
      }
    }
    examine(name, "[\(count)], into what was saved") { testCase in
      let gradient = testCase.input(dy)
      let source = testCase.updated(saved, within: form.gradientTolerance)
      return { backend, s in
        try backend.unaryGradient(op, s[gradient], saved: s[source], count: count, into: s[source])
      }
    }
    // The corners of piecewise functions, including NaN.
    guard !form.corners.isEmpty else { return }
    let (corners, gradients) = Special.pairs(form.corners + [.nan], with: [3, .infinity, -.infinity, .nan])
    examine(name, "at \(form.corners) and NaN") { testCase in
      let gradient = testCase.input(gradients)
      let source = testCase.input(corners)
      let dx = testCase.output(corners.count, within: .number)
      return { backend, s in
        try backend.unaryGradient(op, s[gradient], saved: s[source], count: corners.count, into: s[dx])
      }
    }
  }

  private func examineUnaryOfIntegers() {
    let ops = [UnaryOp(.negate), UnaryOp(.magnitude), UnaryOp(.sign), UnaryOp(.square), .clamp(-3, 5)]
    for dtype in integerTypes {
      let range = dtype.byteCount < 4 ? dtype.examinedRange : -100_000...100_000
      let values = Special.integers(of: dtype) + numbers.integers(121, in: range).map { Int64($0) }
      for op in ops {
        examine("unary \(op.kind) \(dtype)", "[\(values.count)]") { testCase in
          let x = testCase.input(integers: values, dtype, offset: 1)
          let y = testCase.output(values.count, dtype, offset: 3, within: .number)
          return { backend, s in try backend.unary(op, s[x], count: values.count, into: s[y]) }
        }
      }
    }
  }

  private func examineLogicalNot() {
    for count in [0, 1, 33, 1000] {
      let values = numbers.bools(count)
      examine("unary logicalNot bool", "[\(count)]") { testCase in
        let x = testCase.input(values, .bool, offset: 3)
        let y = testCase.output(count, .bool, offset: 1, within: .number)
        return { backend, s in try backend.unary(UnaryOp(.logicalNot), s[x], count: count, into: s[y]) }
      }
    }
  }
}

/// A unary operation on float32: its test range, and its required accuracy.
private struct UnaryForm {
  let op: UnaryOp
  var domain: ClosedRange<Double> = -8...8
  /// The range of the saved value of the derivative if it is the output.
  var range: ClosedRange<Double>?
  var tolerance = Tolerance.number
  var gradientTolerance = Tolerance.number
  var corners: [Double] = []

  var name: String {
    let constants = op.kind == .clamp ? "(\(op.a), \(op.b))" : op.a == 0 ? "" : "(\(op.a))"
    return "\(op.kind)\(constants) float32"
  }

  var savedDomain: ClosedRange<Double> { range ?? domain }
  /// Whether the operation runs at all sizes. A few kinds represent all others, because they handle sizes in the same
  /// way.
  var isTriedAtAllSizes: Bool { [.square, .exp, .relu, .tanh, .isNaN].contains(op.kind) }

  init?(_ kind: UnaryOp.Kind) {
    op = UnaryForm.operation(kind)
    switch kind {
    case .logicalNot: return nil
    case .negate, .sign, .floor, .ceil, .trunc, .round, .isNaN, .isFinite: break
    case .magnitude: corners = [0, -0.0, 1, -1]
    case .clamp: corners = [op.a, op.b, op.a - 1, op.b + 1, 0]
    case .relu: corners = [0, 1, -0.0]
    case .relu6: corners = [0, 6, 1, 7, -1]
    case .square: (tolerance, gradientTolerance) = (.ulps(0.5), .ulps(2))
    case .squareRoot: set(0...100, saved: 0.1...10, .ulps(3), .ulps(4))
    case .reciprocalSquareRoot: set(0.01...100, saved: 0.1...10, .ulps(3), .ulps(4))
    case .reciprocal: set(0.1...8, saved: 0.1...8, .ulps(2.5), .ulps(3))
    case .exp: set(-80...80, saved: 0.01...100, .ulps(3), .ulps(1))
    case .expMinusOne: set(-10...10, saved: -0.9...10, .ulps(3), .mixed(ulps: 3, absolute: 1))
    case .log: set(1e-6...100, saved: nil, .ulps(3), .ulps(3))
    case .logOnePlus: set(-0.9...100, saved: -0.5...100, .ulps(3), .ulps(4))
    // Sine and cosine are exact to ulps of 1: near their zeros, the error comes from reducing the argument.
    case .sin, .cos: set(-30...30, saved: nil, .mixed(ulps: 4, absolute: 1), .mixed(ulps: 6, absolute: 4))
    case .tan: set(-1.5...1.5, saved: -8...8, .ulps(5), .ulps(3))
    case .asin, .acos: set(-1...1, saved: -0.9...0.9, .ulps(4), .ulps(8))
    case .atan: set(-20...20, saved: nil, .ulps(5), .ulps(3))
    case .sinh, .cosh: set(-20...20, saved: nil, .ulps(4), .ulps(6))
    case .asinh: set(-100...100, saved: nil, .ulps(4), .ulps(6))
    case .acosh: set(1...100, saved: 1.1...100, .ulps(4), .ulps(8))
    case .atanh: set(-0.99...0.99, saved: -0.9...0.9, .ulps(5), .ulps(6))
    case .exp2: set(-120...120, saved: 0.01...100, .ulps(3), .ulps(2))
    case .log2, .log10: set(1e-6...100, saved: nil, .ulps(3), .ulps(4))
    case .tanh: set(-8...8, saved: -1...1, .ulps(5), .mixed(ulps: 4, absolute: 4))
    case .sigmoid: set(-20...20, saved: 0...1, .ulps(8), .mixed(ulps: 4, absolute: 2))
    // The square in the exponent of the derivative is rounded: an error of up to 9 half ulps.
    case .erf: set(-3...3, saved: nil, .ulps(16), .ulps(24))
    case .erfc: set(-3...9, saved: -3...3, .ulps(16), .ulps(24))
    // Near ±1, the error of the argument's distance from 1 counts.
    case .erfInverse: set(-0.999...0.999, saved: -3...3, .ulps(16), .ulps(24))
    // Close to the zeros of the functions, only their terms have this accuracy.
    case .logGamma: set(-4...40, saved: nil, .mixed(ulps: 12, absolute: 12), .mixed(ulps: 16, absolute: 32))
    case .digamma: set(-4...40, saved: nil, .mixed(ulps: 16, absolute: 32), .ulps(16))
    case .trigamma:
      set(-4...40, saved: nil, .ulps(16), .mixed(ulps: 32, absolute: 32))
      corners = [0, -0.0]
    case .power: set(0.1...8, saved: nil, .ulps(16), .ulps(20))
    case .leakyReLU:
      (tolerance, gradientTolerance, corners) = (.ulps(1), .ulps(1), [])
    case .elu, .selu: set(-8...8, saved: nil, .ulps(6), .ulps(6))
    case .hardSigmoid:
      set(-8...8, saved: nil, .ulps(4), .ulps(2))
      corners = [-3, 3, -4, 4]
    // The derivative has a zero at −1.5.
    case .hardSwish:
      set(-8...8, saved: nil, .ulps(5), .mixed(ulps: 8, absolute: 2))
      corners = [-3, 3, -4, 4]
    case .softsign: set(-8...8, saved: nil, .ulps(4), .ulps(8))
    case .silu: set(-100...8, saved: nil, .ulps(10), .mixed(ulps: 16, absolute: 16))
    case .softplus, .logSigmoid: set(-20...20, saved: nil, .ulps(8), .ulps(10))
    // Functions whose derivative has a zero, near which no relative accuracy can be expected.
    default: set(-8...8, saved: nil, .mixed(ulps: 16, absolute: 8), .mixed(ulps: 16, absolute: 16))
    }
  }

  private mutating func set(
    _ domain: ClosedRange<Double>, saved: ClosedRange<Double>?, _ tolerance: Tolerance, _ gradient: Tolerance
  ) {
    (self.domain, self.range, self.tolerance, gradientTolerance) = (domain, saved, tolerance, gradient)
  }

  private static func operation(_ kind: UnaryOp.Kind) -> UnaryOp {
    switch kind {
    case .leakyReLU: .leakyReLU(slope: 0.1)
    case .elu: .elu(alpha: 1.3)
    case .power: .power(2.7)
    case .clamp: .clamp(-1.5, 2.25)
    default: UnaryOp(kind)
    }
  }
}
