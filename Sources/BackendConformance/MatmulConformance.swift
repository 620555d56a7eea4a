import BackendCore

/// The matrix product with all transpositions and batch strides, and its fusion with bias and activation.
extension ConformanceRunner {
  func examineMatmul() {
    let sizes = [
      (1, 1, 1), (3, 3, 3), (1, 129, 33), (129, 1, 33), (33, 31, 127), (31, 33, 129), (127, 129, 3), (33, 31, 1000),
      (64, 64, 64), (3, 10, 128),
    ]
    for (m, n, k) in sizes {
      for transposesA in [false, true] {
        for transposesB in [false, true] {
          examineMatmul(MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB))
        }
      }
    }
    for (m, n, k) in [(3, 3, 0), (0, 3, 4), (3, 0, 4)] {
      examineMatmul(MatmulShape(m: m, n: n, k: k))
      examineMatmul(MatmulShape(m: m, n: n, k: k), beta: 0.5)
    }
    for (alpha, beta) in [(0.5, 0.0), (1, 1), (-2, 0.25), (0, 1)] {
      examineMatmul(MatmulShape(m: 33, n: 31, k: 65), alpha: alpha, beta: beta)
      examineMatmul(MatmulShape(m: 1, n: 129, k: 33, transposesB: true), alpha: alpha, beta: beta)
    }
    for _ in 0..<30 {
      let m = numbers.extent(upTo: 300), n = numbers.extent(upTo: 300), k = numbers.extent(upTo: 40_000 / max(m, n))
      let (transposesA, transposesB) = (numbers.bools(1) == [1], numbers.bools(1) == [1])
      examineMatmul(MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB))
      let (rows, units) = numbers.rows(upTo: 30_000)
      examineLinearGradient(numbers.choice(of: [nil, .relu, UnaryOp(.tanh)]), rows, units)
    }
    examineLongBiasGradients()
    examineBatches()
    examineMatmulOfSpecials()
    examineLinear()
    examineLinearGradient()
  }

  private func examineMatmul(_ shape: MatmulShape, alpha: Double = 1, beta: Double = 0) {
    for terms in Terms.allCases { examineMatmul(shape, alpha: alpha, beta: beta, terms) }
  }

  private func examineMatmul(_ shape: MatmulShape, alpha: Double, beta: Double, _ terms: Terms) {
    // The number of elements up to the end of the last batch.
    let aCount = shape.batch == 0 ? 0 : (shape.batch - 1) * shape.strideA + shape.m * shape.k
    let bCount = shape.batch == 0 ? 0 : (shape.batch - 1) * shape.strideB + shape.k * shape.n
    let cCount = shape.batch * shape.m * shape.n
    let a = terms.values(aCount, &numbers)
    let b = terms.values(bCount, &numbers)
    let c = terms.values(cCount, &numbers)
    let factors = alpha == 1 && beta == 0 ? "" : ", alpha \(alpha), beta \(beta)"
    examine("matmul float32", "\(shape.text)\(factors), \(terms) numbers") { testCase in
      let left = testCase.input(a, offset: 3)
      let right = testCase.input(b, offset: 5)
      let tolerance = terms.tolerance(length: shape.k)
      // With beta = 0, C contains NaN and must not be read.
      let result =
        beta == 0
        ? testCase.output(cCount, offset: 1, within: tolerance) : testCase.updated(c, offset: 1, within: tolerance)
      return { backend, s in
        try backend.matmul(
          s[left], s[right], shape, alpha: s.factor(alpha), beta: s.factor(beta), into: s[result])
      }
    }
  }

  private func examineBatches() {
    for transposesA in [false, true] {
      for transposesB in [false, true] {
        // Dense batches, one matrix for all, and gaps between matrices.
        for (strideA, strideB) in [(33 * 17, 17 * 31), (0, 17 * 31), (33 * 17, 0), (33 * 17 + 7, 17 * 31 + 2)] {
          examineMatmul(
            MatmulShape(
              batch: 3, m: 33, n: 31, k: 17, transposesA: transposesA, transposesB: transposesB, strideA: strideA,
              strideB: strideB))
        }
      }
    }
    examineMatmul(MatmulShape(batch: 129, m: 2, n: 3, k: 5, strideA: 10, strideB: 15), alpha: 0.5, beta: 2)
    examineMatmul(MatmulShape(batch: 0, m: 3, n: 3, k: 3, strideA: 9, strideB: 9))
  }

  /// NaN and infinity affect exactly the elements that depend on them; zero times infinity is NaN.
  private func examineMatmulOfSpecials() {
    let (m, n, k) = (33, 31, 40)
    var (a, b) = (numbers.floats(m * k), numbers.floats(k * n))
    a[5 * k + 7] = .nan
    a[8 * k + 39] = .infinity
    b[13 * n + 30] = -.infinity
    for i in 0..<m { a[i * k + 20] = 0 }
    b[20 * n + 4] = .infinity
    examine("matmul float32", "[\(m), \(k)] by [\(k), \(n)] with special values") { testCase in
      let left = testCase.input(a)
      let right = testCase.input(b)
      // The magnitudes are infinite wherever the results are, so the bound is specified here.
      let result = testCase.output(m * n, within: .mixed(ulps: 8, absolute: 16 * Double(k).squareRoot()))
      return { backend, s in
        try backend.matmul(s[left], s[right], MatmulShape(m: m, n: n, k: k), alpha: 1, beta: 0, into: s[result])
      }
    }
  }

  private func examineLinear() {
    // 0.2 is the slope of leakyReLU and the alpha of elu.
    let activations = UnaryOp.Kind.allCases.filter(\.isActivation).map { UnaryOp($0, 0.2) }
    for activation in [nil] + activations {
      examineLinear(rows: 33, inputs: 31, units: 129, activation, hasBias: true, wantsPreActivation: true)
      examineLinear(rows: 3, inputs: 127, units: 10, activation, hasBias: true, wantsPreActivation: false)
    }
    for (rows, inputs, units) in [(1, 1, 1), (1, 784, 128), (0, 3, 4), (3, 0, 4), (129, 33, 1), (3, 4, 0)] {
      examineLinear(
        rows: rows, inputs: inputs, units: units, .relu, hasBias: true, wantsPreActivation: false)
      examineLinear(rows: rows, inputs: inputs, units: units, nil, hasBias: false, wantsPreActivation: true)
    }
  }

  private func examineLinear(
    rows: Int, inputs: Int, units: Int, _ activation: UnaryOp?, hasBias: Bool, wantsPreActivation: Bool
  ) {
    // Integers stay exact through piecewise linear activations.
    for terms in activation == nil || activation == .relu ? Terms.allCases : [.rough] {
      examineLinear(
        rows: rows, inputs: inputs, units: units, activation, hasBias: hasBias, wantsPreActivation: wantsPreActivation,
        terms)
    }
  }

  private func examineLinear(
    rows: Int, inputs: Int, units: Int, _ activation: UnaryOp?, hasBias: Bool, wantsPreActivation: Bool, _ terms: Terms
  ) {
    let x = terms.values(rows * inputs, &numbers)
    let w = terms.values(inputs * units, &numbers)
    let bias = terms.values(units, &numbers)
    let name = "linear \(activation.map { "\($0.kind)" } ?? "without activation")\(hasBias ? "" : " or bias") float32"
    examine(name, "[\(rows), \(inputs)] by [\(inputs), \(units)], \(terms) numbers", isFused: true) { testCase in
      let input = testCase.input(x, offset: 3)
      let weight = testCase.input(w, offset: 5)
      let bias = hasBias ? testCase.input(bias, offset: 2) : nil
      // The examined activations have derivatives below 1.2, so they preserve the error of the sum.
      let tolerance = terms.tolerance(length: inputs + 64)
      let y = testCase.output(rows * units, offset: 1, within: tolerance)
      let before =
        wantsPreActivation ? testCase.output(rows * units, offset: 4, within: tolerance, name: "preActivation") : nil
      return { backend, s in
        try backend.linear(
          s[input], s[weight], bias: s[ifGiven: bias], rows: rows, inputs: inputs, units: units,
          activation: s.isMagnitude ? nil : activation, into: s[y], preActivation: s[ifGiven: before])
      }
    }
  }

  private func examineLinearGradient() {
    for activation in [nil, UnaryOp.relu, UnaryOp(.tanh), UnaryOp(.gelu)] {
      for (rows, units) in [(33, 129), (1, 3), (127, 10), (1000, 1), (0, 3), (3, 0)] {
        examineLinearGradient(activation, rows, units)
      }
    }
  }

  /// Sums over so many rows that plain float32 would lose most of their digits.
  private func examineLongBiasGradients() {
    for (rows, units) in [(60_000, 3), (20_000, 17)] {
      let (dy, saved) = (numbers.floats(rows * units, in: 0.1...0.1), numbers.floats(rows * units, in: 1...1))
      for activation in [nil, UnaryOp.relu] {
        let details = "[\(rows), \(units)] of 0.1\(activation == nil ? "" : ", relu")"
        examine("linearGradient float32", details, isFused: true) { testCase in
          let gradient = testCase.input(dy)
          let kept = testCase.input(saved)
          let dz = activation == nil ? nil : testCase.output(dy.count, within: .number, name: "dz")
          let dBias = testCase.output(units, offset: 1, within: .ulps(8), name: "dBias")
          return { backend, s in
            try backend.linearGradient(
              s[gradient], saved: activation == nil ? nil : s[kept], activation: activation, rows: rows, units: units,
              dz: s[ifGiven: dz], dBias: s[dBias])
          }
        }
        examine("convolutionOutputGradient float32", details, isFused: true) { testCase in
          let gradient = testCase.input(dy)
          let kept = testCase.input(saved)
          let dBias = testCase.output(units, offset: 1, within: .ulps(8), name: "dBias")
          return { backend, s in
            try backend.convolutionOutputGradient(
              s[gradient], saved: activation == nil ? nil : s[kept], activation: activation, batch: 4, channels: units,
              plane: rows / 4, dz: nil, dBias: s[dBias])
          }
        }
      }
    }
  }

  private func examineLinearGradient(_ activation: UnaryOp?, _ rows: Int, _ units: Int) {
    let count = rows * units
    let dy = numbers.floats(count)
    let savedValues = numbers.floats(count)
    let name = "linearGradient \(activation.map { "\($0.kind)" } ?? "without activation") float32"
    // dz and its sum over the rows. With the derivative, each term has an error of a few ulps of dy.
    let bound = Tolerance.mixed(ulps: 16, absolute: 16 + 4 * Double(rows).squareRoot())
    for place in GradientPlace.allCases where activation != nil || place == .elsewhere {
      examine(name, "[\(rows), \(units)], dz \(place)", isFused: true) { testCase in
        let gradient =
          place == .intoGradient
          ? testCase.updated(dy, offset: 2, within: bound, name: "dz") : testCase.input(dy, offset: 2)
        let saved = activation == nil ? nil : testCase.input(savedValues, offset: 3)
        let dz = place == .elsewhere && activation != nil ? testCase.output(count, within: bound, name: "dz") : nil
        let dBias = testCase.output(units, offset: 1, within: bound, name: "dBias")
        return { backend, s in
          try backend.linearGradient(
            s[gradient], saved: s[ifGiven: saved], activation: activation, rows: rows, units: units,
            dz: place == .intoGradient ? s[gradient] : s[ifGiven: dz], dBias: s[dBias])
        }
      }
    }
  }
}

/// The destination of the gradient before the activation.
enum GradientPlace: String, CaseIterable {
  case elsewhere, intoGradient, unwanted
}

extension MatmulShape {
  fileprivate var text: String {
    let left = transposesA ? "[\(k), \(m)]ᵀ" : "[\(m), \(k)]"
    let right = transposesB ? "[\(n), \(k)]ᵀ" : "[\(k), \(n)]"
    return "\(left) by \(right)" + (batch == 1 ? "" : ", \(batch) times, strides \(strideA) and \(strideB)")
  }
}
