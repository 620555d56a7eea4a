import NeuralNetworks
import Testing

/// Gradients whose squares overflow float32: the results of PyTorch where it does not overflow, and of its formulas
/// where it does.
@Suite struct LargeGradientTests {
  /// Parameters p with a given gradient.
  final class Point: Module {
    let p: Parameter

    init(_ values: [Float], on device: Device) {
      p = Parameter([values.count], .zeros)
      p.value = Tensor(values, on: device)
    }

    func gradients(_ numbers: [Float]) -> Gradients {
      valueAndGradient(at: self) { ($0.p.value * Tensor(numbers, on: $0.p.value.device)).sum() }.gradient
    }
  }

  /// The public formula of a rule that backends do not know.
  struct Formula: UpdateRule {
    let rule: any UpdateRule
    var learningRate: any LearningRate { rule.learningRate }
    var stateNames: [String] { rule.stateNames }
    func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
      rule.updated(parameter, gradient: gradient, state: &state, step: step)
    }
  }

  /// PyTorch 2.15, float32: p = 1 after gradients of 1e20, 1, 1, 1 at a learning rate of 0.1.
  static let stored: [(rule: any UpdateRule, points: [Double])] = [
    (Adam(learningRate: 0.1), [0.9000000357627869, 0.8329942226409912, 0.7811985015869141, 0.738770604133606]),
    (
      Adam(learningRate: 0.1, isAMSGrad: true),
      [0.9000000357627869, 0.833027720451355, 0.7812837958335876, 0.7389195561408997]
    ),
    (AdamW(learningRate: 0.1), [0.8990000486373901, 0.8310952186584473, 0.7784684896469116, 0.7352621555328369]),
    (
      AdamW(learningRate: 0.1, isAMSGrad: true),
      [0.8990000486373901, 0.831128716468811, 0.7785536646842957, 0.7354108691215515]
    ),
    (RMSProp(learningRate: 0.1), [0, 0, 0, 0]),
    (
      RMSProp(learningRate: 0.1, isCentered: true),
      [-0.005037784576416016, -0.005037784576416016, -0.005037784576416016, -0.005037784576416016]
    ),
  ]

  @Test(arguments: TestDevices.all) func parametersGoOnMoving(_ device: Device) throws {
    for (rule, points) in Self.stored {
      for (name, rule) in [("one launch", rule), ("formula", Formula(rule: rule) as any UpdateRule)] {
        let model = Point([1], on: device)
        let optimizer = Optimizer(rule)
        for (gradient, expected) in zip([1e20, 1, 1, 1] as [Float], points) {
          try optimizer.update(model, with: model.gradients([gradient]))
          let found = try model.p.value.scalars(as: Double.self)[0]
          #expect((found - expected).magnitude < 2e-6, "\(rule), \(name) on \(device): \(found), expected \(expected)")
        }
      }
    }
  }

  /// For equal gradients, the mean of the squares and the square of the mean soon differ only by rounding, also below
  /// 0.
  @Test(arguments: TestDevices.all) func theCenteredFormulaStaysANumber(_ device: Device) throws {
    let gradient: [Float] = (0..<64).map { 0.1 + 0.37 * Float($0) }
    let rule = RMSProp(learningRate: 1e-6, smoothing: 0.5, epsilon: 1e-2, isCentered: true)
    let models = [Point(gradient, on: device), Point(gradient, on: device)]
    let optimizers = [Optimizer(rule), Optimizer(Formula(rule: rule))]
    for _ in 0..<60 {
      for (model, optimizer) in zip(models, optimizers) { try optimizer.update(model, with: model.gradients(gradient)) }
    }
    for model in models { #expect(try model.p.value.scalars(as: Float.self).allSatisfy(\.isFinite), "on \(device)") }
  }

  @Test(arguments: TestDevices.all) func theGlobalNormOfLargeGradientsIsClipped(_ device: Device) throws {
    for size in [1e20, 1e30, 1e36] as [Float] {
      let numbers = [3 * size, -4 * size]
      let model = Point([0, 0], on: device)
      let gradients = model.gradients(numbers)
      let norm = try gradients.globalNorm().scalars(as: Double.self)[0]
      #expect((norm / Double(size) - 5).magnitude < 1e-5, "\(norm) on \(device)")
      try expectClose(gradients.clipped(globalNorm: 1)[model.p] ?? model.p.value, [0.6, -0.8])
      for rule in [SGD(learningRate: 1), Formula(rule: SGD(learningRate: 1))] as [any UpdateRule] {
        let model = Point([0, 0], on: device)
        try Optimizer(rule, clipping: .globalNorm(1)).update(model, with: model.gradients(numbers))
        try expectClose(model.p.value, [-0.6, 0.8])
      }
    }
  }
}
