import Testing

@testable import NeuralNetworks

/// Compares `LBFGS` with PyTorch 2.15 in double precision, with a history of 10 and `line_search_fn="strong_wolfe"`.
@Suite struct LBFGSTests {
  /// A vector with a loss.
  final class Problem: Module {
    let w: Parameter

    init(_ start: [Double], on device: Device, _ dtype: DType = .float64) {
      w = Parameter([start.count], .zeros)
      w.value = Tensor(start, dtype: dtype, on: device)
    }

    func values() throws -> [Double] { try w.value.scalars(as: Double.self) }
  }

  @Sendable static func rosenbrock(_ problem: Problem) -> Tensor {
    let (a, b) = (problem.w.value[0], problem.w.value[1])
    return 100 * (b - a * a).squared() + (1 - a).squared()
  }

  /// The mean squared error of w₀·exp(w₁·x) + w₂.
  @Sendable static func fit(_ problem: Problem) -> Tensor {
    let w = problem.w.value
    let x = Tensor((0..<8).map { Double($0) / 4 }, dtype: w.dtype, on: w.device)
    let y = 1.5 * (-0.7 * x).exp() + 0.2 + 0.05 * (9 * x).sin()
    return (w[0] * (w[1] * x).exp() + w[2] - y).squared().mean()
  }

  @Sendable static func quartic(_ problem: Problem) -> Tensor {
    let w = problem.w.value
    return (w * w * w * w).sum() - 0.5 * w.squared().sum() + (3 * w).cos().sum()
  }

