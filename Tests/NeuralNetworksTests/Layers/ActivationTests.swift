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
