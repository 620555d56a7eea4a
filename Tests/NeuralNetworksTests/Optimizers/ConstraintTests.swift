import Testing

@testable import NeuralNetworks

@Suite struct ConstraintTests {
  private func model(on device: Device) throws -> Sequential {
    let model = Sequential { Dense(2) }
    try model.build(inputShape: [3], on: device, seed: 1)
    return model
  }

  /// Returns the weight after a step with a learning rate of 1 from zero along these numbers.
  private func weight(
    _ constraint: Constraint, _ numbers: [Float], on device: Device, _ rule: any UpdateRule = SGD(learningRate: 1)
  ) throws -> [Double] {
    let model = try model(on: device)
    let weight = try #require(model.parameters["0.weight"])
    weight.assign(.zeros([3, 2], on: device))
    let direction = Tensor(numbers, shape: [3, 2], on: device)
    let optimizer = Optimizer(rule, groups: [ParameterGroup("**.weight", constraint: constraint)])
    try optimizer.update(model, with: valueAndGradient(at: model) { _ in -(weight.value * direction).sum() }.gradient)
    return try weight.value.scalars(as: Double.self)
  }

  private func expect(_ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      expectClose(found, expected, relative: 1e-6, absolute: 0, sourceLocation: sourceLocation)
    }
  }

  /// The numbers of the first unit have a norm of 5, those of the second one of 1.
  static let numbers: [Float] = [3, 0.6, 0, -0.8, -4, 0]

  @Test(arguments: TestDevices.all) func normsAndSigns(_ device: Device) throws {
    let numbers = Self.numbers
    expect(try weight(.maximumNorm(2), numbers, on: device), [1.2, 0.6, 0, -0.8, -1.6, 0])
    expect(try weight(.maximumNorm(0), numbers, on: device), [0, 0, 0, 0, 0, 0])
    expect(try weight(.unitNorm(), numbers, on: device), [0.6, 0.6, 0, -0.8, -0.8, 0])
    expect(try weight(.unitNorm(axes: [1]), [3, 4, 0, 0, -1, 0], on: device), [0.6, 0.8, 0, 0, -1, 0])
    expect(try weight(.maximumNorm(1, axes: [0, 1]), [3, 0, 0, 4, 0, 0], on: device), [0.6, 0, 0, 0.8, 0, 0])
    expect(try weight(.nonNegative, numbers, on: device), [3, 0.6, 0, 0, 0, 0])
    expect(try weight(.normRange(2, 3), numbers, on: device), [1.8, 1.2, 0, -1.6, -2.4, 0])
    expect(try weight(.normRange(2, 3, rate: 0.5), numbers, on: device), [2.4, 0.9, 0, -1.2, -3.2, 0])
    // Squares that overflow.
    expect(try weight(.maximumNorm(5), numbers.map { $0 * 1e25 }, on: device), [3, 3, 0, -4, -4, 0])
  }

  /// A norm below the bound leaves the bits, and a rule that is composed of operations has the same results.
  @Test(arguments: TestDevices.all) func parametersWithinTheBoundStay(_ device: Device) throws {
    let numbers = Self.numbers
    #expect(try weight(.maximumNorm(6), numbers, on: device) == numbers.map(Double.init))
    let composed = TrajectoryTests.Composed(rule: SGD(learningRate: 1))
    expect(try weight(.maximumNorm(2), numbers, on: device, composed), [1.2, 0.6, 0, -0.8, -1.6, 0])
  }

  /// A step that is skipped leaves parameters that do not meet their constraint.
  @Test(arguments: TestDevices.all, 0..<3) func skippedStepsChangeNothing(_ device: Device, kind: Int) throws {
    let model = try model(on: device)
    let weight = try #require(model.parameters["0.weight"])
    weight.assign(Tensor(Self.numbers, shape: [3, 2], on: device))
    // One launch, one parameter at a time, and all parameters of a group together.
    let rules: [any UpdateRule] = [
      SGD(learningRate: 1), TrajectoryTests.Composed(rule: SGD(learningRate: 1)), Optimizer.adamax().rule,
    ]
    let optimizer = Optimizer(rules[kind], groups: [ParameterGroup("**.weight", constraint: .maximumNorm(2))])
    optimizer.skipsNonFiniteGradients = true
    for factor in [Double.nan, 1] {
      try optimizer.update(model, with: valueAndGradient(at: model) { _ in (weight.value * factor).sum() }.gradient)
      #expect(try weight.value.scalars() == Self.numbers)
    }
    #expect(try optimizer.skippedSteps() == 2)
    optimizer.skipsNonFiniteGradients = true
    try optimizer.update(model, with: valueAndGradient(at: model) { _ in (weight.value * 0).sum() }.gradient)
    expect(try weight.value.scalars(as: Double.self), [1.2, 0.6, 0, -0.8, -1.6, 0])
  }

  @Test func constraintsThatDoNotFitAreRefused() throws {
    for (constraint, reason) in [
      (Constraint.maximumNorm(-1), "the maximum norm is -1.0"), (.unitNorm(axes: [2]), "the axes [2]"),
      (.maximumNorm(1, axes: []), "the axes []"), (.unitNorm(axes: [0, 0]), "for the shape [3, 2]"),
    ] {
      let model = try model(on: .cpu)
      let before = try model.numbers()
      let optimizer = Optimizer.adam(groups: [ParameterGroup("**.weight", constraint: constraint)])
      #expect {
        try optimizer.update(model, with: valueAndGradient(at: model) { $0(.ones([1, 3]), .inference).sum() }.gradient)
      } throws: { error in
        "\(error)".contains("the constraint of 0.weight") && "\(error)".contains(reason)
      }
      #expect(try model.numbers() == before && optimizer.step == 0)
    }
  }
}