  struct Run: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var loss: @Sendable (Problem) -> Tensor
    var start: [Double]
    var learningRate = 1.0
    var iterations: Int
    /// After each call: the parameters, the loss, and the number of evaluations.
    var calls: [(values: [Double], loss: Double, evaluations: Int)]
  }

  static let runs = [
    Run(
      testDescription: "Rosenbrock", loss: rosenbrock, start: [-1.2, 1], iterations: 10,
      calls: [
        ([-0.6657084570888979, 0.4139830831953638], 2.8597591407314686, 12),
        ([0.3415181810584082, 0.09898004561557153], 0.4647668750071537, 25),
        ([0.900967809714993, 0.8046615256454582], 0.014822094320292066, 37),
      ]),
    Run(
      testDescription: "Rosenbrock, one iteration, whose only step is too long", loss: rosenbrock, start: [-1.2, 1],
      iterations: 1, calls: [([-1.2, 1], 24.2, 2)]),
    Run(
      testDescription: "Rosenbrock, long steps", loss: rosenbrock, start: [-1.2, 1], learningRate: 4, iterations: 10,
      calls: [
        ([-0.5691630326090423, 0.26364416511789013], 2.8259104778834754, 13),
        ([0.3535833603492485, 0.10816768461982156], 0.4462585455317149, 26),
      ]),
    Run(
      testDescription: "regression", loss: fit, start: [0.5, 0.1, 0], iterations: 6,
      calls: [
        ([1.320887103683446, -0.8766901791599557, 0.3768319392199529], 0.0014177617505851774, 7),
        ([1.38219317105299, -0.8392970792902048, 0.33565508006978984], 0.0011611816622728866, 14),
      ]),
    Run(
      testDescription: "regression to the end", loss: fit, start: [0.5, 0.1, 0], iterations: 50,
      calls: [([1.459495929810175, -0.7434552115618093, 0.25032680606009317], 0.0010774558504404242, 20)]),
    Run(
      testDescription: "several minima, long steps", loss: quartic, start: [2, -0.1, 0.4], learningRate: 3,
      iterations: 4,
      calls: [
        ([-0.9788471831598041, -0.7758392855372593, 1.009219562592793], -1.6306620361976378, 6),
        ([-0.8634491833421561, -0.8436044112323673, 0.8608987410274774], -2.0064880401404936, 11),
      ]),
  ]

  @Test(arguments: runs) func agreesWithPyTorch(_ run: Run) throws {
    let problem = Problem(run.start, on: TestDevices.reference)
    let optimizer = LBFGS(learningRate: run.learningRate, iterations: run.iterations)
    for (values, loss, evaluations) in run.calls {
      let found = try optimizer.minimize(problem, loss: run.loss)
      expectClose(found, loss, relative: 1e-6, absolute: 0)
      try expectClose(problem.w.value, values, relative: 1e-6, absolute: 0)
      #expect(optimizer.evaluationCount == evaluations)
    }
  }

  @Test(arguments: TestDevices.all) func findsMinimaOnDevices(_ device: Device) throws {
    let problem = Problem([-1.2, 1], on: device, .float32)
    try LBFGS(iterations: 100).minimize(problem, loss: Self.rosenbrock)
    try expectClose(problem.w.value, [1, 1], absolute: 1e-2)
  }

  /// A network with frozen parameters, and with parameters in several slabs.
  @Test(arguments: TestDevices.all) func trainsNetworks(_ device: Device) throws {
    let model = Sequential {
      Dense(8, activation: .tanh)
      Dense(1)
    }
    try model.build(inputShape: [1], on: device, seed: 1)
    model.freeze("0.bias")
    let bias = try #require(model.parameters["0.bias"]).value.scalars()
    let x = Tensor((0..<16).map { Float($0) / 8 - 1 }, shape: [16, 1], on: device)
    let optimizer = LBFGS()
    func loss(_ model: Sequential) -> Tensor { (model(x, .inference) - x.squared()).squared().mean() }
    let losses = try (0..<4).map { _ in try optimizer.minimize(model, loss: loss) }
    #expect(losses == losses.sorted(by: >) && losses[3] < 1e-3, "\(losses) on \(device)")
    expectClose(try loss(model).item(), losses[3])
    #expect(try model.parameters["0.bias"]?.value.scalars() == bias)
    #expect(throws: ModelError.self) {
      let other = Sequential { Dense(1) }
      try other.build(inputShape: [1], on: device, seed: 1)
      try optimizer.minimize(other) { $0(x, .inference).sum() }
    }
  }

  /// Where the loss is not a number, steps are shortened.
  @Test func lossesThatAreNotFinite() throws {
    let problem = Problem([3], on: TestDevices.reference)
    let loss = try LBFGS(learningRate: 50).minimize(problem) { ($0.w.value - $0.w.value.log()).sum() }
    expectClose(loss, 1)
    try expectClose(problem.w.value, [1])
    problem.w.value = Tensor([-1.0], dtype: .float64, on: TestDevices.reference)
    #expect {
      try LBFGS().minimize(problem) { $0.w.value.log().sum() }
    } throws: {
      "\($0)".contains("the loss of the current parameters holds a NaN")
    }
    #expect(try problem.values() == [-1])
  }

  /// A point with a loss of −∞, or with an infinite gradient, is never the result: the first step leads to 0.
  @Test(arguments: [1, 4]) func pointsThatAreNotFinite(iterations: Int) throws {
    let losses: [(start: Double, learningRate: Double, loss: (Problem) -> Tensor)] = [
      (2, 4, { $0.w.value.log().sum() }), (4, 16, { $0.w.value.squareRoot().sum() }),
    ]
    for (start, learningRate, loss) in losses {
      let problem = Problem([start], on: TestDevices.reference)
      let optimizer = LBFGS(learningRate: learningRate, iterations: iterations)
      for _ in 0..<2 {
        let found = try optimizer.minimize(problem, loss: loss)
        let value = try problem.values()[0]
        #expect(found.isFinite && value > 0 && value <= start, "\(found) at \(value)")
      }
    }
  }

  /// After parameters are frozen or moved, the optimizer continues like a new one.
  @Test(arguments: TestDevices.all) func changesOfTheModel(_ device: Device) throws {
    func losses(changing optimizers: Bool) throws -> [Double] {
      let model = Sequential {
        Dense(3, activation: .tanh)
        Dense(1)
      }
      try model.build(inputShape: [1], on: device, seed: 1)
      var optimizer = LBFGS(iterations: 4)
      let other = device == TestDevices.reference ? .cpu : TestDevices.reference
      let changes: [() throws -> Void] = [
        {}, { model.freeze("0.bias") }, { model.unfreeze() }, { try model.move(to: other) },
        { try model.move(to: device) },
      ]
      return try changes.map { change in
        try change()
        if optimizers { optimizer = LBFGS(iterations: 4) }
        return try optimizer.minimize(model) { model in
          let device = model.parameters["0.bias"]?.value.device ?? device
          let x = Tensor((0..<16).map { Float($0) / 8 - 1 }, shape: [16, 1], on: device)
          return (model(x, .inference) - x.squared()).squared().mean()
        }
      }
    }
    let found = try losses(changing: false)
    #expect(try found == losses(changing: true), "on \(device)")
    #expect(found[4] < found[0], "\(found) on \(device)")
  }

  /// The parameters are those before the step if an evaluation fails.
  @Test func failuresInALineSearch() throws {
    struct Fault: Error {}
    let problem = Problem([-1.2, 1], on: TestDevices.reference)
    var calls = 0
    #expect(throws: Fault.self) {
      try LBFGS().minimize(problem) { problem in
        calls += 1
        if calls == 2 { throw Fault() }
        return Self.rosenbrock(problem)
      }
    }
    #expect(try problem.values() == [-1.2, 1])
  }
}
