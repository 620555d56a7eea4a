import NeuralNetworks
import Testing

extension ComposedRuleTests {
  /// Lamb's numbers come from its formula in Python, those of ASGD from PyTorch with float64 as the default type, which
  /// is the type of its learning rate.
  static let scaled: [Trajectory] = [
    Trajectory(
      testDescription: "Rprop", rule: Rprop(learningRate: 0.1),
      points: [
        1: [1.1, -1.9, 0.4, 2.9],
        2: [1.22, -1.78, 0.28, 2.78],
        6: [1.4504, -1.007008, -0.492992, 2.007008],
        50: [1.471240083272, -0.39003787491712, -0.452672769566966, -0.357846738802573],
      ]),
    Trajectory(
      testDescription: "Rprop, other settings",
      rule: Rprop(learningRate: 0.05, decreaseFactor: 0.4, increaseFactor: 1.5, stepSizes: 1e-4...0.3),
      points: [
        1: [1.05, -1.95, 0.45, 2.95],
        2: [1.125, -1.875, 0.375, 2.875],
        6: [1.659375, -1.040625, -0.459375, 2.040625],
        50: [1.471170486528, -0.39006137952, -0.4526111312, -0.35787537248],
      ]),
    Trajectory(
      testDescription: "ASGD", rule: ASGD(learningRate: 0.05),
      points: [
        1: [1.11849387449007, -1.84401554299755, 0.454386919749845, 2.5366545392827],
        2: [1.23151496594612, -1.67704145174836, 0.39165577398498, 1.99307245426714],
        6: [1.44430659294404, -0.625414166013592, -0.0967092176676211, 1.03001883122305],
        50: [1.47122413286122, -0.390036861087945, -0.452647379304307, -0.357815210677886],
      ]),
    Trajectory(
      testDescription: "ASGD, weight decay",
      rule: ASGD(learningRate: 0.05, decay: 0.02, power: 0.6, averagingStart: 3, weightDecay: 0.1),
      points: [
        1: [1.11249887449007, -1.83202554299755, 0.451389419749845, 2.5186695392827],
        2: [1.21951553429227, -1.65222185354547, 0.384883060426149, 1.95612360189382],
        6: [1.42484534578541, -0.57955821223496, -0.115782533263819, 1.00913661326005],
        50: [1.45213513846003, -0.385929336657162, -0.447378977812716, -0.35424197012592],
      ]),
    Trajectory(
      testDescription: "Lamb", rule: Lamb(learningRate: 0.05),
      points: [
        1: [1.07905694110347, -1.92094305809505, 0.392470939475637, 2.8924709288483],
        2: [1.15692767026661, -1.8430192823519, 0.290732166181897, 2.78782736339825],
        6: [1.45274634121948, -1.53179019923873, -0.0797606097022127, 2.40966588836058],
        50: [1.44347553263206, -0.433502888329896, -0.476858803489504, 0.155241126298661],
      ]),
    Trajectory(
      testDescription: "Lamb, weight decay",
      rule: Lamb(learningRate: 0.03, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.2),
      points: [
        1: [1.04114932092114, -1.94085020109613, 0.43287283409446, 2.91786649633052],
        2: [1.08134047574841, -1.88276075411623, 0.368218819998152, 2.83801785490967],
        6: [1.23195081772463, -1.65837099775563, 0.129251494864786, 2.54294562664237],
        50: [1.48070671866413, -0.419630259935388, -0.444327175602927, 0.522750798901725],
      ]),
  ]
}

/// Rules with step sizes, averages, and scaled steps, beyond their trajectories.
@Suite struct ScaledRuleTests {
  typealias Point = TrajectoryTests.Point

  private func update(_ point: Point, with optimizer: Optimizer, times: Int = 1, factor: Double = 1) throws {
    for _ in 0..<times {
      try optimizer.update(point, with: valueAndGradient(at: point) { factor * $0.loss() }.gradient)
    }
  }

