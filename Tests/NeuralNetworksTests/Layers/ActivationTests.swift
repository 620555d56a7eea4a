import NeuralNetworks
import Testing

/// The values are PyTorch's, computed in double precision.
@Suite struct ActivationTests {
  static let input: [Double] = [-3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 4.0]

  static let stored: [(function: ActivationFunction, values: [Double])] = [
    (.linear, input),
    (.relu, [0, 0, 0, 0, 0.5, 2, 4]),
    (.leakyReLU(0.1), [-0.3, -0.1, -0.01, 0, 0.5, 2, 4]),
    (.elu(0.7), [-0.665149052142495, -0.44248439117999, -0.0666138073748283, 0, 0.5, 2, 4]),
    (
      .gelu,
      [
        -0.00404969409489031, -0.158655253931457, -0.0460172162722971, 0, 0.345731230637007, 1.95449973610364,
        3.99987331503267,
      ]
    ),
    (
      .silu,
      [
        -0.1422776195327, -0.268941421369995, -0.047502081252106, 0, 0.311229665600927, 1.76159415595576,
        3.92805516015163,
      ]
    ),
    (
      .sigmoid,
      [
        0.0474258731775668, 0.268941421369995, 0.47502081252106, 0.5, 0.622459331201855, 0.880797077977882,
        0.982013790037908,
      ]
    ),
    (
      .tanh,
      [
        -0.99505475368673, -0.761594155955765, -0.0996679946249558, 0, 0.46211715726001, 0.964027580075817,
        0.999329299739067,
      ]
    ),
    (
      .softplus,
      [
        0.0485873515737421, 0.313261687518223, 0.644396660073571, 0.693147180559945, 0.974076984180107,
        2.12692801104297, 4.01814992791781,
      ]
    ),
    (
      .mish,
      [
        -0.145647461275625, -0.303401461374109, -0.0567885752128447, 0, 0.375245211304895, 1.94395895953399,
        3.99741280697624,
      ]
    ),
    (.relu6, [0, 0, 0, 0, 0.5, 2, 4]),
    (
      .selu,
      [
        -1.67056872876711, -1.11133073781256, -0.167305272624314, 0, 0.52535049367774, 2.10140197471096,
        4.20280394942192,
      ]
    ),
    (.celu(0.7), [-0.690365349286865, -0.532244274490757, -0.0931854701748729, 0, 0.5, 2, 4]),
    (
      .geluTanh,
      [
        -0.00363739208177299, -0.158808009391723, -0.0460172489545648, 0, 0.345714009825144, 1.95459769408777,
        3.99992975405181,
      ]
    ),
    (
      .hardSigmoid,
      [0, 0.333333333333333, 0.483333333333333, 0.5, 0.583333333333333, 0.833333333333333, 1]
    ),
    (.hardSwish, [0, -0.333333333333333, -0.0483333333333333, 0, 0.291666666666667, 1.66666666666667, 4]),
    (.softsign, [-0.75, -0.5, -0.0909090909090909, 0, 0.333333333333333, 0.666666666666667, 0.8]),
    (
      .logSigmoid,
      [
        -3.04858735157374, -1.31326168751822, -0.744396660073571, -0.693147180559945, -0.474076984180107,
        -0.126928011042972, -0.0181499279178097,
      ]
    ),
    (
      .tanhShrink,
      [
        -2.00494524631327, -0.238405844044235, -0.000332005375044186, 0, 0.0378828427399903, 1.03597241992418,
        3.00067070026093,
      ]
    ),
    (.softShrink(0.4), [-2.6, -0.6, 0, 0, 0.1, 1.6, 3.6]),
    (.hardShrink(0.4), [-3, -1, 0, 0, 0.5, 2, 4]),
    (.hardTanh(-0.5...1.5), [-0.5, -0.5, -0.1, 0, 0.5, 1.5, 1.5]),
    (.threshold(0.2, value: -4), [-4, -4, -4, -4, 0.5, 2, 4]),
    (
      .squarePlus(3),  // of Keras
      [
        0.232050807568877, 0.5, 0.817467578644874, 0.866025403784439, 1.151387818866, 2.3228756555323,
        4.17944947177034,
      ]
    ),
    (
      .exponential,
      [
        0.0497870683678639, 0.367879441171442, 0.90483741803596, 1, 1.64872127070013, 7.38905609893065,
        54.5981500331442,
      ]
    ),
    (.sparsemax, [0, 0, 0, 0, 0, 0, 1]),  // of Keras
    (
      .softmin,
      [
        0.782477031546811, 0.105896750690532, 0.0430544058958845, 0.0389572374659043, 0.0236287589407767,
        0.00527228876656414, 0.000713526693528169,
      ]
    ),
    (
      .softmax,
      [
        0.00075482493084936, 0.00557744375891737, 0.0137182980217361, 0.0151610640191174, 0.0249963687347652,
        0.112025952556738, 0.827766047977877,
      ]
    ),
    (
      .logSoftmax,
      [
        -7.18902471527322, -5.18902471527322, -4.28902471527322, -4.18902471527322, -3.68902471527322,
        -2.18902471527322, -0.189024715273218,
      ]
    ),
  ]

  @Test(arguments: TestDevices.real)
  func agreeWithPyTorch(_ device: Device) throws {
    let x = Tensor(ActivationTests.input, shape: [1, 7], on: device)
    for (function, values) in ActivationTests.stored {
      try expectClose(function(x), values, relative: 2e-6, absolute: 1e-6)
      try expectClose(Activation(function)(x, .inference), values, relative: 2e-6, absolute: 1e-6)
    }
  }

