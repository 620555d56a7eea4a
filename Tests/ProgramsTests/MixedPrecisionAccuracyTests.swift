import Datasets
import NeuralNetworks
import TestSupport
import Testing

/// Networks trained in mixed precision on real digits are as good as those trained in float32.
@Suite("Accuracy in mixed precision", .serialized)
struct MixedPrecisionAccuracyTests {
  /// The mean accuracies of float32 and of the mixed types differ by at most 0.3 points.
  @Test(.enabled(if: SharedData.folder != nil)) func convolutions() throws {
    try compare(epochs: 4, seeds: [1, 2]) {
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
  }

  @Test(.enabled(if: SharedData.folder != nil)) func recurrence() throws {
    try compare(epochs: 5, seeds: [1, 2]) {
      Sequential {
        LSTM(128)
        Dense(10)
      }
    }
  }

  private func compare(epochs: Int, seeds: [UInt64], _ makeModel: () -> Sequential) throws {
    let data = try MNIST.load(from: try #require(SharedData.path("mnist-10k")))
    func accuracy(_ precision: Precision) throws -> Double {
      var total = 0.0
      for seed in seeds {
        let model = makeModel()
        model.compile(
          optimizer: .adam(learningRate: .linear(from: 2e-3, to: 0, steps: epochs * data.train.count / 32)),
          loss: .crossEntropy(), metrics: [.accuracy], precision: precision)
        try model.fit(data.train, epochs: epochs, batchSize: 32, seed: seed, verbosity: .silent)
        total += try #require(try model.evaluate(data.test)["accuracy"])
      }
      return total / Double(seeds.count)
    }
    let expected = try accuracy(.float32)
    for precision in [Precision.mixedBFloat16, .mixedFloat16] {
      let found = try accuracy(precision)
      print("accuracy in \(precision): \(found), in float32: \(expected)")
      #expect(abs(found - expected) <= 0.003, "\(precision): \(found), float32: \(expected)")
    }
  }
}
