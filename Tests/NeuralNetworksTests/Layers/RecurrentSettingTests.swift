import HostSystem
import Testing

@testable import NeuralNetworks

/// Activations, dropout, directions, and states of recurrent layers.
@Suite struct RecurrentSettingTests {
  /// 0.8·sin(0.7·index + phase), as in the program that computed the expected values.
  private static func wave(_ shape: [Int], _ phase: Double, on device: Device) -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { Float(0.8 * sin(Double($0) * 0.7 + phase)) }
    return Tensor(values, shape: shape, on: device)
  }

  struct Expected: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () -> any RecurrentLayer
    /// The phases of W, U, b, and d.
    let phases: [Double]
    let output, inputGradient, recurrentGradient: [Double]
  }

  /// Keras 3.15 in float64: the outputs, and the gradients of the sum of their squares with respect to the input and U.
  /// The gates of the GRU are in the order of this package.
  static let keras = [
    Expected(
      testDescription: "LSTM",
      make: { LSTM(2, activation: .relu, recurrentActivation: .hardSigmoid, returnsSequence: true) },
      phases: [2, 3, 4],
      output: [
        0, 0, 0, 0.1022896643, 0.2158439311, 0.2673405071, 0.2100685092, 0.2074709581, 0.0718432255, 0.102837636,
        0.0270178111, 0.0365716153,
      ],
      inputGradient: [
        0, 0, -0.0535849154, -0.0747221204, -0.0155475341, -0.0188405029, -0.0360670136, -0.0405583378, -0.0418833963,
        -0.0540991484, -0.0006757819, -0.0003388564,
      ],
      recurrentGradient: [
        0, 0.0001525288, 0.0011155591, 0.0021451935, 0, 0.0137995369, 0.000641856, 0.0012205958, 0.0063836857,
        0.0081877081, 0.0011220431, 0.0029979935, 0.0077611263, 0.020999782, 0.0028963125, 0.005683214,
      ]),
    Expected(
      testDescription: "GRU",
      make: { GRU(2, activation: .softsign, recurrentActivation: .hardSigmoid, returnsSequence: true) },
      phases: [2, 3, 4, 5],
      output: [
        0.1439136906, 0.1255066775, 0.165633983, 0.2548935873, 0.3263939508, 0.4054505213, 0.3026229312, 0.2225019628,
        0.342943171, 0.2926428185, 0.2264143721, 0.2829547977,
      ],
      inputGradient: [
        -0.1346090002, -0.0202135458, -0.2345467223, 0.0174748632, -0.1176230767, -0.01442222, -0.0654249972,
        -0.0893943098, -0.1725966001, 0.0080845103, -0.2216418013, 0.0486084705,
      ],
      recurrentGradient: [
        0.0176485409, 0.0104295019, -0.002758794, -0.0191079759, 0.0613295678, 0.0442459208, 0.0163524061,
        0.0092220188, -0.0049486503, -0.0203322726, 0.054950974, 0.0381971234,
      ]),
    Expected(
      testDescription: "SimpleRNN", make: { SimpleRNN(2, activation: .relu, returnsSequence: true) },
      phases: [0, 0, 0.5],
      output: [
        1.0089713725, 1.6404183419, 1.7030045593, 2.6999128969, 1.8955267461, 2.6954787882, 0.1477409842, 0.174833885,
        1.0577324571, 1.540783173, 2.0163584145, 3.1289457591,
      ],
      inputGradient: [
        8.5140094757, 17.9199256897, 6.2418813705, 13.2392196655, 2.77835989, 6.7115335464, 6.116350174, 12.7280416489,
        5.4538407326, 11.5181179047, 3.2251553535, 7.5007281303,
      ],
      recurrentGradient: [17.7505965233, 29.5834531784, 27.5277299881, 45.9150085449]),
  ]

  @Test(arguments: TestDevices.all, keras) func activationsMatchKeras(_ device: Device, _ expected: Expected) throws {
    try check(expected.make(), expected, on: device)
  }

  private func check(_ layer: some RecurrentLayer, _ expected: Expected, on device: Device) throws {
    try layer.build(inputShape: [3, 2], on: device)
    for (index, name) in ["inputWeight", "recurrentWeight", "inputBias", "recurrentBias"].enumerated() {
      let parameter = try #require(layer.parameters[name])
      let shape = try #require(parameter.shape)
      let isGiven = index < expected.phases.count
      parameter.assign(isGiven ? Self.wave(shape, expected.phases[index], on: device) : .zeros(shape, on: device))
    }
    let x = Self.wave([2, 3, 2], 1, on: device)
    try expectClose(layer(x, .inference), expected.output)
    let (_, dx) = valueAndGradient(at: x) { layer($0, .inference).squared().sum() }
    try expectClose(dx, expected.inputGradient, absolute: 1e-5)
    let (_, gradients) = valueAndGradient(at: layer) { $0(x, .inference).squared().sum() }
    try expectClose(try #require(gradients["recurrentWeight"]), expected.recurrentGradient, absolute: 1e-5)
  }

  /// Training with dropout equals the formula with the same masks, which are the same in all steps; inference has none.
  @Test(arguments: TestDevices.all) func dropoutHasOneMaskPerSequence(_ device: Device) throws {
    let layer = SimpleRNN(3, dropout: 0.4, recurrentDropout: 0.5, returnsSequence: true)
    try layer.build(inputShape: [4, 2], on: device, seed: 3)
    let x = Tensor.normal([5, 4, 2], using: RandomStream(seed: 1), on: device)
    let random = RandomStream(seed: 8)
    let input = x * Tensor.ones([5, 1, 2], on: device).dropout(0.4, random.nextSource())
    let factors = Tensor.ones([5, 3], on: device).dropout(0.5, random.nextSource())
    let bias = layer.inputBias.value + layer.recurrentBias.value
    var (state, states) = (Tensor.zeros([5, 3], on: device), [Tensor]())
    for step in 0..<4 {
      let sums = input[.all, step].matmul(layer.inputWeight.value) + bias
      state = (sums + (state * factors).matmul(layer.recurrentWeight.value)).tanh()
      states.append(state)
    }
    let expected = try Tensor.stacked(states, axis: 1).scalars(as: Double.self)
    try expectClose(layer(x, .training(RandomStream(seed: 8))), expected)
    let plain = SimpleRNN(3, returnsSequence: true)
    try plain.build(inputShape: [4, 2], on: device, seed: 3)
    #expect(try layer(x, .inference).scalars() == plain(x, .inference).scalars())
    #expect(try !factors.scalars().allSatisfy { $0 == 2 })
  }

  /// With probability 1, nothing of the input or of the state is left.
  @Test func everythingIsDropped() throws {
    let x = Tensor.normal([2, 4, 2], using: RandomStream(seed: 1))
    let context = Context.training(RandomStream(seed: 2))
    let blind = GRU(3, dropout: 1)
    try expectClose(blind(x, context), blind(.zeros([2, 4, 2]), .inference).scalars(as: Double.self))
    let forgetful = SimpleRNN(3, recurrentDropout: 1)
    try expectClose(forgetful(x, context), forgetful(x[.all, 3...], .inference).scalars(as: Double.self))
  }

  /// Backwards is forwards over the reversed sequence, with the outputs in the order of the input, also from a state.
  @Test(arguments: [false, true]) func goesBackwards(_ returnsSequence: Bool) throws {
    let x = Tensor.normal([2, 4, 2], using: RandomStream(seed: 1))
    let backwards = LSTM(3, returnsSequence: returnsSequence, goesBackwards: true)
    let forwards = LSTM(3, returnsSequence: returnsSequence)
    for layer in [backwards, forwards] { try layer.build(inputShape: [4, 2], seed: 3) }
    let state = LSTM.State(hidden: .full([2, 3], 0.5), cell: .full([2, 3], -0.25))
    let (found, after) = backwards(x, from: state, .inference)
    let (expected, last) = forwards(x.flipped(axes: [1]), from: state, .inference)
    let order = returnsSequence ? expected.flipped(axes: [1]) : expected
    try expectClose(found, order.scalars(as: Double.self))
    try expectClose(after.hidden, last.hidden.scalars(as: Double.self))
    try expectClose(after.cell, last.cell.scalars(as: Double.self))
    try expectClose(backwards(x, from: nil, .inference).output, backwards(x, .inference).scalars(as: Double.self))
  }

  @Test(arguments: Bidirectional.Joining.allCases) func directionsAreJoined(_ joining: Bidirectional.Joining) throws {
    let x = Tensor.normal([2, 4, 2], using: RandomStream(seed: 1))
    let layer = Bidirectional(GRU(3, returnsSequence: true), joining: joining)
    let found = layer(x, .inference)  // builds both directions
    let first = layer.forwards(x, .inference)
    let second = layer.backwards.outputs(x, mask: nil, isReversed: true, .inference)
    let expected =
      switch joining {
      case .concatenation: Tensor.concatenated([first, second], axis: 2)
      case .sum: first + second
      case .product: first * second
      case .average: 0.5 * first + 0.5 * second
      }
    try expectClose(found, expected.scalars(as: Double.self))
  }

  /// The states of both directions: each goes on where it ended.
  @Test func bidirectionalStates() throws {
    let x = Tensor.normal([2, 4, 2], using: RandomStream(seed: 1))
    let layer = Bidirectional(LSTM(3, returnsSequence: true))
    let (output, state) = layer(x, from: nil, .inference)
    #expect(try output.scalars() == layer(x, .inference).scalars())
    #expect(state.forwards.map(\.shape) == [[2, 3], [2, 3]] && state.backwards.count == 2)
    try expectClose(state.forwards[0], output[.all, 3, ..<3].scalars(as: Double.self))
    try expectClose(state.backwards[0], output[.all, 0, 3...].scalars(as: Double.self))
    let (next, _) = layer(x, from: state, .inference)
    let whole = layer.forwards(.concatenated([x, x], axis: 1), .inference)
    try expectClose(next[.all, .all, ..<3], whole[.all, 4...].scalars(as: Double.self))
  }

  /// A model that passes states on is built without computing numbers, and then takes other lengths.
  @Test func statesWithinAModel() throws {
    final class Translator: Layer {
      let encoder = Bidirectional(GRU(3)), decoder = GRU(6, returnsSequence: true)
      func forward(_ x: Tensor, _ context: Context) -> Tensor {
        let (_, state) = encoder(x, from: nil, context)
        let start = Tensor.concatenated([state.forwards[0], state.backwards[0]], axis: 1)
        return decoder(x, from: start, context).output
      }
    }
    let model = Model(Translator(), inputShape: [anyLength, 2])
    try model.build(inputShape: [anyLength, 2])
    #expect(try model.predict(.zeros([4, 5, 2])).shape == [4, 5, 6])
  }

  @Test func forgetBiasStartsAtOne() throws {
    let layer = LSTM(3, unitForgetBias: true)
    try layer.build(inputShape: [4, 2], seed: 3)
    let sums = try (layer.inputBias.value + layer.recurrentBias.value).scalars()
    #expect(sums[3..<6].allSatisfy { $0 == 1 })
    #expect(sums[..<3].allSatisfy { $0 != 1 } && sums[6...].allSatisfy { $0 != 1 })
  }

  @Test func invalidSettingsAreNamed() {
    func expect(_ layer: any Layer, says text: String) {
      let error = #expect(throws: ModelError.self) { try layer.build(inputShape: [4, 2]) }
      #expect("\(String(describing: error))".contains(text), "\(String(describing: error))")
    }
    expect(LSTM(3, dropout: 1.5), says: "LSTM: dropout is 1.5, expected a probability from 0 to 1")
    expect(GRU(3, recurrentDropout: .nan), says: "GRU: recurrentDropout is nan, expected a probability from 0 to 1")
    var gates = RecurrentConfiguration(units: 3)
    gates.recurrentActivation = .relu
    expect(SimpleRNN(configuration: gates), says: "SimpleRNN: recurrentActivation is relu, but the layer has no gates")
    var forget = RecurrentConfiguration(units: 3)
    forget.unitForgetBias = true
    expect(GRU(configuration: forget), says: "GRU: unitForgetBias is set, but only an LSTM has a forget gate")
    expect(Bidirectional(LSTM(3, goesBackwards: true)), says: "neither of them sets goesBackwards")
    expect(LSTM(3, activation: .glu), says: "LSTM")
  }
}
