import NeuralNetworks
import Testing

@Suite struct LayerTests {
  @Test(arguments: TestDevices.all)
  func denseMultipliesAndAdds(_ device: Device) throws {
    let layer = Dense(2, activation: .relu)
    try layer.build(inputShape: [3], on: device)
    layer.weight.value = Tensor([1, -2, 3, 4, -5, 6], shape: [3, 2], on: device)
    layer.bias!.value = Tensor([0.5, -1], on: device)
    let y = layer(Tensor([1, 2, 3, -1, 0, 1], shape: [2, 3], on: device), .inference)
    // [1, 2, 3]·W = [1 + 6 − 15, −2 + 8 + 18], [−1, 0, 1]·W = [−1 − 5, 2 + 6].
    try expectClose(y, [0, 23, 0, 7])
    #expect(y.shape == [2, 2])
  }

  @Test func denseKeepsLeadingAxes() throws {
    let layer = Dense(2, useBias: false)
    try layer.build(inputShape: [4, 3])
    #expect(layer.bias == nil && layer.parameters.paths == ["weight"])
    let x = Tensor.normal([2, 4, 3], using: RandomStream(seed: 1))
    let y = layer(x, .inference)
    #expect(y.shape == [2, 4, 2])
    try expectClose(
      y.reshaped([8, 2]), x.reshaped([8, 3]).matmul(layer.weight.value).scalars(as: Double.self))
  }

  @Test func flattenAndReshapeKeepTheOrder() throws {
    let x = Tensor((0..<12).map { Float($0) }, shape: [2, 2, 3])
    let flat = Flatten()(x, .inference)
    #expect(flat.shape == [2, 6])
    #expect(try flat.scalars() == x.scalars())
    for (target, expected) in [
      ([3, 2], [2, 3, 2]), ([-1, 2], [2, 3, 2]), ([6, -1, 1], [2, 6, 1, 1]), ([-1], [2, 6]),
    ] {
      let y = Reshape(target)(x, .inference)
      #expect(y.shape == expected)
      #expect(try y.scalars() == x.scalars())
    }
    #expect(Flatten()(.zeros([3]), .inference).shape == [3, 1])
    #expect(Reshape([1, -1])(.zeros([0, 4]), .inference).shape == [0, 1, 4])
    for shape in [[-1, -1], [0], [2, -2], [5, -1], [7]] {
      #expect(throws: ModelError.self) { try Sequential { Reshape(shape) }.build(inputShape: [6]) }
    }
  }

  @Test(arguments: TestDevices.all)
  func dropoutKeepsTheMeanWhileTraining(_ device: Device) throws {
    let layer = Dropout(0.3)
    let x = Tensor.ones([100, 100], on: device)
    #expect(try layer(x, .inference).scalars() == x.scalars())
    let random = RandomStream(seed: 4)
    let y = try layer(x, .training(random)).scalars(as: Double.self)
    let dropped = y.count { $0 == 0 }
    // 10,000 draws: four standard deviations are 183.
    #expect(abs(dropped - 3000) < 183)
    #expect(y.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
    #expect(try layer(x, .training(random)).scalars(as: Double.self) != y)
    #expect(try layer(x, .training(RandomStream(seed: 4))).scalars(as: Double.self) == y)
    #expect(try Dropout(0)(x, .training(random)).scalars() == x.scalars())
    #expect(try Dropout(1)(x, .training(random)).scalars().allSatisfy { $0 == 0 })
  }

  @Test func dropoutMasksAreTheSameOnEveryDevice() throws {
    let expected = try Dropout(0.5)(.ones([1000], on: TestDevices.reference), .training(RandomStream(seed: 9)))
      .scalars()
    for device in TestDevices.real {
      #expect(try Dropout(0.5)(.ones([1000], on: device), .training(RandomStream(seed: 9))).scalars() == expected)
    }
  }

  @Test func sequentialRunsItsLayersInOrder() throws {
    let deep = true
    let model = Sequential {
      for factor in [2.0, 3.0] { Scale(factor) }
      if deep { Scale(5) } else { Scale(7) }
      [Scale(11)]
      if !deep { Scale(13) }
    }
    #expect(model.layers.count == 4)
    #expect((model[1] as? Scale)?.factor == 3)
    #expect(try model(Tensor([1]), .inference).scalars() == [330])
    #expect(try Sequential([])(Tensor([1]), .inference).scalars() == [1])
  }