  @Test func agreeExactlyOnReference() throws {
    let x = Tensor(ActivationTests.input, shape: [1, 7], dtype: .float64, on: TestDevices.reference)
    for (function, values) in ActivationTests.stored {
      try expectClose(function(x), values, relative: 1e-13, absolute: 1e-14)
    }
  }

  /// Away from kinks.
  @Test func gradientsAgreeWithFiniteDifferences() throws {
    let numbers = [-2.7, -0.8, -0.15, 0.3, 1.1, 2.4]
    for (function, _) in ActivationTests.stored {
      try expectGradients(at: numbers, shape: [2, 3]) { function($0) }
    }
  }

  @Test func fusedAndComposedAgree() throws {
    for (function, _) in ActivationTests.stored {
      for device in TestDevices.all {
        let fused = Dense(4, activation: function)
        try fused.build(inputShape: [3], on: device, seed: 2)
        let plain = Dense(4)
        try plain.build(inputShape: [3], on: device)
        try plain.restore(fused.snapshot())
        let x = Tensor([0.1, -2, 0.7, 1.5, 0.4, -0.3], shape: [2, 3], on: device)
        try expectClose(
          fused(x, .inference), function(plain(x, .inference)).scalars(as: Double.self), absolute: 2e-6)
      }
    }
  }

  /// Values of PyTorch in float64, and for sparsemax worked out by hand; gradients of Σ w·y.
  @Test(arguments: TestDevices.all) func functionsOfRows(_ device: Device) throws {
    let x = Tensor([1, -2, 0.5, 3, 0.2, 4, -1, 0], shape: [2, 4], on: device)
    let glu: [Double] = [0.622459331201855, -1.90514825364487, 0.053788284273999, 2]
    let y = ActivationFunction.glu(x)
    #expect(y.shape == [2, 2])
    try expectClose(y, glu)
    try expectClose(x.transposed().glu(axis: 0).transposed(), glu)
    let w = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    try expectClose(
      valueAndGradient(at: x) { ($0.glu() * w).sum() }.gradient,
      [
        0.622459331201855, 1.90514825364487, 0.235003712201594, -0.180706638923648, 0.806824264109985, 2,
        0.117967159944889, 4,
      ])
    let rows = Tensor([0.3, -0.2, 0.9, 0.05, 1, 1, 1.5, -2, 0, 0, 0, 0, 3, 1, 0, -1], shape: [4, 4], on: device)
    try expectClose(
      rows.sparsemax(),
      [0.2, 0, 0.8, 0, 1.0 / 6, 1.0 / 6, 2.0 / 3, 0, 0.25, 0.25, 0.25, 0.25, 1, 0, 0, 0])
    let weights = Tensor([1, -2, 3, 0.5], on: device)
    let (_, gradient) = valueAndGradient(at: rows) { ($0.sparsemax() * weights).sum() }
    try expectClose(
      gradient, [-1, 0, 1, 0, 1.0 / 3, -8.0 / 3, 7.0 / 3, 0, 0.375, -2.625, 2.375, -0.125, 0, 0, 0, 0])
    try expectClose((rows + 1e6).sparsemax().sum(axis: 1), [1, 1, 1, 1])
  }

  /// A gated layer has half of the units of its input.
  @Test func gatedLayersAreHalfAsWide() throws {
    let model = Sequential(inputShape: [3]) {
      Dense(8, activation: .glu)
      Dense(2)
    }
    try model.build(inputShape: [3])
    #expect(model.parameters["1.weight"]?.value.shape == [4, 2])
    #expect(model(Tensor.zeros([5, 3]), .inference).shape == [5, 2])
  }

  @Test func constantsAreChecked() async {
    let found = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ActivationFunction.celu(0)
    }
    let text = String(decoding: found?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("celu: alpha is a number above 0, not 0.0"), "\(text)")
  }

  @Test func ofOnesOwn() throws {
    let swish = ActivationFunction("swish") { x in x * x.sigmoid() }
    let layer = Dense(1, activation: swish, initializer: .ones)
    let y = layer(Tensor([[1, 1]] as [[Float]]), .inference)
    try expectClose(y, [1.76159415595576])
  }
}

/// Expects the gradient of Σ wᵢ·yᵢ with respect to the input to agree with central differences, in float64.
func expectGradients(
  at numbers: [Double], shape: [Int], tolerance: Double = 1e-7, sourceLocation: SourceLocation = #_sourceLocation,
  of function: (Tensor) -> Tensor
) throws {
  var random = Knuth(11)
  var weights: Tensor?
  func value(_ x: Tensor) -> Tensor {
    let y = function(x)
    if weights == nil {
      weights = Tensor(random.numbers(y.count), shape: y.shape, dtype: .float64, on: TestDevices.reference)
    }
    return (y * weights!).sum()
  }
  func tensor(_ numbers: [Double]) -> Tensor {
    Tensor(numbers, shape: shape, dtype: .float64, on: TestDevices.reference)
  }
  let (_, gradient) = valueAndGradient(at: tensor(numbers)) { value($0) }
  let step = 1e-5
  var differences: [Double] = []
  for index in numbers.indices {
    var (above, below) = (numbers, numbers)
    above[index] += step
    below[index] -= step
    differences.append((try value(tensor(above)).item() - value(tensor(below)).item()) / (2 * step))
  }
  try expectClose(
    gradient, differences, relative: tolerance, absolute: tolerance, sourceLocation: sourceLocation)
}
