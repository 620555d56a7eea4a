import HostSystem
import Testing

@testable import NeuralNetworks

/// Compares the rules that are composed of operations with PyTorch 2.15, in double precision: the minimization of
/// `TrajectoryTests`, after 1, 2, 6, and 50 steps. Lion's numbers come from its formula in Python.
@Suite struct ComposedRuleTests {
  typealias Trajectory = TrajectoryTests.Trajectory

  static let stored = adaptive + scaled

  static let adaptive: [Trajectory] = [
    Trajectory(
      testDescription: "Adamax", rule: Adamax(learningRate: 0.1),
      points: [
        1: [1.09999999957806, -1.90000000032057, 0.400000001096237, 2.90000000010791],
        2: [1.19859873512418, -1.80113197859598, 0.321133995443879, 2.80044284627182],
        6: [1.50659100226103, -1.45463796246024, 0.0209366553138679, 2.42171104236312],
        50: [1.46934665894572, -0.438347417671005, -0.483436397542928, 0.425428104939791],
      ]),
    Trajectory(
      testDescription: "Adamax, weight decay",
      rule: Adamax(learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.2),
      points: [
        1: [1.04997696889985, -1.95001420257186, 0.450049348033277, 2.95000506708352],
        2: [1.10005731919528, -1.90001327288736, 0.405964410916491, 2.90002239408616],
        6: [1.31835538153266, -1.70760341554124, 0.243217189470969, 2.70287524815686],
        50: [1.44463075148951, -0.418228440085436, -0.457012328025544, 0.315431510556439],
      ]),
    Trajectory(
      testDescription: "NAdam", rule: NAdam(learningRate: 0.1),
      points: [
        1: [1.10564517738977, -1.89435482250312, 0.394354823322583, 2.89435482227847],
        2: [1.18282041303433, -1.81503105223549, 0.299432259281099, 2.81561915240354],
        6: [1.41336552990722, -1.48397393186187, -0.0699408117577259, 2.50685932258537],
        50: [1.4712476735311, -0.392023455800871, -0.452658385180628, 0.480323203084105],
      ]),
    Trajectory(
      testDescription: "NAdam, weight decay",
      rule: NAdam(learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.2, momentumDecay: 0.1),
      points: [
        1: [1.05480931555601, -1.94518971597924, 0.44519357316555, 2.9451887141659],
        2: [1.09809431418606, -1.90178496195649, 0.396850426224725, 2.90177077780578],
        6: [1.26038980686622, -1.72373247667958, 0.192314949701956, 2.72676283001129],
        50: [1.43947227802081, -0.377579177349816, -0.443927359235302, 1.01924857809639],
      ]),
    Trajectory(
      testDescription: "NAdam, decoupled decay",
      rule: NAdam(learningRate: 0.05, weightDecay: 0.2, isDecayDecoupled: true),
      points: [
        1: [1.04282258869489, -1.92717741125156, 0.442177411661291, 2.91717741113923],
        2: [1.07160834513847, -1.86854660297026, 0.39274147054287, 2.84871575790892],
        6: [1.17266227780561, -1.63855577555161, 0.195751501326749, 2.58560227529799],
        50: [1.43780370281078, -0.338813733008609, -0.440453577451845, 0.757948083665755],
      ]),
    Trajectory(
      testDescription: "RAdam", rule: RAdam(learningRate: 0.1),
      points: [
        1: [1.23699774898013, -1.68805108599511, 0.408778839499689, 2.0733390785654],
        2: [1.44317953530902, -1.3281547848094, 0.282129070019155, 1.04032216860524],
        6: [1.66034830698293, -0.046725652097391, -0.317005112144046, -0.702757741802264],
        50: [1.44072513355785, -0.337771648076923, -0.469626370473092, -0.426424059843444],
      ]),
    Trajectory(
      testDescription: "RAdam, weight decay",
      rule: RAdam(learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.2),
      points: [
        1: [1.10849887449007, -1.82402554299755, 0.449389419749845, 2.5066695392827],
        2: [1.21401539409192, -1.6410703200609, 0.388523499517923, 1.96765018528282],
        6: [1.46399531572259, -0.933945905457767, 0.115625281679853, 0.648192115872341],
        50: [1.43860274817174, -0.381864517889842, -0.453366220895518, -0.366690818299503],
      ]),
    Trajectory(
      testDescription: "RAdam, decoupled decay",
      rule: RAdam(learningRate: 0.05, weightDecay: 0.2, isDecayDecoupled: true),
      points: [
        1: [1.10849887449007, -1.82402554299755, 0.449389419749845, 2.5066695392827],
        2: [1.21365841810161, -1.64227129201166, 0.389302988581306, 1.97239169237477],
        6: [1.44683072008211, -0.963276412543633, 0.139664893177312, 0.628796772309088],
        50: [1.13236100948966, -0.468727431508091, -0.105849888138819, 0.277788918485638],
      ]),
    Trajectory(
      testDescription: "RAdam, short memory", rule: RAdam(learningRate: 0.05, beta1: 0.5, beta2: 0.6),
      points: [
        1: [1.11849887449007, -1.84402554299755, 0.454389419749845, 2.5366695392827],
        2: [1.23334948608582, -1.68072477316232, 0.397367104176564, 2.01984745897282],
        6: [1.49036481202341, -0.718368094465943, -0.00673280382367318, 0.738972150040531],
        50: [1.47124013480042, -0.390040373018075, -0.452651900436383, -0.357818445654263],
      ]),
    Trajectory(
      testDescription: "Adadelta", rule: Adadelta(),
      points: [
        1: [1.00316227484515, -1.99683772396464, 0.496837741340764, 2.99683772252396],
        2: [1.00640798681967, -1.99359398969297, 0.49355380491357, 2.9935934265149],
        6: [1.01986607018962, -1.98016484600055, 0.479332143307301, 2.98015613243434],
        50: [1.18079444116473, -1.80807107930457, 0.190667990961535, 2.8113383443875],
      ]),
    Trajectory(
      testDescription: "Adadelta, weight decay",
      rule: Adadelta(learningRate: 0.7, rho: 0.95, epsilon: 1e-3, weightDecay: 0.1),
      points: [
        1: [1.09880338799728, -1.90109476868407, 0.4020572655129, 2.90101586561578],
        2: [1.19720689967124, -1.79999772277328, 0.280914802045076, 2.80038740798318],
        6: [1.42679979788259, -1.29731824553324, -0.321333958380633, 2.36163139583795],
        50: [1.45530901609828, -0.386609591214157, -0.448250348458596, 0.7837078365221],
      ]),
    Trajectory(
      testDescription: "Lion", rule: Lion(learningRate: 0.02),
      points: [
        1: [1.02, -1.98, 0.48, 2.98],
        2: [1.04, -1.96, 0.46, 2.96],
        6: [1.12, -1.88, 0.38, 2.88],
        50: [1.52, -0.999999999999999, -0.5, 2.0],
      ]),
    Trajectory(
      testDescription: "Lion, weight decay", rule: Lion(learningRate: 0.01, beta1: 0.8, beta2: 0.95, weightDecay: 0.5),
      points: [
        1: [1.005, -1.98, 0.4875, 2.975],
        2: [1.009975, -1.9601, 0.4750625, 2.950125],
        6: [1.02962749064373, -1.88149003742506, 0.425931273390664, 2.85186254678133],
        50: [1.22168744293136, -1.11325022827457, -0.0542186073283951, 1.89156278534322],
      ]),
    Trajectory(
      testDescription: "Muon's AdamW", rule: Muon(learningRate: 0.1, beta1: 0.8, epsilon: 1e-6, weightDecay: 0.3),
      points: [
        1: [1.06999995780552, -1.84000003205652, 0.385000109623567, 2.81000001079143],
        2: [1.1378546050862, -1.68446729971135, 0.274744228030448, 2.6255173388902],
        6: [1.3727456792673, -1.09483359388591, -0.149728288862848, 1.93509979384501],
        50: [1.43495512856011, -0.370016883913777, -0.438736135638451, -0.342554645923748],
      ]),
  ]

