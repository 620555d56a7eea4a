import BackendCPU
import Testing

@testable import NeuralNetworks

/// A complete training run with layers wide enough to be shared among threads.
@Suite struct ThreadCountTrainingTests {
  @Test func hasTheSameBitsOnAnyNumberOfThreads() throws {
    let alone = try Self.trainedBits(threads: 1)
    #expect(Set(alone.losses).count > 1)
    for threads in [2, 3, 7] {
      let shared = try Self.trainedBits(threads: threads)
      #expect(shared.losses == alone.losses, "\(threads) threads")
      #expect(shared.parameters == alone.parameters, "\(threads) threads")
    }
  }

  private static func trainedBits(threads: Int) throws -> (losses: [UInt64], parameters: [UInt32]) {
    let device = Device(CPUBackend(threads: threads))
    let model = Sequential(inputShape: [784]) {
      Dense(256, activation: .gelu)
      Dropout(0.3)
      Dense(128, activation: .relu)
      Dropout(0.2)
      Dense(10)
    }
    try model.build(inputShape: [784], on: device, seed: 3)
    model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    let images = Tensor.uniform([600, 784], in: -1..<1, using: RandomStream(seed: 5), on: device)
    let labels = Tensor(integers: (0..<600).map { $0 * 7 % 10 }, on: device)
    let history = try model.fit(
      TensorDataset(images, labels), epochs: 2, batchSize: 128, seed: 9, verbosity: .silent)
    let losses = history["loss"].map(\.bitPattern)
    let values = try model.parameters.flatMap { try $0.parameter.value.scalars() }
    return (losses, values.map(\.bitPattern))
  }
}
