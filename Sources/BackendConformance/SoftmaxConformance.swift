import BackendCore

/// Softmax, its gradient, and cross-entropy.
extension ConformanceRunner {
  /// Rows at the boundaries of the length classes that backends are likely to distinguish: (rows, columns).
  static let rowShapes = [
    (1, 1), (3, 10), (129, 3), (5, 32), (33, 127), (31, 129), (9, 512), (3, 513), (1, 1000), (3, 1025), (2, 2049),
    (3, 4096),
    (2, 4099), (0, 5),
  ]

  func examineSoftmax() {
    for (rows, columns) in (ConformanceRunner.rowShapes + [(3, 0)]) {
      for logarithmic in [false, true] {
        let values = numbers.floats(rows * columns, in: -10...10)
        examineSoftmax(values, rows, columns, logarithmic, "[\(rows), \(columns)]")
        examineSoftmaxGradient(rows, columns, logarithmic)
      }
    }
    for _ in 0..<20 {
      let (rows, columns) = numbers.rows()
      let isLogarithmic = numbers.bools(1) == [1]
      let values = numbers.floats(rows * columns, in: -10...10)
      examineSoftmax(values, rows, columns, isLogarithmic, "[\(rows), \(columns)]")
      examineSoftmaxGradient(rows, columns, isLogarithmic)
      examineCrossEntropy(rows, columns, smoothing: numbers.choice(of: [0, 0.1]), numbers.choice(of: [nil, 0]))
    }
    for logarithmic in [false, true] { examineSoftmaxOfSpecials(logarithmic) }
    for (rows, columns) in ConformanceRunner.rowShapes {
      for (smoothing, ignored) in [(0.0, nil), (0.1, nil), (0, -100), (0.1, 0), (1, nil)] as [(Double, Int32?)] {
        examineCrossEntropy(rows, columns, smoothing: smoothing, ignored)
      }
    }
    examineCrossEntropyOfSpecials()
  }

  private func examineSoftmax(
    _ values: [Double], _ rows: Int, _ columns: Int, _ logarithmic: Bool, _ shapes: String
  ) {
    // The exponent x − max is rounded to half an ulp of itself, at most 2⁻²⁴·20. A logarithm keeps that error, and an
    // exponential makes it relative.
    let length = 2 * Double(columns).squareRoot()
    let tolerance = logarithmic ? Tolerance.mixed(ulps: 8, absolute: 16) : .ulps(40 + length)
    examine(logarithmic ? "softmax logarithmic float32" : "softmax float32", shapes, isFused: true) { testCase in
      let x = testCase.input(values, offset: 3)
      let y = testCase.output(values.count, offset: 1, within: tolerance)
      return { backend, s in
        try backend.softmax(s[x], rows: rows, columns: columns, logarithmic: logarithmic, into: s[y])
      }
    }
  }

  /// Large logits, probabilities that underflow, rows of NaN, and rows of a single value.
  private func examineSoftmaxOfSpecials(_ logarithmic: Bool) {
    let columns = 35
    var rows = numbers.floats(columns, in: -1e4...1e4)
    rows += numbers.floats(columns, in: 1e30...2e30)
    rows += [Double](repeating: -3e38, count: columns).map { Double(Float($0)) }
    rows += [Double](repeating: 0, count: columns)
    for special in [[-Double.infinity], [.nan], [.infinity], [-.infinity, -.infinity, .nan]] {
      rows += special + numbers.floats(columns - special.count)
      rows += numbers.floats(columns - special.count) + special
    }
    rows += [Double](repeating: -.infinity, count: columns)
    examineSoftmax(
      rows, rows.count / columns, columns, logarithmic, "[\(rows.count / columns), \(columns)] with special values")
  }

