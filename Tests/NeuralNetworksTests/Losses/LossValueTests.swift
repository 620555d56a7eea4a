import NeuralNetworks
import Testing

/// Compares losses with numbers computed by NumPy in double precision from PyTorch's formulas.
@Suite struct LossValueTests {
  private func matrices(_ device: Device) -> (Tensor, Tensor) {
    (
      Tensor([0.2, -1.5, 3.0, 0.7, 0.1, -2.2] as [Float], shape: [2, 3], on: device),
      Tensor([0, 1, 2.5, 1, -0.4, 2] as [Float], shape: [2, 3], on: device)
    )
  }

  @Test(arguments: TestDevices.all) func regression(_ device: Device) throws {
    let (p, t) = matrices(device)
    try expectClose(Loss.meanSquaredError.values(p, t), [2.18, 5.9933333333])
    try expectClose(Loss.meanSquaredError(p, t), [4.0866666667])
    try expectClose(Loss.meanAbsoluteError.values(p, t), [1.0666666667, 1.6666666667])
    try expectClose(Loss.meanAbsoluteError(p, t), [1.3666666667])
    try expectClose(Loss.huber().values(p, t), [0.715, 1.29])
    try expectClose(Loss.huber(delta: 0.5)(p, t), [0.5691666667])
  }

  @Test(arguments: TestDevices.all) func weights(_ device: Device) throws {
    let (p, t) = matrices(device)
    let weights = Tensor([2, 0.5] as [Float], on: device)
    try expectClose(Loss.meanSquaredError(p, t, weights: weights), [2.9426666667])
    // Nothing counts: no NaN.
    try expectClose(Loss.meanSquaredError(p, t, weights: .zeros([2], on: device)), [0])
  }

  @Test(arguments: TestDevices.all) func targetsWithoutTheLastAxis(_ device: Device) throws {
    let p = Tensor([1, 2, 4] as [Float], shape: [3, 1], on: device)
    let t = Tensor(integers: [1, 1, 1], on: device)
    try expectClose(Loss.meanSquaredError(p, t), [10.0 / 3])
    try expectClose(Loss.meanSquaredError.values(p, t), [0, 1, 9])
  }

  @Test(arguments: TestDevices.all) func binaryCrossEntropy(_ device: Device) throws {
    let p = Tensor([0.9, 0.2, 0.5, 0, 1, 1] as [Float], on: device)
    let t = Tensor([1, 0, 1, 1, 0, 1] as [Float], on: device)
    try expectClose(
      Loss.binaryCrossEntropy().values(p, t), [0.1053605157, 0.2231435513, 0.6931471806, 100, 100, 0])
    try expectClose(Loss.binaryCrossEntropy()(p, t), [33.5036085413])
  }

  @Test(arguments: TestDevices.all) func binaryCrossEntropyFromLogits(_ device: Device) throws {
    let z = Tensor([-1e4, 1e4, 1e4, -1e4, 0.3, -2, 80] as [Float], on: device)
    let t = Tensor([1, 0, 1, 0, 1, 0.25, 1] as [Float], on: device)
    try expectClose(
      Loss.binaryCrossEntropy(fromLogits: true).values(z, t),
      [1e4, 1e4, 0, 0, 0.55435524447, 0.62692801104, 1.8048513878e-35])
  }

  private func logits(_ device: Device) -> Tensor {
    Tensor([1, 2, 0.5, -1, 0, 3, 1e4, -1e4, 0, 0.3, 0.3, 0.3] as [Float], shape: [4, 3], on: device)
  }

  @Test(arguments: TestDevices.all) func sparseCrossEntropyFromLogits(_ device: Device) throws {
    let labels = Tensor(integers: [1, 0, 0, 2], on: device)
    let expected = [0.4643687841, 4.0658839038, 0, 1.0986122887]
    try expectClose(Loss.sparseCategoricalCrossEntropy(fromLogits: true).values(logits(device), labels), expected)
    try expectClose(Loss.crossEntropy().values(logits(device), labels), expected)
    try expectClose(Loss.crossEntropy()(logits(device), labels.reshaped([4, 1])), [1.407216244])
    let long = Tensor([1, 0, 0, 2] as [Int64], on: device)
    try expectClose(Loss.crossEntropy().values(logits(device), long), expected)
    try expectClose(
      Loss.crossEntropy(labelSmoothing: 0.1).values(logits(device), labels),
      [0.54770211744, 3.8992172371, 1000, 1.0986122887])
  }

  @Test(arguments: TestDevices.all) func crossEntropyOfSequences(_ device: Device) throws {
    let labels = Tensor(integers: [1, 0, 0, 2], shape: [2, 2], on: device)
    let values = Loss.crossEntropy().values(logits(device).reshaped([2, 2, 3]), labels)
    #expect(values.shape == [2, 2])
    try expectClose(values, [0.4643687841, 4.0658839038, 0, 1.0986122887])
  }

