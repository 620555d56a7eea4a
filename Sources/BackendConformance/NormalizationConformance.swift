import BackendCore

/// Normalisation of rows, and its gradient.
extension Examiner {
  func examineNormalization() {
    for (rows, columns) in (Examiner.rowShapes + [(150, 33)]) {
      for isCentred in [true, false] {
        for (hasGain, hasShift) in [(true, true), (true, false), (false, true), (false, false)] {
          let shape = NormalizationShape(rows: rows, columns: columns, isCentred: isCentred, epsilon: 1e-2)
          examineNormalization(shape, hasGain, hasShift)
          examineNormalizationGradient(shape, hasGain, hasShift)
        }
      }
    }
    examineNormalizationOfSpecials()
  }

  private func name(_ shape: NormalizationShape, _ hasGain: Bool, _ hasShift: Bool) -> String {
    "[\(shape.rows), \(shape.columns)]\(shape.isCentred ? "" : ", root mean square")\(hasGain ? ", gain" : "")"
      + (hasShift ? ", shift" : "")
  }

  private func examineNormalization(_ shape: NormalizationShape, _ hasGain: Bool, _ hasShift: Bool) {
    let count = shape.rows * shape.columns
    examineNormalization(
      numbers.floats(count, in: -3...5), gain: hasGain ? numbers.floats(shape.columns) : nil,
      shift: hasShift ? numbers.floats(shape.columns) : nil, shape, name(shape, hasGain, hasShift))
  }

  private func examineNormalization(
    _ values: [Double], gain: [Double]?, shift: [Double]?, _ shape: NormalizationShape, _ details: String
  ) {
    // A distance of up to 8 is rounded, and what is left of it is divided by a deviation of at least 0.1.
    let absolute = 64 + 8 * Double(shape.columns).squareRoot()
    examine("normalize float32", details, isFused: true) { trial in
      let x = trial.input(values, offset: 3)
      let gain = gain.map { trial.input($0, offset: 1) }
      let shift = shift.map { trial.input($0, offset: 2) }
      let y = trial.output(values.count, offset: 1, within: .mixed(ulps: 16, absolute: absolute))
      let statistics = trial.output(
        2 * shape.rows, offset: 5, within: .mixed(ulps: 16, absolute: absolute), name: "statistics")
      return { backend, s in
        try backend.normalize(
          s[x], gain: s[ifGiven: gain], shift: s[ifGiven: shift], shape, into: s[y], statistics: s[statistics])
      }
    }
  }

  private func examineNormalizationGradient(_ shape: NormalizationShape, _ hasGain: Bool, _ hasShift: Bool) {
    let count = shape.rows * shape.columns
    let (dy, x) = (numbers.floats(count), numbers.floats(count))
    let gain = hasGain ? numbers.floats(shape.columns) : nil
    let statistics = numbers.floats(shape.rows) + numbers.floats(shape.rows, in: 0.5...2)
    let length = 32 + 4 * Double(max(shape.columns, shape.rows)).squareRoot()
    let sums = Tolerance.mixed(ulps: 16, absolute: length + 16 * Double(shape.rows).squareRoot())
    examine("normalizeGradient float32", name(shape, hasGain, hasShift), isFused: true) { trial in
      let upstream = trial.input(dy, offset: 3)
      let source = trial.input(x, offset: 2)
      let kept = trial.input(statistics, offset: 1)
      let gain = gain.map { trial.input($0, offset: 1) }
      let dx = trial.output(count, offset: 1, within: .mixed(ulps: 32, absolute: 4 * length))
      let dGain = hasGain ? trial.output(shape.columns, offset: 4, within: sums, name: "dGain") : nil
      let dShift = hasShift ? trial.output(shape.columns, offset: 2, within: sums, name: "dShift") : nil
      return { backend, s in
        try backend.normalizeGradient(
          s[upstream], s[source], gain: s[ifGiven: gain], statistics: s[kept], shape, into: s[dx],
          dGain: s[ifGiven: dGain], dShift: s[ifGiven: dShift])
      }
    }
  }

  /// Rows of one number, of NaN and of infinities.
  private func examineNormalizationOfSpecials() {
    let columns = 20
    var rows = [Double](repeating: 3, count: columns) + [Double](repeating: 0, count: columns)
    for special in [Double.nan, .infinity, -.infinity] { rows += [special] + numbers.floats(columns - 1) }
    rows += numbers.floats(columns)
    for isCentred in [true, false] {
      let shape = NormalizationShape(
        rows: rows.count / columns, columns: columns, isCentred: isCentred, epsilon: 1e-5)
      examineNormalization(
        rows, gain: nil, shift: nil, shape, "special values\(isCentred ? "" : ", root mean square")")
    }
  }
}
