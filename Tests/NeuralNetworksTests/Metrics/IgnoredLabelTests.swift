import HostSystem
import Testing

@testable import NeuralNetworks

/// Labels that the compiled loss ignores count in no metric of classes. The numbers are worked out by hand.
@Suite struct IgnoredLabelTests {
  /// Predicted 0 1 2 1 0 2; right 0 2 - 1 1 -: of the four that count, the first and the fourth are right.
  static let scores: [Float] = [
    5, 1, 0, 0, 5, 1, 0, 1, 5, 1, 5, 0, 5, 0, 1, 0, 1, 5,
  ]

  private static func labels(ignoring ignored: Int) -> [Int] { [0, 2, ignored, 1, 1, ignored] }

  /// A model whose outputs are its inputs.
  private func model(
    _ device: Device, ignoring ignored: Int, _ metrics: [Metric], inputShape: [Int] = [3]
  ) throws -> Sequential {
    let model = Sequential { Dense(3, useBias: false) }
    model.compile(
      optimizer: .sgd(learningRate: 0), loss: .crossEntropy(ignoring: ignored), metrics: metrics, device: device)
    try model.build(inputShape: inputShape, on: device)
    model.parameters["0.weight"]?.value = Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3], on: device)
    return model
  }

  /// Ignored labels below and above the classes, in batches that hold some, and nothing else.
  @Test(arguments: TestDevices.all, [-1, 9]) func doNotCount(_ device: Device, ignored: Int) throws {
    let metrics: [Metric] = [
      .accuracy, .topK(2), .confusionMatrix(), .precision, .recall, .f1, .recall(class: 1),
      .loss(.crossEntropy(ignoring: ignored)), .perplexity, .meanIoU, .matthewsCorrelation(), .cohenKappa(), .auc,
    ]
    let model = try model(device, ignoring: ignored, metrics)
    let data = TensorDataset(
      Tensor(Self.scores, shape: [6, 3]), Tensor(integers: Self.labels(ignoring: ignored)))
    for batchSize in [6, 4, 1] {
      let scores = try model.evaluate(data, batchSize: batchSize)
      expectClose(scores["accuracy"] ?? .nan, 0.5)
      // The second largest of row 1 is class 2; of row 4 it is class 2, and the label is 1.
      expectClose(scores["top_2_accuracy"] ?? .nan, 0.75)
      #expect(scores.matrix("confusion_matrix") == [[1, 0, 0], [1, 1, 0], [0, 1, 0]])
      // Precision 1/2, 1/2, 0; recall 1, 1/2, 0; F1 2/3, 1/2, 0.
      expectClose(scores["precision"] ?? .nan, 1.0 / 3)
      expectClose(scores["recall"] ?? .nan, 0.5)
      expectClose(scores["f1"] ?? .nan, (2.0 / 3 + 0.5) / 3)
      expectClose(scores["recall_1"] ?? .nan, 0.5)
      expectClose(scores["cross_entropy"] ?? .nan, scores.loss)
      expectClose(scores["perplexity"] ?? .nan, exp(scores.loss))
      // 1/2, 1/3, 0 of 1.
      expectClose(scores["mean_iou"] ?? .nan, (0.5 + 1.0 / 3) / 3)
      // Of scikit-learn, for the four that count.
      expectClose(scores["matthews_correlation"] ?? .nan, 0.22360679775)
      expectClose(scores["cohen_kappa"] ?? .nan, 0.2)
      expectClose(scores["auc"] ?? .nan, 0.625)
    }
  }

  /// Labels for each position, with weights of examples.
  @Test(arguments: TestDevices.all) func doNotCountInSequences(_ device: Device) throws {
    let model = try model(device, ignoring: -1, [.accuracy, .confusionMatrix()], inputShape: [3, 3])
    let data = TensorDataset(
      Tensor(Self.scores, shape: [2, 3, 3]), Tensor(integers: Self.labels(ignoring: -1), shape: [2, 3]),
      weights: Tensor([1, 3]))
    let scores = try model.evaluate(data)
    // Weights 1 1 - 3 3 -; right are the first and the fourth.
    expectClose(scores["accuracy"] ?? .nan, 4.0 / 8)
    #expect(scores.matrix("confusion_matrix") == [[1, 0, 0], [3, 3, 0], [0, 1, 0]])
  }

  /// A class that is ignored is left out too.
  @Test(arguments: TestDevices.all) func anIgnoredClassDoesNotCount(_ device: Device) throws {
    let model = try model(device, ignoring: 1, [.accuracy, .confusionMatrix()])
    let data = TensorDataset(Tensor(Self.scores, shape: [6, 3]), Tensor(integers: [0, 2, 1, 1, 0, 2]))
    // Predicted 0 1 0 2 where the label is not 1, which is 0 2 0 2.
    let scores = try model.evaluate(data)
    expectClose(scores["accuracy"] ?? .nan, 0.75)
    #expect(scores.matrix("confusion_matrix") == [[2, 0, 0], [0, 0, 0], [0, 1, 1]])
  }
}