  @Test(arguments: stored)
  func agreeWithPyTorchInDouble(_ trajectory: Trajectory) throws {
    for rule in [trajectory.rule, TrajectoryTests.Composed(rule: trajectory.rule)] as [any UpdateRule] {
      try TrajectoryTests.check(trajectory, rule, on: TestDevices.reference, .float64, tolerance: 1e-11)
    }
  }

  @Test(arguments: stored, TestDevices.all)
  func agreeWithPyTorchOnDevices(_ trajectory: Trajectory, _ device: Device) throws {
    for rule in [trajectory.rule, TrajectoryTests.Composed(rule: trajectory.rule)] as [any UpdateRule] {
      try TrajectoryTests.check(trajectory, rule, on: device, .float32, tolerance: 1e-4)
    }
  }

  /// A cosine schedule, and a group with half the learning rate and no weight decay, after 12 steps.
  @Test(arguments: TestDevices.all)
  func schedulesAndGroupsArePyTorchs(_ device: Device) throws {
    let rate = Schedule.cosine(from: 0.1, steps: 20)
    let cases: [(rule: any UpdateRule, point: [Double])] = [
      (
        Adamax(learningRate: rate, weightDecay: 0.2),
        [1.54346316350216, -1.17339559138242, 0.118809842880537, 2.54492740492151]
      ),
      (
        NAdam(learningRate: rate, weightDecay: 0.2, isDecayDecoupled: true),
        [1.4041662637923, -0.868542728248767, 0.0492417109845883, 2.61302944302434]
      ),
      (
        RAdam(learningRate: rate, weightDecay: 0.2),
        [1.59924638477652, 0.00328177094322624, 0.176265236820141, 0.763101352053168]
      ),
      (
        Adadelta(learningRate: rate, weightDecay: 0.2),
        [1.0031574256434, -1.99684376413937, 0.49841523958347, 2.99842161882876]
      ),
      (
        Lion(learningRate: rate, weightDecay: 0.2),
        [1.57377815726769, -0.797226056420559, 0.0325833024238219, 2.53258330242382]
      ),
      (
        Muon(learningRate: rate, epsilon: 1e-8, weightDecay: 0.2),
        [1.53666167026991, -0.785179879753756, 0.0274712374020014, 2.53040795728988]
      ),
    ]
    for (rule, expected) in cases {
      for (device, dtype, tolerance) in [(TestDevices.reference, DType.float64, 1e-11), (device, .float32, 1e-4)] {
        let point = try TrajectoryTests.Point(on: device, dtype)
        let optimizer = Optimizer(rule, groups: [ParameterGroup("b", learningRateScale: 0.5, weightDecay: 0)])
        for _ in 0..<12 { try optimizer.update(point, with: valueAndGradient(at: point) { $0.loss() }.gradient) }
        try expectClose(point.a.value, Array(expected[..<2]), relative: 0, absolute: tolerance)
        try expectClose(point.b.value, Array(expected[2...]), relative: 0, absolute: tolerance)
      }
    }
  }

