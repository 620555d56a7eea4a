import BackendCPU
import Testing

@testable import NeuralNetworks

/// Models whose layers compute in 16 bits, with float32 parameters.
@Suite struct MixedPrecisionTests {
  static let precisions: [Precision] = [.mixedBFloat16, .mixedFloat16]

  private func compiled(_ precision: Precision, dropout: Double? = nil, on device: Device) -> Sequential {
    let model = Corners.model(dropout: dropout)
    model.compile(
      optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), metrics: [.accuracy], device: device,
      precision: precision)
    return model
  }

  /// Remembers the element types that reach a layer.
  final class Probe: Layer {
    let scale = Parameter([], .ones)
    private(set) var input: DType?
    private(set) var parameter: DType?

    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      self.input = input.dtype
      parameter = scale.value.dtype
      return input * scale.value
    }
  }

  final class FullProbe: FullPrecisionLayer {
    let inner = Probe()
    func forward(_ input: Tensor, _ context: Context) -> Tensor { inner(input, context) }
  }

  @Test(arguments: TestDevices.all, precisions)
  func layersComputeInHalfPrecision(_ device: Device, _ precision: Precision) throws {
    let (first, full, last) = (Probe(), FullProbe(), Probe())
    let model = Sequential([first, full, last])
    try model.build(inputShape: [2], on: device)
    let x = Tensor([1 / 3, 2], shape: [1, 2], on: device)
    let (plain, type) = (try model.predict(x).scalars(), try #require(precision.computeType))
    #expect(first.input == .float32 && first.parameter == .float32)
    model.precision = precision
    for y in [try model.predict(x), model(x, .inference)] {
      #expect(y.dtype == .float32)
      #expect(first.input == type && first.parameter == type && last.input == type)
      #expect(full.inner.input == .float32 && full.inner.parameter == .float32)
      // One third is rounded, and 2 is not.
      let third = try Tensor([1 / 3], on: device).cast(to: type).item()
      #expect(try y.scalars(as: Double.self) == [third, 2] && Float(third) != plain[0])
    }
    #expect(model.parameters.allSatisfy { $0.parameter.value.dtype == .float32 })
    model.precision = .float32
    #expect(try model.predict(x).scalars() == plain)
  }

  @Test(arguments: TestDevices.all, precisions)
  func trainsLikeFloat32(_ device: Device, _ precision: Precision) throws {
    let model = compiled(precision, on: device)
    let data = Corners.data(on: device)
    let history = try model.fit(data, epochs: 12, seed: 5, verbosity: .silent)
    let plain = compiled(.float32, on: device)
    let expected = try plain.fit(data, epochs: 12, seed: 5, verbosity: .silent)
    let (loss, other) = (try #require(history.epochs.last?["loss"]), try #require(expected.epochs.last?["loss"]))
    #expect(abs(loss - other) < 0.05 * other && loss != other)
    #expect(try #require(model.evaluate(data)["accuracy"]) >= 0.97)
    #expect(model.parameters.allSatisfy { $0.parameter.value.dtype == .float32 })
  }

  /// The first steps run eagerly, the later ones are replayed; a run without replays has the same bits.
  @Test(arguments: TestDevices.all, precisions)
  func replayedStepsHaveTheSameBits(_ device: Device, _ precision: Precision) throws {
    func train(isReplayable: Bool) throws -> [Float] {
      let model = Model(StepReplayTests.Opaque(Corners.model(dropout: 0.3), isReplayable: isReplayable))
      model.compile(
        optimizer: .adam(learningRate: 0.02, clipping: .globalNorm(1)), loss: .crossEntropy(), device: device,
        precision: precision)
      try model.fit(Corners.data(on: device), epochs: 3, batchSize: 32, seed: 2, verbosity: .silent)
      return try model.numbers()
    }
    #expect(try train(isReplayable: true) == train(isReplayable: false))
  }

  @Test(arguments: TestDevices.real, precisions)
  func aPredictorHasTheModelsPrecision(_ device: Device, _ precision: Precision) throws {
    let model = compiled(precision, on: device)
    let data = Corners.data(on: device)
    try model.fit(data, epochs: 1, verbosity: .silent)
    let expected = try model.predict(data.inputs).scalars()
    let copy = try model.copy()
    #expect(copy.precision == precision)
    #expect(try copy.predict(data.inputs).scalars() == expected)
    let predictor = Predictor(copy)
    for _ in 0..<3 { #expect(try predictor.predict(data.inputs).scalars() == expected) }
    model.precision = .float32
    #expect(try model.predict(data.inputs).scalars() != expected)
  }

  @Test(arguments: TestDevices.all)
  func statisticsRemainFloat32(_ device: Device) throws {
    let (model, plain) = (Sequential { BatchNorm() }, Sequential { BatchNorm() })
    for model in [model, plain] { try model.build(inputShape: [2], on: device) }
    model.precision = .mixedBFloat16
    let x = Tensor([1000, 0.25, 1001, 0.5, 1003, -1], shape: [3, 2], on: device)
    let context = Context.training(RandomStream(seed: 1))
    _ = (model(x, context), plain(x, context))
    #expect(try model.numbers() == plain.numbers())
  }

  /// The layers of data preparation see the numbers as they are, and the next layer those that 16 bits represent.
  @Test func preparationIsInFloat32() throws {
    let probe = Probe()
    let model = Sequential([Rescaling(1, offset: -4096), probe])
    model.precision = .mixedBFloat16
    try model.build(inputShape: [2])
    #expect(try model.predict(Tensor([4097, 4099], shape: [1, 2])).scalars() == [1, 3])
    #expect(probe.input == .bfloat16)
  }

  /// Layers that pass numbers on leave them to a layer that prepares data.
  @Test func containersDoNotConvert() throws {
    let probe = Probe()
    let model = Sequential([
      Reshape([2, 1]), TimeDistributed { Rescaling(1, offset: -4096) }, Flatten(),
      Parallel(joining: .sum) {
        Rescaling(1)
        Rescaling(2)
      },
      probe,
    ])
    model.precision = .mixedBFloat16
    try model.build(inputShape: [2])
    #expect(try model.predict(Tensor([4097, 4099], shape: [1, 2])).scalars() == [3, 9])
    #expect(probe.input == .bfloat16)
  }

  /// Recomputed layers compute in the same types as in the first pass.
  @Test(arguments: TestDevices.all, precisions)
  func recomputedLayersHaveTheSameGradients(_ device: Device, _ precision: Precision) throws {
    let layers: [any Layer] = [Dense(8, activation: .tanh), BatchNorm()]
    let plain = Sequential(layers + [Dense(3)])
    let recomputing = Sequential([Rematerialized([Dense(8, activation: .tanh), BatchNorm()]), Dense(3)])
    for model in [plain, recomputing] { try model.build(inputShape: [3], on: device, seed: 1) }
    for (own, other) in zip(recomputing.parameters, plain.parameters) { own.parameter.assign(other.parameter.value) }
    for model in [plain, recomputing] {
      model.compile(optimizer: .sgd(learningRate: 0.5), loss: .crossEntropy(), precision: precision)
      try model.fit(Corners.data(on: device), epochs: 2, seed: 3, verbosity: .silent)
    }
    let (found, expected) = (try recomputing.numbers(), try plain.numbers())
    #expect(found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-2 })
  }

  /// A mask of large negative numbers is a mask of −∞ in float16; a row without keys gives equal weights.
  @Test(arguments: precisions) func largeMasksHide(_ precision: Precision) throws {
    final class Masked: Layer {
      func forward(_ input: Tensor, _ context: Context) -> Tensor {
        let mask = Tensor([0, -1e9, -1e9, -1e9], shape: [1, 2, 2], on: input.device)
        return attentionWeights(input, key: input, mask: mask)
      }
    }
    let model = Model(Masked())
    model.precision = precision
    let weights = try model.predict(Tensor.ones([1, 2, 4])).scalars()
    #expect(weights == [1, 0, 0.5, 0.5])
  }

  @Test func compilingAgainKeepsTheScaling() {
    let model = Corners.model()
    model.compile(optimizer: .sgd(), loss: .crossEntropy(), precision: .mixedFloat16)
    let optimizer = Optimizer.adam()
    model.compile(optimizer: optimizer, loss: .crossEntropy())
    #expect(model.precision == .mixedFloat16 && optimizer.lossScaling == LossScaling())
    let other = Optimizer.adam()
    model.compile(optimizer: other, loss: .crossEntropy(), precision: .mixedBFloat16)
    #expect(other.lossScaling == nil)
  }

  /// A step that overflows is skipped, and running statistics stay finite.
  @Test(arguments: TestDevices.all) func statisticsSurviveOverflows(_ device: Device) throws {
    let model = Sequential {
      Dense(2, initializer: .constant(30_000))
      BatchNorm()
      Dense(3)
    }
    model.compile(optimizer: .sgd(), loss: .crossEntropy(), device: device, precision: .mixedFloat16)
    try model.fit(Corners.data(on: device), verbosity: .silent)
    let numbers = try model.numbers()
    #expect(numbers.allSatisfy(\.isFinite) && numbers.contains(30_000))
  }

  @Test func integersAreNotConverted() throws {
    let model = Sequential {
      Embedding(300, 2)
      Flatten()
      Dense(1)
    }
    model.precision = .mixedBFloat16
    try model.build(inputShape: [1])
    let tokens = Tensor(integers: [257, 258], shape: [2, 1])
    let y = try model.predict(tokens).scalars()
    #expect(y[0] != y[1])
  }

  /// A layer that adds float32 numbers to its input is refused before anything runs, and named.
  @Test func layersThatMixTypesAreNamed() throws {
    final class Mixing: Layer {
      func forward(_ input: Tensor, _ context: Context) -> Tensor {
        input + Tensor.ones(input.shape, on: input.device)
      }
    }
    let model = Model(Sequential([Dense(3), Mixing()]))
    model.compile(optimizer: .sgd(), loss: .crossEntropy(), precision: .mixedBFloat16)
    let error = #expect(throws: ModelError.self) { try model.fit(Corners.data(), verbosity: .silent) }
    let message = try #require(error.map { "\($0)" })
    #expect(message.contains("Mixing") && message.contains("bfloat16") && message.contains("float32"), "\(message)")
  }

  @Test(arguments: TestDevices.all)
  func recurrentStatesAreConverted(_ device: Device) throws {
    let layer = LSTM(3, returnsSequence: true)
    final class Stateful: Layer {
      let layer: LSTM
      init(_ layer: LSTM) { self.layer = layer }
      func forward(_ input: Tensor, _ context: Context) -> Tensor {
        let state = LSTM.State(
          hidden: Tensor.ones([input.shape[0], 3], on: input.device),
          cell: Tensor.zeros([input.shape[0], 3], on: input.device))
        return layer(input, from: state, context).output
      }
    }
    let model = Model(Stateful(layer))
    try model.build(inputShape: [4, 2], on: device)
    let x = Tensor((0..<16).map { Float($0) / 8 - 1 }, shape: [2, 4, 2], on: device)
    let expected = try model.predict(x).scalars()
    model.precision = .mixedFloat16
    let found = try model.predict(x).scalars()
    #expect(found != expected)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 4e-3 })
  }
}
