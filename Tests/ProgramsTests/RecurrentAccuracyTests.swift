import Datasets
import NeuralNetworks
import TestSupport
import Testing

/// Recurrent networks on real data, as good as in other frameworks.
@Suite("Accuracy of recurrent networks", .serialized)
struct RecurrentAccuracyTests {
  /// PyTorch reaches 92.1 to 93.8 %, 92.9 on average, with the same network, batches, and epochs.
  @Test(.enabled(if: SharedData.folder != nil)) func digitsRowByRow() throws {
    let folder = try #require(SharedData.path("mnist-10k"))
    let data = try MNIST.load(from: folder)
    let model = Sequential {
      LSTM(128)
      Dense(10)
    }
    model.compile(
      optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
      metrics: [.accuracy])
    try model.fit(data.train, epochs: 5, batchSize: 32, seed: 1, verbosity: .silent)
    let scores = try model.evaluate(data.test)
    let accuracy = try #require(scores["accuracy"])
    #expect(accuracy >= 0.919, "\(accuracy)")
  }

  /// A network from the tokens of a sentence to the probability that it is positive.
  struct Reader: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let makeLayers: @Sendable () -> [any Layer]

    static let all = [
      Reader(testDescription: "average") { [SequenceAverage(masksZeros: true), Dropout(0.5)] },
      Reader(testDescription: "LSTM") { [Bidirectional { LSTM(32, masksZeros: true) }, Dropout(0.5)] },
    ]
  }

  /// Three thousand sentences from reviews, a fifth of them held back for the test.
  @Test(.enabled(if: SharedData.folder != nil), arguments: Reader.all) func sentiment(_ reader: Reader)
    throws
  {
    let folder = try #require(SharedData.path("sentiment"))
    let text = try LabeledText.load(
      tsv: folder + "/amazon_cells_labelled.txt", folder + "/imdb_labelled.txt", folder + "/yelp_labelled.txt",
      vocabulary: 4000, length: 32)
    #expect(text.train.count == 2400 && text.test.count == 600)
    let model = Sequential(
      [Embedding(4000, 32, padding: 0, initializer: .normal(deviation: 0.1))] + reader.makeLayers() + [
        Dense(1, activation: .sigmoid)
      ])
    model.compile(
      optimizer: .adam(learningRate: 2e-3), loss: .binaryCrossEntropy(), metrics: [.accuracy(threshold: 0.5)])
    let isAverage = reader.testDescription == "average"
    try model.fit(text.train, epochs: isAverage ? 12 : 5, batchSize: 32, seed: 1, verbosity: .silent)
    let scores = try model.evaluate(text.test)
    let accuracy = try #require(scores["accuracy"])
    #expect(accuracy >= 0.78, "\(accuracy)")
  }
}
