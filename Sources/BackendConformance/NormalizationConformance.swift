import BackendCore

/// Normalization of rows, and its gradient.
extension ConformanceRunner {
  func examineNormalization() {
    for (rows, columns) in (ConformanceRunner.rowShapes + [(150, 33)]) {
      for isCentered in [true, false] {
        for (hasWeight, hasBias) in [(true, true), (true, false), (false, true), (false, false)] {
          let shape = NormalizationShape(rows: rows, columns: columns, isCentered: isCentered, epsilon: 1e-2)
          examineNormalization(shape, hasWeight, hasBias)
          examineNormalizationGradient(shape, hasWeight, hasBias)
        }
      }
    }
    for _ in 0..<20 {
      let (rows, columns) = numbers.rows()
      let shape = NormalizationShape(
        rows: rows, columns: columns, isCentered: numbers.bools(1) == [1], epsilon: 1e-2)
      examineNormalization(shape, true, numbers.bools(1) == [1])
      examineNormalizationGradient(shape, true, true)
    }
    examineNormalizationOfSpecials()
    examineNormalizationGradientOfWideRows()
  }

  private func name(_ shape: NormalizationShape, _ hasWeight: Bool, _ hasBias: Bool) -> String {
    "[\(shape.rows), \(shape.columns)]\(shape.isCentered ? "" : ", root mean square")\(hasWeight ? ", weight" : "")"
      + (hasBias ? ", bias" : "")
  }

  private func examineNormalization(_ shape: NormalizationShape, _ hasWeight: Bool, _ hasBias: Bool) {
    let count = shape.rows * shape.columns
    examineNormalization(
      numbers.floats(count, in: -3...5), weight: hasWeight ? numbers.floats(shape.columns) : nil,
      bias: hasBias ? numbers.floats(shape.columns) : nil, shape, name(shape, hasWeight, hasBias))
  }

  private func examineNormalization(
    _ values: [Double], weight: [Double]?, bias: [Double]?, _ shape: NormalizationShape, _ details: String
  ) {
    // A difference of up to 8 is rounded, and the result is divided by a deviation of at least 0.1.
    let absolute = 64 + 8 * Double(shape.columns).squareRoot()
    examine("normalize float32", details, isFused: true) { testCase in
      let x = testCase.input(values, offset: 3)
      let weight = weight.map { testCase.input($0, offset: 1) }
      let bias = bias.map { testCase.input($0, offset: 2) }
      let y = testCase.output(values.count, offset: 1, within: .mixed(ulps: 16, absolute: absolute))
      let statistics = testCase.output(
        2 * shape.rows, offset: 5, within: .mixed(ulps: 16, absolute: absolute), name: "statistics")
      return { backend, s in
        try backend.normalize(
          s[x], weight: s[ifGiven: weight], bias: s[ifGiven: bias], shape, into: s[y], statistics: s[statistics])
      }
    }
  }

  private func examineNormalizationGradient(_ shape: NormalizationShape, _ hasWeight: Bool, _ hasBias: Bool) {
    let count = shape.rows * shape.columns
    let (dy, x) = (numbers.floats(count), numbers.floats(count))
    let weight = hasWeight ? numbers.floats(shape.columns) : nil
    let statistics = numbers.floats(shape.rows) + numbers.floats(shape.rows, in: 0.5...2)
    let length = 32 + 4 * Double(max(shape.columns, shape.rows)).squareRoot()
    let sums = Tolerance.mixed(ulps: 16, absolute: length + 16 * Double(shape.rows).squareRoot())
    examineNormalizationGradient(
      dy, x, weight: weight, statistics, hasBias: hasBias, shape, within: .mixed(ulps: 32, absolute: 4 * length),
      sums: sums, name(shape, hasWeight, hasBias))
  }