  @Test(arguments: TestDevices.all) func crossEntropyOfDistributions(_ device: Device) throws {
    let t = Tensor([0.1, 0.7, 0.2, 0, 0.5, 0.5, 1, 0, 0, 0.2, 0.2, 0.6] as [Float], shape: [4, 3], on: device)
    try expectClose(
      Loss.crossEntropy().values(logits(device), t), [0.8643687841, 1.5658839038, 0, 1.0986122887])
    try expectClose(
      Loss.crossEntropy(labelSmoothing: 0.1).values(logits(device), t),
      [0.90770211744, 1.6492172371, 1000, 1.0986122887])
  }

  @Test(arguments: TestDevices.all) func ignoredLabels(_ device: Device) throws {
    let labels = Tensor(integers: [1, -100, 0, 2], on: device)
    let loss = Loss.crossEntropy(ignoring: -100)
    try expectClose(loss.values(logits(device), labels), [0.4643687841, 0, 0, 1.0986122887])
    // The mean is over the other examples, as in PyTorch.
    try expectClose(loss(logits(device), labels), [0.5209936909])
    try expectClose(loss(logits(device), Tensor(integers: [-100, -100, -100, -100], on: device)), [0])
    // 2·0.4643687841 + 1·0 + 3·1.0986122887, divided by 2 + 1 + 3.
    let weights = Tensor([2, 5, 1, 3] as [Float], on: device)
    try expectClose(loss(logits(device), labels, weights: weights), [0.7040957391])
    let probabilities = Loss.sparseCategoricalCrossEntropy(ignoring: 7)
    let p = Tensor([0.2, 0.5, 0.3, 0, 0.25, 0.75] as [Float], shape: [2, 3], on: device)
    try expectClose(probabilities.values(p, Tensor(integers: [1, 7], on: device)), [0.6931471806, 0])
  }

  /// Labels are int32.
  @Test func anIgnoredLabelBeyondInt32IsRefused() async {
    let found = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.crossEntropy(ignoring: 1 << 31)
    }
    let text = String(decoding: found?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("crossEntropy: the ignored label 2147483648 does not fit int32"), "\(text)")
    let sparse = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.sparseCategoricalCrossEntropy(ignoring: .min)
    }
    let message = String(decoding: sparse?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("sparseCategoricalCrossEntropy: the ignored label \(Int.min)"), "\(message)")
  }

  @Test(arguments: TestDevices.all) func crossEntropyFromProbabilities(_ device: Device) throws {
    let p = Tensor([0.2, 0.5, 0.3, 0, 0.25, 0.75, 1, 0, 0] as [Float], shape: [3, 3], on: device)
    let labels = Tensor(integers: [1, 0, 0], on: device)
    try expectClose(Loss.sparseCategoricalCrossEntropy().values(p, labels), [0.6931471806, 100, 0])
    try expectClose(Loss.crossEntropy(fromLogits: false).values(p, labels.oneHot(classes: 3)), [0.6931471806, 100, 0])
    try expectClose(
      Loss.sparseCategoricalCrossEntropy(labelSmoothing: 0.1).values(p, labels),
      [0.7407177257, 93.3891325478, 6.6666666667])
  }

  @Test(arguments: TestDevices.all) func hingeAndDivergence(_ device: Device) throws {
    let p = Tensor([0.5, -2, 1.5, -0.3] as [Float], on: device)
    try expectClose(Loss.hinge.values(p, Tensor([1, 1, -1, -1] as [Float], on: device)), [0.5, 3, 2.5, 0.7])
    try expectClose(Loss.hinge.values(p, Tensor([1, 1, 0, 0] as [Float], on: device)), [0.5, 3, 2.5, 0.7])
    let t = Tensor([0.2, 0.5, 0.3, 0, 0.4, 0.6] as [Float], shape: [2, 3], on: device)
    let q = Tensor([0.3, 0.3, 0.4, 0.1, 0.2, 0.7] as [Float], shape: [2, 3], on: device)
    try expectClose(Loss.klDivergence().values(q, t), [0.0880151685, 0.1847684643])
    try expectClose(Loss.klDivergence(fromLogProbabilities: true)(q.log(), t), [0.1363918164])
  }

  @Test(arguments: TestDevices.all) func lossOfOnesOwn(_ device: Device) throws {
    let (p, t) = matrices(device)
    let largest = Loss("largest") { prediction, target in (prediction - target).magnitude().max(axis: 1) }
    try expectClose(largest(p, t), [(2.5 + 4.2) / 2])
    let weights = Tensor([3, 1] as [Float], on: device)
    try expectClose(largest(p, t, weights: weights), [(3 * 2.5 + 4.2) / 4])
  }

  @Test func oneClass() throws {
    // A single class: the softmax is 1 for every logit, and the loss is 0.
    let logits = Tensor([5, -3] as [Float], shape: [2, 1])
    try expectClose(Loss.crossEntropy().values(logits, Tensor(integers: [0, 0])), [0, 0])
  }
}
