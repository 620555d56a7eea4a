import BackendCore
import BackendReference
import Testing

/// Compares three steps of every rule with `torch.optim` in float64 with the same constants.
@Suite struct OptimizerStepsTests {
  static let gradients = [[0.5, -1.5, 0.1], [0.2, 0.9, -0.4], [-0.7, 0.3, 0.8]]

  struct Run: Sendable, CustomTestStringConvertible {
    let step: OptimizerStep
    let expected: [Double]

    init(_ rule: OptimizerStep.Rule, decay: Double = 0, direct: Bool = false, _ expected: [Double]) {
      step = OptimizerStep(rule: rule, weightDecay: decay, decaysDirectly: direct)
      self.expected = expected
    }

    var testDescription: String { "\(step.rule), decay \(step.weightDecay)" }
  }

  static let adam = OptimizerStep.Rule.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: false)

  static func rmsProp(_ momentum: Double, centered: Bool) -> OptimizerStep.Rule {
    .rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: momentum, isCentered: centered)
  }

  static let runs: [Run] = [
    Run(.sgd(momentum: 0, isNesterov: false), [1, -0.47, 0.2]),
    Run(.sgd(momentum: 0, isNesterov: false), decay: 0.1, [0.971494, -0.4572345, 0.19237374999999998]),
    Run(.sgd(momentum: 0.9, isNesterov: false), [0.8965, -0.2945, 0.2189]),
    Run(
      .sgd(momentum: 0.9, isNesterov: true), decay: 0.1, [0.8335806459999999, -0.25759208549999996, 0.15181242625]),
    Run(rmsProp(0, centered: false), [0.4223372678596673, -0.18686542293838818, -0.6694488161524649]),
    Run(rmsProp(0.9, centered: false), [-1.6233640584982292, 1.0583764881833937, -1.5060621521354083]),
    Run(rmsProp(0.9, centered: true), [-1.6430452987675581, 1.0714543313700564, -1.516169356448096]),
    Run(rmsProp(0, centered: true), decay: 0.1, [0.43552401858595363, -0.18304168817656827, -0.6454190512338028]),
    Run(.adagrad(epsilon: 1e-10), [0.9421203247726335, -0.46835266064009606, 0.1581253612119914]),
    Run(adam, [0.8184634738757736, -0.37706773704879565, 0.16896603935156276]),
    Run(adam, decay: 0.1, [0.7983079551843661, -0.36970890491964375, 0.15994302991611206]),
    Run(adam, decay: 0.1, direct: true, [0.7916510490169443, -0.3643987350692079, 0.16297128567771152]),
    // With β₂ = 0.5, the squares decrease fast enough for the largest to matter.
    Run(
      .adam(beta1: 0.9, beta2: 0.5, epsilon: 1e-8, isAMSGrad: true),
      [0.8236209175924875, -0.3772449019495276, 0.16927348695109593]),
    Run(
      .adam(beta1: 0.9, beta2: 0.5, epsilon: 1e-8, isAMSGrad: false),
      [0.8042706340737774, -0.37416297745793314, 0.16927348695109593]),
  ]

  @Test(arguments: runs)
  func agreesWithPyTorch(_ run: Run) throws {
    let backend = ReferenceBackend()
    let found = try train(run.step, on: backend, Self.gradients) { _ in (1, .infinity) }
    #expect(agree(found, run.expected), "\(found)")
  }

  /// Scaling precedes the bound, and both precede everything else.
  @Test func gradientsAreScaledThenBounded() throws {
    let backend = ReferenceBackend()
    let step = OptimizerStep(rule: .sgd(momentum: 0.9, isNesterov: false), weightDecay: 0.1)
    let found = try train(step, on: backend, [[0.5, -1.5, 0.1]]) { _ in (0.5, 0.3) }
    // g = 0.25, −0.3 and 0.05, then 0.1·p is added; lr = 0.1.
    #expect(agree(found, [1 - 0.035, -0.5 + 0.035, 0.25 - 0.0075]))
  }

  private func train(
    _ step: OptimizerStep, on backend: any Backend, _ gradients: [[Double]],
    clipping: (Int) -> (scale: Double, bound: Double)
  ) throws -> [Double] {
    let parameters = try buffer([1, -0.5, 0.25])
    let states = try (0..<step.stateCount).map { _ in try buffer([0, 0, 0]) }
    var (power1, power2) = (1.0, 1.0)
    for (t, gradient) in gradients.enumerated() {
      var scalars = [Double](repeating: .nan, count: StepScalars.count)
      if case .adam(let beta1, let beta2, _, _) = step.rule {
        power1 *= beta1
        power2 *= beta2
        scalars[StepScalars.firstCorrection] = 1 - power1
        scalars[StepScalars.secondCorrectionRoot] = (1 - power2).squareRoot()
      }
      scalars[StepScalars.learningRate] = 0.1
      (scalars[StepScalars.gradientScale], scalars[StepScalars.gradientBound]) = clipping(t)
      try backend.optimizerStep(
        step, parameters: parameters, gradients: try buffer(gradient), states: states, count: 3,
        scalars: try buffer(scalars))
    }
    return try values(parameters)
  }

  /// `torch.nn.utils.clip_grad_norm_` of (3, 4).
  @Test func clipFactors() throws {
    let backend = ReferenceBackend()
    let norm = try result(1)
    try backend.norm(try buffer([3]), count: 1, accumulating: false, into: norm)
    try backend.norm(try buffer([4]), count: 1, accumulating: true, into: norm)
    #expect(try values(norm) == [5])
    let factor = try result(1)
    try backend.clipFactor(norm: norm, maximumNorm: 0.5, into: factor)
    #expect(agree(try values(factor), [0.299999940000012 / 3]))
    try backend.clipFactor(norm: norm, maximumNorm: 1000, into: factor)
    #expect(try values(factor) == [1])
    try backend.clipFactor(norm: try buffer([.nan]), maximumNorm: 1, into: factor)
    #expect(try values(factor)[0].isNaN)
  }
}
