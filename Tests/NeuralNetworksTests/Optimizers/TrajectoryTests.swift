import BackendReference
import NeuralNetworks
import Testing

/// Compares rules with PyTorch: a minimization of Σ c·p² + sin 3p from (1, −2, 0.5, 3), in double precision, after 1,
/// 2, and 6 steps.
@Suite struct TrajectoryTests {
  /// The four parameters, as two parameters of two elements.
  final class Point: Module {
    let a = Parameter([2], .zeros)
    let b = Parameter([2], .zeros)

    init(on device: Device, _ dtype: DType) throws {
      a.value = Tensor([1.0, -2.0], dtype: dtype, on: device)
      b.value = Tensor([0.5, 3.0], dtype: dtype, on: device)
    }

    func loss() -> Tensor {
      func term(_ p: Tensor, _ c: [Double]) -> Tensor {
        (Tensor(c, dtype: p.dtype, on: p.device) * p * p + (3 * p).sin()).sum()
      }
      return term(a.value, [0.3, 1.5]) + term(b.value, [0.7, 2])
    }

    func values() throws -> [Double] { try a.value.scalars(as: Double.self) + b.value.scalars(as: Double.self) }
  }

  struct Trajectory: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var rule: any UpdateRule
    var clipping = GradientClipping.none
    /// By the number of steps.
    var points: [Int: [Double]]
  }

  static let stored: [Trajectory] = [
    Trajectory(
      testDescription: "SGD", rule: SGD(learningRate: 0.1),
      points: [
        1: [1.23699774898013, -1.68805108599511, 0.408778839499689, 2.0733390785654],
        2: [1.41544516892289, -1.28500213634666, 0.250243321936954, 0.944601778932226],
        6: [1.47123701403114, -0.389398073806122, -0.452784875177177, 0.506586643915555],
      ]),
    Trajectory(
      testDescription: "SGD, momentum", rule: SGD(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01),
      points: [
        1: [1.11799887449007, -1.84302554299755, 0.454139419749845, 2.5351695392827],
        2: [1.33672793953406, -1.53370549745689, 0.349817069492536, 1.57163200834797],
        6: [1.6545626138131, 0.819722142975775, -0.876308726654729, -2.03641657127859],
      ]),
    Trajectory(
      testDescription: "SGD, Nesterov",
      rule: SGD(learningRate: 0.05, momentum: 0.8, isNesterov: true, weightDecay: 0.1),
      points: [
        1: [1.20429797408212, -1.7012459773956, 0.41340095554972, 2.13900517070886],
        2: [1.44163059722115, -1.22336234339699, 0.239157864564437, 0.775995081866973],
        6: [1.46432580402579, -0.0757698822112765, -0.620194300669605, -0.567722020744988],
      ]),
    Trajectory(
      testDescription: "RMSProp", rule: RMSProp(learningRate: 0.02),
      points: [
        1: [1.1999999915611, -1.80000000641131, 0.300000021924735, 2.80000000215829],
        2: [1.32823625752074, -1.65044099243116, 0.114128690690622, 2.65545103268358],
        6: [1.46458417341628, -1.16751017656425, -0.316626913447009, 2.23354170048917],
      ]),
    Trajectory(
      testDescription: "RMSProp, centered with momentum",
      rule: RMSProp(
        learningRate: 0.02, smoothing: 0.9, epsilon: 1e-6, momentum: 0.7, isCentered: true, weightDecay: 0.05),
      points: [
        1: [1.06666657088043, -1.93333340235733, 0.433333570442467, 2.93333335693229],
        2: [1.16412128306834, -1.83553173031358, 0.327262274720387, 2.83560843430434],
        6: [1.53436501370319, -1.30525543072698, -0.261687575003005, 2.33210733663895],
      ]),
    Trajectory(
      testDescription: "Adagrad", rule: Adagrad(learningRate: 0.2, weightDecay: 0.03),
      points: [
        1: [1.19999999999145, -1.80000000000629, 0.30000000002157, 2.80000000000214],
        2: [1.32742524281472, -1.65101940231522, 0.114575702415982, 2.65586713262165],
        6: [1.46004880376529, -1.17289734962975, -0.313618779759768, 2.23773780768075],
      ]),
    Trajectory(
      testDescription: "Adam", rule: Adam(learningRate: 0.1),
      points: [
        1: [1.09999999957805, -1.90000000032057, 0.400000001096237, 2.90000000010791],
        2: [1.19991420706604, -1.7999442737388, 0.302444172721051, 2.79997662018268],
        6: [1.55938531621531, -1.39649645113391, -0.0918047291940241, 2.3980165906855],
      ]),
    Trajectory(
      testDescription: "Adam, weight decay",
      rule: Adam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.2),
      points: [
        1: [1.09999995391659, -1.90000002841321, 0.400000098793474, 2.90000001013519],
        2: [1.19980271718359, -1.79993531935887, 0.301053020285976, 2.79997148735087],
        6: [1.53289234896981, -1.39288568018268, -0.104561348683914, 2.39685984009481],
      ]),
    Trajectory(
      testDescription: "AMSGrad", rule: Adam(learningRate: 0.3, beta1: 0.5, beta2: 0.6, isAMSGrad: true),
      points: [
        1: [1.29999999873417, -1.7000000009617, 0.200000003288711, 2.70000000032374],
        2: [1.57569832597832, -1.39899276039327, -0.0856118999457596, 2.39921071301293],
        6: [1.42678853941221, -0.328386234142215, -0.500964162428508, 1.2917412565482],
      ]),
    Trajectory(
      testDescription: "AdamW", rule: AdamW(learningRate: 0.1, weightDecay: 0.3),
      points: [
        1: [1.06999999957805, -1.84000000032057, 0.385000001096237, 2.81000000010791],
        2: [1.13787821564983, -1.68467728204685, 0.276500248059125, 2.62562244475727],
        6: [1.379818400286, -1.10644899943379, -0.131565864637203, 1.93936028610346],
      ]),
    Trajectory(
      testDescription: "Adam, norm clipped", rule: Adam(learningRate: 0.1), clipping: .globalNorm(1),
      points: [6: [1.5555074413121348, -1.3972243477063544, -0.09385660552176714, 2.4006330911679306]]),
    Trajectory(
      testDescription: "SGD, norm clipped", rule: SGD(learningRate: 0.1), clipping: .globalNorm(1),
      points: [6: [1.1316679348369378, -1.8213952733561485, 0.4389123769336973, 2.446011518889932]]),
    Trajectory(
      testDescription: "SGD, values clipped", rule: SGD(learningRate: 0.1), clipping: .value(0.5),
      points: [6: [1.3, -1.7, 0.2, 2.7]]),
    Trajectory(
      testDescription: "SGD, cosine schedule", rule: SGD(learningRate: .cosine(from: 0.1, to: 0.01, steps: 5)),
      points: [6: [1.4581284298298676, -0.5911081236163084, -0.1132770617238273, 0.8968308161324717]]),
  ]

  /// The same rule, computed with tensor operations.
  struct Composed: UpdateRule {
    var rule: any UpdateRule
    var learningRate: any LearningRate { rule.learningRate }
    var stateNames: [String] { rule.stateNames }
    func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
      rule.updated(parameter, gradient: gradient, state: &state, step: step)
    }
  }

  static func check(
    _ trajectory: Trajectory, _ rule: any UpdateRule, on device: Device, _ dtype: DType, tolerance: Double
  ) throws {
    let point = try Point(on: device, dtype)
    let optimizer = Optimizer(rule, clipping: trajectory.clipping)
    for step in 1...(trajectory.points.keys.max() ?? 1) {
      let (_, gradients) = valueAndGradient(at: point) { $0.loss() }
      try optimizer.update(point, with: gradients)
      #expect(optimizer.step == step)
      guard let expected = trajectory.points[step] else { continue }
      for (found, expected) in zip(try point.values(), expected) {
        #expect(abs(found - expected) <= tolerance, "step \(step) on \(device): \(found), expected \(expected)")
      }
    }
  }

  @Test(arguments: stored)
  func agreeWithPyTorchInDouble(_ trajectory: Trajectory) throws {
    try Self.check(trajectory, trajectory.rule, on: TestDevices.reference, .float64, tolerance: 1e-12)
    try Self.check(trajectory, Composed(rule: trajectory.rule), on: TestDevices.reference, .float64, tolerance: 1e-12)
  }

  @Test(arguments: stored, TestDevices.all)
  func agreeWithPyTorchOnDevices(_ trajectory: Trajectory, _ device: Device) throws {
    try Self.check(trajectory, trajectory.rule, on: device, .float32, tolerance: 2e-5)
    try Self.check(trajectory, Composed(rule: trajectory.rule), on: device, .float32, tolerance: 2e-5)
  }
}