  // MARK: Matrices

  /// A matrix W with the loss Σ (1 + i + j)(Wᵢⱼ − Bᵢⱼ)².
  final class Table: Module {
    let w: Parameter
    private let target: Tensor
    private let weights: Tensor

    init(_ rows: Int, _ columns: Int, on device: Device, _ dtype: DType) {
      func table(_ element: (Int, Int) -> Double) -> Tensor {
        let numbers = (0..<rows).flatMap { i in (0..<columns).map { element(i, $0) } }
        return Tensor(numbers, dtype: dtype, on: device).reshaped([rows, columns])
      }
      w = Parameter([rows, columns], .zeros)
      target = table { cos(Double(2 + $0 * columns + $1)) }
      weights = table { Double(1 + $0 + $1) }
      w.value = table { sin(Double(1 + $0 * columns + $1)) }
    }

    func loss() -> Tensor { (weights * (w.value - target).squared()).sum() }
  }

  /// The formula of the documentation in NumPy, after 50 steps; PyTorch computes it in bfloat16.
  static let matrices: [(rows: Int, columns: Int, isNesterov: Bool, values: [Double])] = [
    (
      2, 3, true,
      [
        0.599162314231152, 0.437941215501071, -0.00599496482337439, -0.448158577102122, -0.415309180581113,
        0.0523447738391112,
      ]
    ),
    (
      2, 3, false,
      [
        0.597970224938856, 0.437798513041482, -0.00503964721109388, -0.448879563124615, -0.415390103407046,
        0.0529303275477564,
      ]
    ),
    (
      3, 2, true,
      [
        0.757990246923719, 0.269415713794989, -0.355231893299555, -0.0737344146221414, -0.201670307005628,
        -0.0643182844358808,
      ]
    ),
    (
      3, 2, false,
      [
        0.757719571966112, 0.270327421583146, -0.355064351102636, -0.0731416927942898, -0.202035839840585,
        -0.0651386711909814,
      ]
    ),
  ]

  @Test(arguments: TestDevices.all, matrices.indices)
  func matricesMoveAlongOrthogonalSteps(_ device: Device, _ index: Int) throws {
    let (rows, columns, isNesterov, values) = Self.matrices[index]
    for (device, dtype, tolerance) in [(TestDevices.reference, DType.float64, 1e-10), (device, .float32, 1e-3)] {
      let table = Table(rows, columns, on: device, dtype)
      let optimizer = Optimizer.muon(learningRate: 0.05, isNesterov: isNesterov)
      for _ in 0..<50 { try optimizer.update(table, with: valueAndGradient(at: table) { $0.loss() }.gradient) }
      try expectClose(table.w.value, values, relative: 0, absolute: tolerance)
    }
  }