  private func examineSoftmaxGradient(_ rows: Int, _ columns: Int, _ logarithmic: Bool) {
    let count = rows * columns
    let dy = numbers.floats(count)
    // Any positive numbers are suitable for y: the formula does not require them to add up to 1.
    let y =
      logarithmic ? numbers.floats(count, in: -5 ... -1) : numbers.floats(count, in: 0...(2 / Double(columns + 1)))
    // The terms of the sum are at most 1 times y, or e⁻¹ if y is a logarithm.
    let scale = y.map { 1 + (logarithmic ? 0.37 : $0) * Double(columns) }
    let name = logarithmic ? "softmaxGradient logarithmic float32" : "softmaxGradient float32"
    examine(name, "[\(rows), \(columns)]", isFused: true) { testCase in
      let gradient = testCase.input(dy, offset: 3)
      let output = testCase.input(y, offset: 2)
      let dx = testCase.output(count, offset: 1, within: .scaled(scale, factor: 4 + Double(columns).squareRoot()))
      return { backend, s in
        try backend.softmaxGradient(
          s[gradient], s[output], rows: rows, columns: columns, logarithmic: logarithmic, into: s[dx])
      }
    }
  }

  private func examineCrossEntropy(_ rows: Int, _ columns: Int, smoothing: Double, _ ignored: Int32?) {
    let logits = numbers.floats(rows * columns, in: -6...6)
    var labels = numbers.integers(rows, in: 0...max(columns - 1, 0))
    let unusual = [-100.0, Double(columns), -1, Double(Int32.max), 0, Double(Int32.min)]
    for (place, label) in zip(stride(from: 2, to: rows, by: 4), unusual) { labels[place] = label }
    examineCrossEntropy(
      logits, labels, columns, smoothing: smoothing, ignored, "[\(rows), \(columns)], smoothing \(smoothing)")
  }

  private func examineCrossEntropy(
    _ logits: [Double], _ labels: [Double], _ columns: Int, smoothing: Double, _ ignored: Int32?, _ shapes: String
  ) {
    let rows = labels.count
    for wantsGradient in [true, false] {
      let details = shapes + (ignored.map { ", ignoring \($0)" } ?? "") + (wantsGradient ? "" : ", no gradient")
      examine("softmaxCrossEntropy float32", details, isFused: true) { testCase in
        let x = testCase.input(logits, offset: 3)
        let label = testCase.input(labels, .int32, offset: 2)
        // Logits up to 6: exponents up to 12, and the same again in the smoothed sum.
        let absolute = 24 + 2 * Double(columns).squareRoot()
        let loss = testCase.output(rows, offset: 1, within: .mixed(ulps: 16, absolute: absolute), name: "loss")
        let gradient =
          wantsGradient
          ? testCase.output(logits.count, offset: 4, within: .mixed(ulps: 8, absolute: absolute), name: "gradient")
          : nil
        return { backend, s in
          try backend.softmaxCrossEntropy(
            s[x], labels: s[label], rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignored,
            gradientScale: 0.25 + 1 / Double(1 + columns), loss: s[loss], gradient: s[ifGiven: gradient])
        }
      }
    }
  }

  /// Probabilities that underflow, at the label and elsewhere; NaN among the logits, including ignored rows.
  private func examineCrossEntropyOfSpecials() {
    let columns = 10
    var logits: [Double] = []
    for row in 0..<6 {
      var values = numbers.floats(columns, in: row == 5 ? -1e4...1e4 : -3...3)
      if row == 0 || row == 1 { values[4] = -.infinity }
      if row == 2 || row == 3 { values[7] = .nan }
      if row == 4 { values = values.map { _ in 2 } }
      logits += values
    }
    let labels: [Double] = [3, 4, 1, 9, 0, 2]
    examineCrossEntropy(logits, labels, columns, smoothing: 0, 9, "[6, 10] with special values")
    // A common offset of all logits of a row must not matter.
    for columns in [10, 35, 513, 4099] {
      let logits = [1e7, -1e7, 100].flatMap { offset in numbers.integers(columns, in: 0...8).map { $0 + offset } }
      examineCrossEntropy(logits, [3, 9, 0], columns, smoothing: 0.1, nil, "[3, \(columns)] with large offsets")
    }
  }
}
