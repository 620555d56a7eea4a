#if OpenCL
import HostSystem
import BackendOpenCL
import Tensors
import Testing

@testable import NeuralNetworks

/// The launches of a training step of the default model on an OpenCL device.
@Suite(.serialized) struct LaunchCountTests {
  /// A backend that only this test uses.
  private func backend(_ device: Device) throws -> OpenCLBackend {
    try OpenCLBackend.profiled(OpenCLDevice.named(device.identifier))
  }

  private func makeStep(_ device: Device, _ clipping: GradientClipping = .none) throws -> TrainingStep {
    let model = Sequential(inputShape: [784]) {
      Dense(128, activation: .relu)
      Dense(10)
    }
    try model.build(inputShape: [784], on: device, seed: 1)
    return try makeStep(of: model, clipping)
  }

  /// The step of `fit`, which has looked at the numbers before.
  private func makeStep(of model: Model, _ clipping: GradientClipping = .none) throws -> TrainingStep {
    let optimizer = Optimizer.adam(clipping: clipping)
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    let terms = try TrainingConfiguration(optimizer: optimizer, loss: loss, metrics: []).terms(
      outputs: model.outputNames)
    return TrainingStep(forChecked: model, optimizer: optimizer, terms: terms, seed: 0, classWeights: nil)
  }

  private func makeBatch(_ device: Device) -> Batch {
    let images = Tensor.uniform([32, 784], in: -1..<1, using: RandomStream(seed: 1), on: device)
    return Batch(input: images, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: device))
  }

  /// Expects a replayed step to have this number of launches, without waits of the host and without downloads. Products
  /// that a device computes in two launches count as one.
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
    let kernels = commands.filter { !["upload", "download", "copy", "matmulReduce"].contains($0.name) }
    let launches = kernels.map { "\($0.name) \($0.launches / 5)" }.joined(separator: ", ")
    #expect(kernels.reduce(0) { $0 + $1.launches } == count * 5, "\(launches)", sourceLocation: location)
    #expect(!commands.contains { $0.name == "download" }, sourceLocation: location)
  }

  /// `NN_OPENCL_KERNELS` makes CPUs run the kernels of GPUs; otherwise, a test run with it would be meaningless.
  @Test(.enabled(if: environment("NN_OPENCL_KERNELS") != nil), arguments: TestDevices.openCL)
  func kernelsAreThoseAskedFor(device: Device) throws { #expect(try !backend(device).runsLoops) }

  /// Forward: two layers, the loss with its gradient, its mean. Backward: weights, bias and input of the
  /// second layer; activation with bias, and weights, of the first. Update: one.
  @Test(arguments: TestDevices.openCL) func aStepIsTenLaunches(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    try expectLaunches(10, of: try makeStep(own), on: makeBatch(own), backend)
  }

  /// A network of two convolutions with pooling and two dense layers. Forward: 6 layers, the loss with its gradient,
  /// its mean. Backward: the gaps of the gradients filled; weights, bias, and input of the last layer; activation with
  /// bias, weights, and input of the one before; for each convolution, the pooling, the activation, the bias in two
  /// launches, and the weights in two; the input of the second convolution. Update: one.
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
    let step = try makeStep(of: model)
    let images = Tensor.uniform([32, 1, 28, 28], in: -1..<1, using: RandomStream(seed: 1), on: own)
    let batch = Batch(input: images, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: own))
    try expectLaunches(29, of: step, on: batch, backend)
  }

  /// An encoder block on sequences, their mean, and a dense layer. On processors the pass of a normalization's gradient takes
  /// the sums for weight and bias too: a launch less for each of the two.
  @Test(arguments: TestDevices.openCL) func aStepOfATransformerIsSixtyThreeLaunches(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    let model = Sequential {
      TransformerEncoderBlock(heads: 4, width: 32, dropout: 0)
      SequenceAverage()
      Dense(10)
    }
    try model.build(inputShape: [16, 32], on: own, seed: 1)
    let step = try makeStep(of: model)
    let x = Tensor.uniform([8, 16, 32], in: -1..<1, using: RandomStream(seed: 1), on: own)
    let batch = Batch(input: x, target: Tensor(integers: (0..<8).map { $0 % 10 }, on: own))
    try expectLaunches(backend.runsLoops ? 61 : 63, of: step, on: batch, backend)
  }

  /// Clipping by the global norm adds the sum of squares (two launches), its root, and the factor, but no wait.
  @Test(arguments: TestDevices.openCL) func clippingDoesNotWait(device: Device) throws {
    let backend = try backend(device)
    let own = Device(backend)
    try expectLaunches(14, of: try makeStep(own, .globalNorm(1)), on: makeBatch(own), backend)
  }

  /// One product and one cell for each step, forward and backward; everything else is done once per sequence. (Sums
  /// over many rows take two launches.)
  @Test(arguments: TestDevices.openCL, [1, 2]) func aTimeStepIsTwoLaunches(device: Device, directions: Int) throws {
    func launches(_ steps: Int) throws -> [String: Int] {
      let backend = try backend(device)
      let own = Device(backend)
      let model = Sequential {
        if directions == 1 { LSTM(16) } else { Bidirectional { LSTM(16) } }
        Dense(10)
      }
      try model.build(inputShape: [steps, 8], on: own, seed: 1)
      let step = try makeStep(of: model)
      let x = Tensor.uniform([32, steps, 8], in: -1..<1, using: RandomStream(seed: 1), on: own)
      let batch = Batch(input: x, target: Tensor(integers: (0..<32).map { $0 % 10 }, on: own))
      for _ in 0..<4 { _ = try step(batch) }
      _ = try backend.takeProfile()
      for _ in 0..<4 { _ = try step(batch) }
      let kernels = try backend.takeProfile().filter {
        !["upload", "copy", "matmulReduce", "sumColumns_float"].contains($0.name)
      }
      return Dictionary(uniqueKeysWithValues: kernels.map { ($0.name, $0.launches / 4) })
    }
    let (few, many) = (try launches(5), try launches(9))
    let difference = many.values.reduce(0, +) - few.values.reduce(0, +)
    #expect(difference == (9 - 5) * 2 * 2 * directions, "\(few) \(many)")
  }
}
#endif