  /// The direction keeps its size for gradients whose squares overflow or underflow, and is 0 for those of 0.
  @Test(arguments: TestDevices.all)
  func matrixStepsDoNotDependOnTheSizeOfGradients(_ device: Device) throws {
    var steps: [[Double]] = []
    for factor in [1, 1e25, 0] {
      let table = Table(2, 3, on: device, .float32)
      let before = try table.w.value.scalars(as: Double.self)
      let gradients = valueAndGradient(at: table) { factor * $0.loss() }.gradient
      try Optimizer.muon(learningRate: 0.1, weightDecay: 0).update(table, with: gradients)
      steps.append(try zip(table.w.value.scalars(as: Double.self), before).map { $0 - $1 })
    }
    #expect(steps[0].contains { $0.magnitude > 0.01 })
    for (a, b) in zip(steps[0], steps[1]) { #expect((a - b).magnitude < 1e-5, "\(a), \(b) on \(device)") }
    #expect(steps[2].allSatisfy { $0 == 0 })
  }

  // MARK: Factored state

  /// A parameter w of any shape with the loss Σ (1 + i mod 4)(wᵢ − cos(2 + i))².
  final class Field: Module {
    let w: Parameter
    private let target: Tensor
    private let weights: Tensor

    init(_ shape: [Int], on device: Device, _ dtype: DType) {
      func field(_ element: (Int) -> Double) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map(element), dtype: dtype, on: device).reshaped(shape)
      }
      w = Parameter(shape, .zeros)
      target = field { cos(Double(2 + $0)) }
      weights = field { Double(1 + $0 % 4) }
      w.value = field { sin(Double(1 + $0)) }
    }

