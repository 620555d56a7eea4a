import Datasets
import NeuralNetworks
import TestSupport
import Testing

/// The typical classifier of introductions, trained on real images with three seeds: as good as in other frameworks.
@Suite("Accuracy on real images", .serialized)
struct AccuracyTests {
  /// PyTorch reaches 92.5 to 93.7 %, 93.1 on average, with the same network, batches, and epochs.
  @Test(.enabled(if: SharedData.folder != nil), arguments: TestDevices.real) func digits(
    on device: Device
  ) throws {
    let folder = try #require(SharedData.path("mnist-10k"))
    let accuracy = try meanAccuracy(of: try MNIST.load(from: folder), epochs: 5, on: device, dense)
    #expect(accuracy >= 0.926)
  }

  /// PyTorch reaches 74, 75 and 81 % on these hundred test images.
  @Test(.enabled(if: SharedData.folder != nil), arguments: TestDevices.real) func clothes(
    on device: Device
  ) throws {
    let folder = try #require(SharedData.path("fashion-mnist-900"))
    let accuracy = try meanAccuracy(of: try FashionMNIST.load(from: folder), epochs: 20, on: device, dense)
    #expect(accuracy >= 0.72)
  }

  /// PyTorch reaches 97.1 % on average with the same network, batches, and epochs, and 96.5 after two of them.
  @Test(.enabled(if: SharedData.folder != nil)) func digitsByConvolutions() throws {
    let folder = try #require(SharedData.path("mnist-10k"))
    let data = try MNIST.load(from: folder)
    #expect(try meanAccuracy(of: data, epochs: 5, on: .cpu, Self.convolutional) >= 0.963)
  }

  private func dense() -> Sequential {
    Sequential {
      Flatten()
      Dense(128, activation: .relu)
      Dense(10)
    }
  }

  /// The network of introductions to convolutions.
  static func convolutional() -> Sequential {
    Sequential {
      Reshape([1, 28, 28])
      Conv2D(32, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Conv2D(64, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Flatten()
      Dense(128, activation: .relu)
      Dense(10)
    }
  }

  private func meanAccuracy(
    of data: ImageDataset, epochs: Int, on device: Device, seeds: [UInt64] = [1, 2, 3], _ makeModel: () -> Sequential
  ) throws -> Double {
    var total = 0.0
    for seed in seeds {
      let model = makeModel()
      model.compile(
        optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
        metrics: [.accuracy], device: device)
      try model.fit(data.train, epochs: epochs, batchSize: 32, seed: seed, verbosity: .silent)
      total += try #require(try model.evaluate(data.test)["accuracy"])
    }
    return total / Double(seeds.count)
  }
}
