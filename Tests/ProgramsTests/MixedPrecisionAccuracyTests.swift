import Datasets
import NeuralNetworks
import TestSupport
import Testing

/// Networks trained in mixed precision on real digits are as good as those trained in float32.
@Suite("Accuracy in mixed precision", .serialized)
struct MixedPrecisionAccuracyTests {
  /// With four epochs and two seeds, the means were 97.7 % in bfloat16, 97.8 % in float16, and 97.8 % in float32.
  @Test(.enabled(if: SharedData.folder != nil)) func convolutions() throws {
    try compare(epochs: 2, AccuracyTests.convolutional)
  }

  /// With five epochs and two seeds, the means were 94.4 % in bfloat16, 94.2 % in float16, and 93.9 % in float32.
  @Test(.enabled(if: SharedData.folder != nil)) func recurrence() throws {
    try compare(epochs: 3) {
      Sequential {
        LSTM(128)
        Dense(10)
      }
    }
  }

  /// One seed, so that the accuracies of 2,000 images differ by about half a point anyway.
  private func compare(epochs: Int, seeds: [UInt64] = [1], _ makeModel: () -> Sequential) throws {
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
      #expect(found >= expected - 0.01, "\(precision): \(found), float32: \(expected)")
    }
  }
}
