import BackendCore

/// Several steps of every rule, the sum of squares, and the clip factor.
extension Examiner {
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
      for count in [0, 1, 1000] { examineSteps(OptimizerStep(rule: rule), count) }
      examineSkippedStep(OptimizerStep(rule: rule, weightDecay: 0.1))
    }
    examineSumOfSquares()
    examineClipFactor()
  }

  /// Three steps, each with gradients and scalars of its own; the second with clipping.
  private func examineSteps(_ step: OptimizerStep, _ count: Int) {
    let parameters = numbers.floats(count)
    var gradients = numbers.signed(3 * count, magnitude: 0.01...1)
    // A gradient that stays 0 moves nothing.
    if count > 3 { for i in 0..<3 { gradients[i * count + 2] = 0 } }
    let scalars = (1...3).flatMap { stepScalars($0) }
    let decay = step.weightDecay == 0 ? "" : ", decay \(step.weightDecay)\(step.decaysDirectly ? " direct" : "")"
    examine("optimizerStep \(step.rule)\(decay)", "[\(count)], 3 steps", isFused: true) { trial in
      let tolerance = tolerance(step.rule)
      let p = trial.updated(parameters, offset: 3, within: tolerance, name: "parameters")
      let g = trial.input(gradients, offset: 1)
      let states = (0..<step.stateCount).map {
        trial.updated([Double](repeating: 0, count: count), offset: 2, within: tolerance, name: "state \($0)")
      }
      let scalar = trial.input(scalars, offset: 4)
      return { backend, s in
        for i in 0..<3 {
          try backend.optimizerStep(
            step, parameters: s[p], gradients: s[g].advanced(by: i * count), states: states.map { s[$0] },
            count: count, scalars: s[scalar].advanced(by: i * StepScalars.count))
        }
      }
    }
  }

  /// A step that is left out changes nothing, though its gradients are no numbers.
  private func examineSkippedStep(_ step: OptimizerStep) {
    let count = 129
    var gradients = numbers.floats(count)
    for (index, value) in [Double.nan, .infinity, -.infinity].enumerated() { gradients[index * 40] = value }
    var scalars = stepScalars(1)
    scalars[StepScalars.skip] = 1
    let parameters = numbers.floats(count)
    let values = (0..<step.stateCount).map { _ in numbers.floats(count) }
    examine("optimizerStep \(step.rule), left out", "[\(count)]", isFused: true) { trial in
      let p = trial.updated(parameters, offset: 3, within: .number, name: "parameters")
      let g = trial.input(gradients, offset: 1)
      let states = (0..<step.stateCount).map {
        trial.updated(values[$0], offset: 2, within: .number, name: "state \($0)")
      }
      let scalar = trial.input(scalars, offset: 4)
      return { backend, s in
        try backend.optimizerStep(
          step, parameters: s[p], gradients: s[g], states: states.map { s[$0] }, count: count, scalars: s[scalar])
      }
    }
  }

  /// Constants, products and quotients: a few ulps a step, of numbers around 1. The velocity of RMSProp is around 10 at
  /// first, a gradient divided by a tenth of itself, and what is left of it after a change of sign keeps its error.
  private func tolerance(_ rule: OptimizerStep.Rule) -> Tolerance {
    if case .rmsProp(_, _, let momentum, _) = rule, momentum != 0 { return .mixed(ulps: 64, absolute: 32) }
    return .mixed(ulps: 16, absolute: 4)
  }

  /// The numbers of step `t`; those that no rule reads are NaN.
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

  private func examineSumOfSquares() {
    for count in Special.sizes + [100_000] {
      for (accumulating, terms) in [(false, Terms.whole), (true, .whole), (false, .rough), (true, .rough)] {
        let values = terms.values(count, &numbers)
        let tolerance = terms.tolerance(length: count)
        let name = "sumOfSquares float32\(accumulating ? " accumulating" : "")"
        examine(name, "[\(count)] of \(terms) numbers", isFused: true) { trial in
          let x = trial.input(values, offset: 3)
          let y =
            accumulating
            ? trial.updated([2.5], offset: 1, within: tolerance)
            : trial.output(1, offset: 1, within: tolerance)
          return { backend, s in
            try backend.sumOfSquares(s[x], count: count, accumulating: accumulating, into: s[y])
          }
        }
      }
    }
  }

  private func examineClipFactor() {
    for sum in [0.0, 1, 4, 1e8, 1e-12, .infinity, .nan] {
      for maximum in [1.0, 0.1, 1000] {
        examine("clipFactor float32", "sum \(sum), maximum \(maximum)", isFused: true) { trial in
          let x = trial.input([Double(Float(sum))], offset: 2)
          let y = trial.output(1, offset: StepScalars.gradientScale, within: .ulps(8))
          return { backend, s in
            try backend.clipFactor(sumOfSquares: s[x], maximumNorm: maximum, into: s[y])
          }
        }
      }
    }
  }
}