  final class Scale: Layer {
    let factor: Double
    init(_ factor: Double) { self.factor = factor }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x * factor }
  }

  @Test func onlyOurLayersAllowReplayUnlessALayerSaysSo() {
    #expect(
      Sequential {
        Dense(2); Dropout(0.5); Flatten(); Reshape([2]); Activation(.tanh)
      }.allowsReplay)
    #expect(
      !Sequential {
        Dense(2); Sequential { Scale(2) }
      }.allowsReplay)
    #expect(!Model(Scale(2)).allowsReplay)
  }

  // MARK: Gradients

  final class Mixed: Layer {
    let first = Dense(5, activation: .gelu)
    let shared = Dense(5, activation: .elu(0.8))
    let body = Sequential {
      Reshape([5, 1])
      Dense(3, activation: .softplus)
      Flatten()
      Activation(.logSoftmax)
    }
    let last = Dense(2, activation: .silu, useBias: false)
    let dropout = Dropout(0.4)
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      let y = shared(shared(first(x, context), context), context)
      return last(dropout(body(y, context), context), context)
    }
  }

  /// Every parameter of a network with shared layers, inner networks and dropout, in float64.
  @Test func gradientsOfParametersAgreeWithFiniteDifferences() throws {
    let model = Mixed()
    try model.build(inputShape: [4], inputDType: nil, on: TestDevices.reference, seed: 3, dtype: .float64)
    var random = Knuth(5)
    let x = Tensor(random.numbers(12), shape: [3, 4], dtype: .float64, on: TestDevices.reference)
    func loss() -> Tensor { model(x, .training(RandomStream(seed: 2))).squared().sum() }
    let (_, gradients) = valueAndGradient(at: model) { _ in loss() }
    #expect(gradients.paths == model.parameters.paths)
    let step = 1e-5
    for (path, parameter) in model.parameters {
      let numbers = try parameter.value.scalars(as: Double.self)
      var differences: [Double] = []
      for index in numbers.indices {
        func shifted(by shift: Double) throws -> Double {
          var moved = numbers
          moved[index] += shift
          parameter.value = Tensor(moved, shape: parameter.shape!, dtype: .float64, on: TestDevices.reference)
          return try loss().item()
        }
        differences.append((try shifted(by: step) - shifted(by: -step)) / (2 * step))
      }
      parameter.value = Tensor(numbers, shape: parameter.shape!, dtype: .float64, on: TestDevices.reference)
      try expectClose(gradients[path]!, differences, relative: 1e-6, absolute: 1e-7)
      #expect(gradients[parameter]!.shape == parameter.shape)
    }
  }

  @Test func gradientsOfInputsAgreeWithFiniteDifferences() throws {
    let model = Mixed()
    try model.build(inputShape: [4], inputDType: nil, on: TestDevices.reference, seed: 3, dtype: .float64)
    var random = Knuth(6)
    try expectGradients(at: random.numbers(8), shape: [2, 4]) { model($0, .training(RandomStream(seed: 2))) }
  }

  @Test func devicesAgreeOnGradients() throws {
    let reference = Mixed()
    try reference.build(inputShape: [4], on: TestDevices.reference, seed: 3)
    var random = Knuth(5)
    let numbers = random.numbers(12)
    func gradients(_ model: Mixed, _ device: Device) throws -> Gradients {
      let x = Tensor(numbers, shape: [3, 4], on: device)
      return valueAndGradient(at: model) { $0(x, .training(RandomStream(seed: 2))).squared().sum() }.gradient
    }
    let expected = try gradients(reference, TestDevices.reference)
    for device in TestDevices.real {
      let model = Mixed()
      try model.build(inputShape: [4], on: device, seed: 3)
      let found = try gradients(model, device)
      for path in expected.paths { try expectClose(found[path]!, expected[path]!.scalars(as: Double.self)) }
    }
  }

  /// d/dw Σ (∂/∂x f)² through a nested call.
  @Test func gradientsOfGradients() throws {
    let model = Dense(2, activation: .tanh)
    try model.build(inputShape: [3], inputDType: nil, on: TestDevices.reference, seed: 3, dtype: .float64)
    let x = Tensor([0.3, -0.7, 1.1], shape: [1, 3], dtype: .float64, on: TestDevices.reference)
    func penalty() -> Tensor {
      valueAndGradient(at: x) { model($0, .inference).sum() }.gradient.squared().sum()
    }
    let (_, gradients) = valueAndGradient(at: model) { _ in penalty() }
    let numbers = try model.weight.value.scalars(as: Double.self)
    var differences: [Double] = []
    for index in numbers.indices {
      func shifted(by shift: Double) throws -> Double {
        var moved = numbers
        moved[index] += shift
        model.weight.value = Tensor(moved, shape: [3, 2], dtype: .float64, on: TestDevices.reference)
        return try penalty().item()
      }
      differences.append((try shifted(by: 1e-5) - shifted(by: -1e-5)) / 2e-5)
    }
    try expectClose(gradients["weight"]!, differences, relative: 1e-6, absolute: 1e-8)
  }
}