  /// The averages of PyTorch after 50 steps.
  @Test(arguments: TestDevices.all) func averagesArePyTorchs(_ device: Device) throws {
    let expected = [1.44975505981995, -0.402654581329832, -0.420571539157018, -0.0438881797992145]
    for (device, dtype, tolerance) in [(TestDevices.reference, DType.float64, 1e-11), (device, .float32, 1e-4)] {
      let point = try Point(on: device, dtype)
      let optimizer = Optimizer.asgd(
        learningRate: 0.05, decay: 0.02, power: 0.6, averagingStart: 3, weightDecay: 0.1)
      #expect(optimizer.averagedParameters.isEmpty)
      try update(point, with: optimizer, times: 4)
      let average = try #require(optimizer.averagedParameters["b"])
      #expect(try average.scalars(as: Double.self) == point.b.value.scalars(as: Double.self))
      try update(point, with: optimizer, times: 46)
      let averages = optimizer.averagedParameters
      #expect(averages.count == 2)
      try expectClose(try #require(averages["a"]), Array(expected[..<2]), relative: 0, absolute: tolerance)
      try expectClose(try #require(averages["b"]), Array(expected[2...]), relative: 0, absolute: tolerance)
    }
    let point = try Point(on: device, .float32)
    let optimizer = Optimizer.sgd(momentum: 0.9)
    try update(point, with: optimizer)
    #expect(optimizer.averagedParameters.isEmpty)
  }

  /// Parameters that are trained later start with the learning rate.
  @Test(arguments: TestDevices.all) func stepSizesStartWithTheLearningRate(_ device: Device) throws {
    let point = try Point(on: device, .float32)
    let optimizer = Optimizer.rprop(learningRate: 0.25)
    point.b.isTrainable = false
    try update(point, with: optimizer, times: 2)
    point.b.isTrainable = true
    try update(point, with: optimizer)
    #expect(try point.b.value.scalars() == [0.25, 2.75])
    // The first gradients of a do not change their signs: 0.25 and 0.3.
    let before = try Point(on: device, .float32)
    try update(before, with: .rprop(learningRate: 0.25), times: 2)
    try expectClose(before.a.value, [1.55, -1.45], relative: 0, absolute: 1e-6)
  }

  /// A parameter of zeros, whose step has no length to follow, and one without a gradient.
  @Test(arguments: TestDevices.all) func stepsWithoutLengthHaveTheRatio1(_ device: Device) throws {
    let point = try Point(on: device, .float32)
    point.a.value = .zeros([2], on: device)
    try update(point, with: .lamb(learningRate: 0.125))
    try expectClose(point.a.value, [-0.125, -0.125], relative: 0, absolute: 1e-6)
    let still = try Point(on: device, .float32)
    try update(still, with: .lamb(learningRate: 0.125), factor: 0)
    #expect(try still.values() == [1, -2, 0.5, 3])
  }

  @Test func invalidSettingsAreNamed() throws {
    let cases: [(Optimizer, String)] = [
      (.rprop(decreaseFactor: 1), "decreaseFactor is 1.0"), (.rprop(decreaseFactor: 0), "decreaseFactor is 0.0"),
      (.rprop(increaseFactor: 1), "increaseFactor is 1.0"), (.rprop(increaseFactor: .nan), "increaseFactor is nan"),
      (.rprop(stepSizes: 0...1), "the smallest step size is 0.0"),
      (.rprop(stepSizes: 1 ... .infinity), "the largest step size is inf"),
      (.asgd(decay: -1), "the decay is -1.0"), (.asgd(power: .infinity), "the power is inf"),
      (.asgd(averagingStart: .nan), "averagingStart is nan"), (.asgd(weightDecay: -1), "the weight decay is -1.0"),
      (.lamb(beta1: 1), "beta1 is 1.0"), (.lamb(beta2: -0.5), "beta2 is -0.5"), (.lamb(epsilon: -1), "epsilon is -1.0"),
      (.lamb(weightDecay: .nan), "the weight decay is nan"),
    ]
    for (optimizer, fragment) in cases {
      let point = try Point(on: .cpu, .float32)
      #expect {
        try update(point, with: optimizer)
      } throws: {
        "\($0)".contains(fragment)
      }
    }
  }
}