    func loss() -> Tensor { (weights * (w.value - target).squared()).sum() }
  }

  /// PyTorch 2.15 after 50 steps.
  static let fields: [(rule: Adafactor, shape: [Int], values: [Double])] = [
    (
      Adafactor(learningRate: 0.05), [2, 3],
      [
        0.277327714278969, -0.241308637651764, -0.588774095272569, 0.201095318022638, -0.229276988524574,
        0.570614922935519,
      ]
    ),
    (
      Adafactor(
        learningRate: 0.1, beta2Decay: -0.5, epsilon1: 1e-3, epsilon2: 1e-2, clipThreshold: 1.5, weightDecay: 0.1),
      [3, 2],
      [
        -0.38351545990922, -0.860094315231775, -0.651933531093838, 0.28191127745605, 0.948403926473892,
        0.738534793556752,
      ]
    ),
    (
      Adafactor(learningRate: 0.05, epsilon1: 1e-15), [2, 2, 3],
      [
        0.325249888209179, -0.170386063953756, -0.566901803307965, 0.171505366150305, -0.289237149800448,
        0.527749015488952, -0.112661385100306, -0.00786588736151544, 0.0440665331423416, -0.0582343816254093,
        -0.198408708055972, 0.567270501695633,
      ]
    ),
    (
      Adafactor(learningRate: 0.05, weightDecay: 0.2), [5],
      [0.000678619873432038, 0.00209855819615927, -0.410605431868438, 0.0257580405552328, -0.0328771155368717]
    ),
  ]

  @Test(arguments: TestDevices.all, fields.indices)
  func factoredMeanSquaresArePyTorchs(_ device: Device, _ index: Int) throws {
    let (rule, shape, values) = Self.fields[index]
    for (device, dtype, tolerance) in [(TestDevices.reference, DType.float64, 1e-11), (device, .float32, 1e-4)] {
      for rule in [rule, TrajectoryTests.Composed(rule: rule)] as [any UpdateRule] {
        if rule is TrajectoryTests.Composed && shape.count > 1 { continue }  // its state has the shape of the parameter
        let field = Field(shape, on: device, dtype)
        let optimizer = Optimizer(rule)
        for _ in 0..<50 { try optimizer.update(field, with: valueAndGradient(at: field) { $0.loss() }.gradient) }
        try expectClose(field.w.value, values, relative: 0, absolute: tolerance)
      }
    }
  }

  /// Gradients close to the bounds, as PyTorch in double precision. For float32, PyTorch's bound of 1e-60 is 0, and the
  /// step 0/0.
  @Test(arguments: TestDevices.all) func smallGradientsAreDividedByEpsilon(_ device: Device) throws {
    let cases: [(epsilon: Double, gradients: [Double], decrease: Double)] = [
      (0x1p-23, [1e-4, 1e-6], 0.0295869986265727), (1e-5, [1e-3, 1e-6, 1e-6], 0.0279324717067246),
      (1e-30, [0], 0), (1e-30, [0, 1e-6], 0.0273861278752583), (1e-200, [0], 0),
    ]
    for (device, dtype, tolerance) in [(TestDevices.reference, DType.float64, 1e-12), (device, .float32, 1e-6)] {
      for (epsilon, gradients, decrease) in cases {
        let field = Field([2, 2], on: device, dtype)
        field.w.value = Tensor([1, 2, 3, 4], dtype: dtype, on: device).reshaped([2, 2])
        let optimizer = Optimizer.adafactor(epsilon1: epsilon)
        for gradient in gradients {
          try optimizer.update(field, with: valueAndGradient(at: field) { (gradient * $0.w.value).sum() }.gradient)
        }
        try expectClose(
          field.w.value, [1, 2, 3, 4].map { $0 - decrease }, relative: 0, absolute: tolerance)
      }
    }
  }

  /// The state of a matrix has a number per row and per column, also when it is restored.
  @Test(arguments: TestDevices.all) func factoredStateIsSmall(_ device: Device) throws {
    let model = Sequential { Dense(5) }
    try model.build(inputShape: [7], on: device, seed: 1)
    func gradients() -> Gradients {
      valueAndGradient(at: model) { $0(.ones([2, 7], on: device), .inference).squared().sum() }.gradient
    }
    let optimizer = Optimizer.adafactor()
    try optimizer.update(model, with: gradients())
    let state = optimizer.state()
    let shapes = state.tensors.map { "\($0.name) \($0.value.shape)" }
    #expect(
      shapes == [
        "0.weight.meanSquare [7, 1]", "0.weight.columnMeanSquare [1, 5]", "0.bias.meanSquare [5]",
        "0.bias.columnMeanSquare [1]",
      ])
    let other = Sequential { Dense(4) }
    try other.build(inputShape: [7], on: device, seed: 1)
    #expect {
      try Optimizer.adafactor().restore(state, of: other)
    } throws: {
      "\($0)".contains("state of 0.weight [1, 5], expected [1, 4]")
    }
  }

  // MARK: Slabs

  /// Doubles each element, and counts its calls and their shapes.
  struct Doubling: UpdateRule {
    final class Calls: @unchecked Sendable { var shapes: [[Int]] = [] }

    let calls = Calls()
    let learningRate: any LearningRate = 1
    let stateNames = ["count"]
    var isElementwise: Bool

    func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
      calls.shapes.append(parameter.shape)
      state[0] = state[0] + 1
      return 2 * parameter
    }
  }

  @Test(arguments: TestDevices.all)
  func elementwiseRulesSeeAllParametersOfAGroupTogether(_ device: Device) throws {
    for (isElementwise, groups, calls) in [(true, [], 1), (true, ["**.bias"], 2), (false, [], 2)] {
      let model = Sequential { Dense(2) }
      try model.build(inputShape: [3], on: device, seed: 1)
      let before = try model.numbers()
      let rule = Doubling(isElementwise: isElementwise)
      let optimizer = Optimizer(rule, groups: groups.map { ParameterGroup($0, weightDecay: 1) })
      for _ in 0..<2 {
        let gradients = valueAndGradient(at: model) { $0(.ones([1, 3], on: device), .inference).sum() }.gradient
        try optimizer.update(model, with: gradients)
      }
      #expect(try model.numbers() == before.map { 4 * $0 })
      #expect(rule.calls.shapes.count == 2 * calls)
      #expect(rule.calls.shapes.contains([3, 2]) != isElementwise)
      for (_, count) in optimizer.stateTensors() { #expect(try count.scalars().allSatisfy { $0 == 2 }) }
    }
  }

  /// A step that is skipped changes neither parameters nor state.
  @Test(arguments: TestDevices.all, stored.indices)
  func stepsWithGradientsThatAreNotFiniteAreSkipped(_ device: Device, _ index: Int) throws {
    let point = try TrajectoryTests.Point(on: device, .float32)
    let optimizer = Optimizer(Self.stored[index].rule)
    optimizer.skipsNonFiniteGradients = true
    try optimizer.update(point, with: valueAndGradient(at: point) { $0.loss() }.gradient)
    let (before, state) = (try point.values(), try optimizer.stateTensors().map { try $0.value.scalars() })
    try optimizer.update(point, with: valueAndGradient(at: point) { $0.loss() * Double.nan }.gradient)
    #expect(try point.values() == before)
    #expect(try optimizer.stateTensors().map { try $0.value.scalars() } == state)
    #expect(try optimizer.skippedSteps() == 1)
  }
}
