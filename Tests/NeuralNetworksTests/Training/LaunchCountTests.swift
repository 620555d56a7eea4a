#if OpenCL
import BackendOpenCL
import NeuralNetworks
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a training step of the default model asks of an OpenCL device.
@Suite(.serialized) struct LaunchCountTests {
  /// A backend that nobody else launches on.
  private func backend(_ device: Device) throws -> OpenCLBackend {
    try OpenCLBackend.profiled(OpenCLDevice.named(device.identifier))
  }

  private func makeStep(_ device: Device, _ clipping: GradientClipping = .none) throws -> TrainingStep {
    let model = Sequential(inputShape: [784]) {
      Dense(128, activation: .relu)
      Dense(10)
    }
    try model.build(inputShape: [784], on: device, seed: 1)
    return try TrainingStep(
      model, optimizer: .adam(clipping: clipping), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
  }

  private func makeBatch(_ device: Device) -> Batch {
    let images = Tensor.uniform([32, 784], in: -1..<1, using: RandomStream(seed: 1), on: device)
    return Batch(input: images, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: device))
  }

  /// Expects a replayed step to be so many launches, the host to wait for none of them, and nothing to come back. Products of
  /// which a device makes two launches count as one.
  private func expectLaunches(
    _ count: Int, of step: TrainingStep, on batch: Batch, _ backend: OpenCLBackend,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    for _ in 0..<4 { _ = try step(batch) }
    _ = try backend.takeProfile()
    let waits = backend.waitCount
    for _ in 0..<5 { _ = try step(batch) }
    #expect(backend.waitCount == waits, sourceLocation: location)
    let commands = try backend.takeProfile()
    let kernels = commands.filter { !["upload", "download", "copy", "matmulJoin"].contains($0.name) }
    let launches = kernels.map { "\($0.name) \($0.launches / 5)" }.joined(separator: ", ")
    #expect(kernels.reduce(0) { $0 + $1.launches } == count * 5, "\(launches)", sourceLocation: location)
    #expect(!commands.contains { $0.name == "download" }, sourceLocation: location)
  }

  /// `NN_OPENCL_KERNELS` makes processors run what GPUs do: else a run of the tests with it would show nothing.
  @Test(.enabled(if: getenv("NN_OPENCL_KERNELS") != nil), arguments: TestDevices.openCL)
  func kernelsAreThoseAskedFor(device: Device) throws { #expect(try !backend(device).runsLoops) }

  /// Forward: two layers, the loss with its gradient, its mean. Backward: weights, bias and input of the
  /// second layer; activation with bias, and weights, of the first. Update: one.
  @Test(arguments: TestDevices.openCL) func aStepIsTenLaunches(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    try expectLaunches(10, of: try makeStep(own), on: makeBatch(own), backend)
  }

  /// A network of two convolutions with poolings and two dense layers. Forward: 6 layers, the loss with its gradient, its mean.
  /// Backward: the gaps of the gradients filled; weights, bias and input of the last layer; activation with
  /// bias, weights and input of the one before; for each convolution the pooling, the activation, the bias in two, and the
  /// weights in two; the input of the second convolution. Update: one.
  @Test(arguments: TestDevices.openCL) func aStepOfConvolutionsIsTwentyNineLaunches(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    let model = Sequential(inputShape: [1, 28, 28]) {
      Conv2D(32, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Conv2D(64, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Flatten()
      Dense(128, activation: .relu)
      Dense(10)
    }
    try model.build(inputShape: [1, 28, 28], on: own, seed: 1)
    let step = try TrainingStep(
      model, optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    let images = Tensor.uniform([32, 1, 28, 28], in: -1..<1, using: RandomStream(seed: 1), on: own)
    let batch = Batch(input: images, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: own))
    try expectLaunches(29, of: step, on: batch, backend)
  }

  /// An encoder block on sequences, their mean, and a dense layer. On processors the pass of a normalisation's gradient takes
  /// the sums for gain and shift too: a launch less for each of the two.
  @Test(arguments: TestDevices.openCL) func aStepOfATransformerIsSixtyThreeLaunches(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    let model = Sequential {
      TransformerEncoderBlock(heads: 4, width: 32, dropout: 0)
      SequenceAverage()
      Dense(10)
    }
    try model.build(inputShape: [16, 32], on: own, seed: 1)
    let step = try TrainingStep(model, optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    let x = Tensor.uniform([8, 16, 32], in: -1..<1, using: RandomStream(seed: 1), on: own)
    let batch = Batch(input: x, target: Tensor(integers: (0..<8).map { $0 % 10 }, on: own))
    try expectLaunches(backend.runsLoops ? 61 : 63, of: step, on: batch, backend)
  }

  /// Clipping by the global norm adds the sum of squares, in two launches, and the factor; and no wait.
  @Test(arguments: TestDevices.openCL) func clippingDoesNotWait(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    try expectLaunches(13, of: try makeStep(own, .globalNorm(1)), on: makeBatch(own), backend)
  }

  /// One product and one cell for each step, forwards and backwards; everything else is done once for the sequence. (Sums over
  /// many rows are made in two parts.)
  @Test(arguments: TestDevices.openCL, [1, 2]) func aTimeStepIsTwoLaunches(device: Device, directions: Int) throws {
    func launches(_ steps: Int) throws -> [String: Int] {
      let backend = try backend(device)
      let own = Device(backend)
      let model = Sequential {
        if directions == 1 { LSTM(16) } else { Bidirectional { LSTM(16) } }
        Dense(10)
      }
      try model.build(inputShape: [steps, 8], on: own, seed: 1)
      let step = try TrainingStep(model, optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
      let x = Tensor.uniform([32, steps, 8], in: -1..<1, using: RandomStream(seed: 1), on: own)
      let batch = Batch(input: x, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: own))
      for _ in 0..<4 { _ = try step(batch) }
      _ = try backend.takeProfile()
      for _ in 0..<4 { _ = try step(batch) }
      let kernels = try backend.takeProfile().filter {
        !["upload", "copy", "matmulJoin", "sumColumns_float"].contains($0.name)
      }
      return Dictionary(uniqueKeysWithValues: kernels.map { ($0.name, $0.launches / 4) })
    }
    let (few, many) = (try launches(5), try launches(9))
    let difference = many.values.reduce(0, +) - few.values.reduce(0, +)
    #expect(difference == (9 - 5) * 2 * 2 * directions, "\(few) \(many)")
  }
}
#endif