  private func examineNormalizationGradient(
    _ dy: [Double], _ x: [Double], weight: [Double]?, _ statistics: [Double], hasBias: Bool,
    _ shape: NormalizationShape, within tolerance: Tolerance, sums: Tolerance, _ details: String
  ) {
    examine("normalizeGradient float32", details, isFused: true) { testCase in
      let upstream = testCase.input(dy, offset: 3)
      let source = testCase.input(x, offset: 2)
      let kept = testCase.input(statistics, offset: 1)
      let dx = testCase.output(x.count, offset: 1, within: tolerance)
      let dWeight = weight.map { _ in testCase.output(shape.columns, offset: 4, within: sums, name: "dWeight") }
      let dBias = hasBias ? testCase.output(shape.columns, offset: 2, within: sums, name: "dBias") : nil
      let weight = weight.map { testCase.input($0, offset: 1) }
      return { backend, s in
        try backend.normalizeGradient(
          s[upstream], s[source], weight: s[ifGiven: weight], statistics: s[kept], shape, into: s[dx],
          dWeight: s[ifGiven: dWeight], dBias: s[ifGiven: dBias])
      }
    }
  }

  /// Rows in which one number is so far from the others that its distance from the mean, or the sum of all distances,
  /// is infinite in float32; every third row is an ordinary one. The gradients of the result are large, so that those of
  /// the rows are normal numbers.
  private func examineNormalizationGradientOfWideRows() {
    let (rows, size) = (5, 1e10)
    for columns in [40, 129, 5000] {
      for isCentered in [true, false] {
        let shape = NormalizationShape(rows: rows, columns: columns, isCentered: isCentered, epsilon: 1e-5)
        let dy = numbers.floats(rows * columns).map { Double(Float($0 * size)) }
        var (x, means, scales, magnitudes) = ([Double](), [Double](), [Double](), [Double]())
        for row in 0..<rows {
          let isWide = row % 3 != 2
          var values = numbers.floats(columns, in: !isWide ? -1...1 : isCentered ? 8e37...1e38 : 8e36...1e37)
          if isWide { values[row] = Double(Float(-3.2e38)) }
          let mean = isCentered ? values.reduce(0) { $0 + $1 / Double(columns) } : 0
          let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(columns) }
          x += values
          means.append(Double(Float(mean)))
          scales.append(Double(Float(1 / (variance + shape.epsilon).squareRoot())))
          magnitudes += values.map { size * scales[row] * (2 + abs($0 - mean) * scales[row]) }
        }
        let sums = [Double](repeating: Double(rows) * size * Double(columns).squareRoot(), count: columns)
        examineNormalizationGradient(
          dy, x, weight: numbers.floats(columns), means + scales, hasBias: true, shape,
          within: .scaled(magnitudes, factor: 64), sums: .scaled(sums, factor: 64),
          "wide rows, \(name(shape, true, true))")
      }
    }
  }

  /// Rows of one number, of NaN, and of infinities.
  private func examineNormalizationOfSpecials() {
    let columns = 20
    var rows = [Double](repeating: 3, count: columns) + [Double](repeating: 0, count: columns)
    for special in [Double.nan, .infinity, -.infinity] { rows += [special] + numbers.floats(columns - 1) }
    rows += numbers.floats(columns)
    examineNormalization(rows, columns: columns, epsilon: 1e-5, "special values")
    for columns in [4, 35, 129, 513, 5000] {
      var rows: [Double] = []
      // Squares that overflow, followed by a row whose squares do not.
      for size in [1e20, 1, 1e30, 8e37] { rows += numbers.floats(columns, in: 1...4).map { Double(Float($0 * size)) } }
      examineNormalization(rows, columns: columns, epsilon: 1e-5, "large numbers, [4, \(columns)]")
      // Squares that underflow, with no epsilon added to them.
      rows = []
      for size in [1e-25, 1, 1e-20] { rows += numbers.floats(columns, in: 1...4).map { Double(Float($0 * size)) } }
      examineNormalization(
        rows, columns: columns, epsilon: 0, "small numbers, [3, \(columns)]")
    }
  }

  private func examineNormalization(
    _ rows: [Double], columns: Int, epsilon: Double, _ details: String
  ) {
    for isCentered in [true, false] {
      let shape = NormalizationShape(
        rows: rows.count / columns, columns: columns, isCentered: isCentered, epsilon: epsilon)
      examineNormalization(
        rows, weight: nil, bias: nil, shape, "\(details)\(isCentered ? "" : ", root mean square")")
    }
  }
}
