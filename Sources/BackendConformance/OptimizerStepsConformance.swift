import BackendCore

/// Several steps of every rule, the sum of squares, and the clip factor.
extension ConformanceRunner {
  func examineOptimizerSteps() {
    let rules: [OptimizerStep.Rule] = [
      .sgd(momentum: 0, isNesterov: false), .sgd(momentum: 0.9, isNesterov: false),
      .sgd(momentum: 0.9, isNesterov: true),
      .rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: 0, isCentered: false),
      .rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: 0.9, isCentered: false),
      .rmsProp(smoothing: 0.9, epsilon: 1e-3, momentum: 0, isCentered: true),
      .rmsProp(smoothing: 0.9, epsilon: 1e-3, momentum: 0.9, isCentered: true),
      .adagrad(epsilon: 1e-10), .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: false),
      .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: true),
    ]
    for rule in rules {
      for (weightDecay, decaysDirectly) in [(0.0, false), (0.1, false), (0.1, true)] {
        let step = OptimizerStep(rule: rule, weightDecay: weightDecay, decaysDirectly: decaysDirectly)
        examineSteps(step, 129)
      }
      for count in [0, 1, 1000, 1025, 8193] { examineSteps(OptimizerStep(rule: rule), count) }
      examineSkippedStep(OptimizerStep(rule: rule, weightDecay: 0.1))
    }
    for rule in rules { examineLargeGradients(OptimizerStep(rule: rule)) }
    examineNorm()
    examineClipFactor()
  }

  /// Three steps, each with different gradients and scalars; the second with clipping. With halves, one step, because the
  /// next one starts from rounded numbers.
  private func examineSteps(_ step: OptimizerStep, _ count: Int) {
    let parameters = numbers.floats(count)
    var gradients = numbers.signed(3 * count, magnitude: 0.01...1)
    // A gradient that stays 0 changes nothing.
    if count > 3 { for i in 0..<3 { gradients[i * count + 2] = 0 } }
    let scalars = (1...3).flatMap { stepScalars($0) }
    let decay = step.weightDecay == 0 ? "" : ", decay \(step.weightDecay)\(step.decaysDirectly ? " direct" : "")"
    let steps = computesHalves ? 1 : 3
    examine("optimizerStep \(step.rule)\(decay)", "[\(count)], \(steps) steps", isFused: true) { testCase in
      let tolerance = tolerance(step.rule)
      let p = testCase.updated(parameters, offset: 3, within: tolerance, name: "parameters")
      let g = testCase.input(gradients, offset: 1)
      let states = (0..<step.stateCount).map {
        testCase.updated([Double](repeating: 0, count: count), offset: 2, within: tolerance, name: "state \($0)")
      }
      let scalar = testCase.input(scalars, offset: 4)
      return { backend, s in
        for i in 0..<steps {
          try backend.optimizerStep(
            step, parameters: s[p], gradients: s[g].advanced(by: i * count), states: states.map { s[$0] },
            count: count, scalars: s[scalar].advanced(by: i * StepScalars.count))
        }
      }
    }
  }

  /// A skipped step changes nothing, even if its gradients are NaN.
  private func examineSkippedStep(_ step: OptimizerStep) {
    let count = 129
    var gradients = numbers.floats(count)
    for (index, value) in [Double.nan, .infinity, -.infinity].enumerated() { gradients[index * 40] = value }
    var scalars = stepScalars(1)
    scalars[StepScalars.skip] = 1
    let parameters = numbers.floats(count)
    let values = (0..<step.stateCount).map { _ in numbers.floats(count) }
    examine("optimizerStep \(step.rule), left out", "[\(count)]", isFused: true) { testCase in
      let p = testCase.updated(parameters, offset: 3, within: .number, name: "parameters")
      let g = testCase.input(gradients, offset: 1)
      let states = (0..<step.stateCount).map {
        testCase.updated(values[$0], offset: 2, within: .number, name: "state \($0)")
      }
      let scalar = testCase.input(scalars, offset: 4)
      return { backend, s in
        try backend.optimizerStep(
          step, parameters: s[p], gradients: s[g], states: states.map { s[$0] }, count: count, scalars: s[scalar])
      }
    }
  }

  /// Constants, products, and quotients: a few ulps per step, for numbers around 1. The velocity of RMSProp is
  /// initially around 10, a gradient divided by a tenth of itself, and the remainder after a sign change keeps its
  /// error.
  private func tolerance(_ rule: OptimizerStep.Rule) -> Tolerance {
    if case .rmsProp(_, _, let momentum, _) = rule, momentum != 0 { return .mixed(ulps: 64, absolute: 32) }
    return .mixed(ulps: 16, absolute: 4)
  }

  /// The scalars of step `t`; those that no rule reads are NaN.
  private func stepScalars(_ t: Int) -> [Double] {
    var scalars = [Double](repeating: .nan, count: StepScalars.count)
    scalars[StepScalars.learningRate] = 0.01 * Double(t)
    scalars[StepScalars.gradientScale] = t == 2 ? 0.5 : 1
    scalars[StepScalars.gradientBound] = t == 2 ? 0.25 : .infinity
    // β₁ = 0.9 and β₂ = 0.999, raised to t.
    scalars[StepScalars.firstCorrection] = 1 - [0.9, 0.81, 0.729][t - 1]
    scalars[StepScalars.secondCorrectionRoot] = (1 - [0.999, 0.998_001, 0.997_002_999][t - 1]).squareRoot()
    return scalars.map { Double(Float($0)) }
  }

  /// A gradient whose square overflows, but not the mean square; then a normal one.
  private func examineLargeGradients(_ step: OptimizerStep) {
    if case .adagrad = step.rule { return }  // it has no mean
    let count = 129
    let gradients = numbers.signed(count, magnitude: 2e19...5e19) + numbers.floats(count)
    let parameters = numbers.floats(count)
    let steps = computesHalves ? 1 : 2
    examine("optimizerStep \(step.rule), large gradients", "[\(count)], \(steps) steps", isFused: true) { testCase in
      // After a step of 1e18, the remainder of a parameter is rounded to that magnitude.
      let tolerance = Tolerance.mixed(ulps: 64, absolute: 32)
      let p = testCase.updated(parameters, offset: 3, within: tolerance, name: "parameters")
      let g = testCase.input(gradients, offset: 1)
      let states = (0..<step.stateCount).map {
        testCase.updated([Double](repeating: 0, count: count), offset: 2, within: tolerance, name: "state \($0)")
      }
      let scalar = testCase.input((1...2).flatMap { stepScalars(2 * $0 - 1) }, offset: 4)
      return { backend, s in
        for i in 0..<steps {
          try backend.optimizerStep(
            step, parameters: s[p], gradients: s[g].advanced(by: i * count), states: states.map { s[$0] },
            count: count, scalars: s[scalar].advanced(by: i * StepScalars.count))
        }
      }
    }
  }

  private func examineNorm() {
    for count in Special.sizes + [100_000] {
      // The squares of the larger ones overflow.
      for (accumulating, size) in [(false, 1.0), (true, 1), (false, 1e20), (true, 1e20), (false, 1e35)] {
        let values = numbers.floats(count, in: -4...4).map { Double(Float($0 * size)) }
        let tolerance = Tolerance.ulps(32)
        let name = "norm float32\(accumulating ? " accumulating" : "")"
        examine(name, "[\(count)] of numbers up to \(4 * size)", isFused: true) { testCase in
          let x = testCase.input(values, offset: 3)
          let y =
            accumulating
            ? testCase.updated([Double(Float(2.5 * size))], offset: 1, within: tolerance)
            : testCase.output(1, offset: 1, within: tolerance)
          return { backend, s in
            try backend.norm(s[x], count: count, accumulating: accumulating, into: s[y])
          }
        }
      }
    }
  }

  private func examineClipFactor() {
    for norm in [0.0, 1, 2, 1e4, 1e-6, 1e30, .infinity, .nan] {
      for maximum in [1.0, 0.1, 1000] {
        examine("clipFactor float32", "norm \(norm), maximum \(maximum)", isFused: true) { testCase in
          let x = testCase.input([Double(Float(norm))], offset: 2)
          let y = testCase.output(1, offset: StepScalars.gradientScale, within: .ulps(8))
          return { backend, s in
            try backend.clipFactor(norm: s[x], maximumNorm: maximum, into: s[y])
          }
        }
      }
    }
  }
}
