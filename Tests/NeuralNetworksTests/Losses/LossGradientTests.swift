import NeuralNetworks
import Testing

/// Compares gradients of the losses with central differences, in double precision on the Reference backend.
@Suite struct LossGradientTests {
  struct Case: Sendable, CustomStringConvertible {
    let loss: Loss
    let prediction, target: [Double]
    let shape, targetShape: [Int]
    var labels = false
    var description: String { loss.name }
  }

  static let cases: [Case] = {
    var random = Knuth(5)
    let logits = random.numbers(12).map { 3 * $0 }
    let values = random.numbers(12)
    let probabilities = random.numbers(12).map { 0.5 + 0.45 * $0 }
    let labels: [Double] = [2, 0, 1, 1]
    let wide = [4, 3]
    func regression(_ loss: Loss) -> Case {
      Case(loss: loss, prediction: logits, target: values, shape: wide, targetShape: wide)
    }
    func binary(_ loss: Loss, _ prediction: [Double]) -> Case {
      Case(loss: loss, prediction: prediction, target: probabilities.reversed(), shape: wide, targetShape: wide)
    }
    func sparse(_ loss: Loss, _ prediction: [Double]) -> Case {
      Case(loss: loss, prediction: prediction, target: labels, shape: wide, targetShape: [4], labels: true)
    }
    return [
      regression(.meanSquaredError), regression(.meanAbsoluteError), regression(.huber(delta: 0.7)), regression(.hinge),
      regression(.meanAbsolutePercentageError), regression(.logCosh), regression(.poisson(fromLogarithm: true)),
      regression(.cosineSimilarity), regression(.squaredHinge),
      binary(.meanSquaredLogarithmicError, probabilities), binary(.poisson(), probabilities),
      binary(.binaryFocalCrossEntropy(), probabilities),
      binary(.binaryFocalCrossEntropy(gamma: 0.5, alpha: 0.3, fromLogits: true), logits),
      binary(.categoricalFocalCrossEntropy(), probabilities), binary(.dice(), probabilities),
      binary(.tversky(alpha: 0.2, beta: 0.9, fromLogits: true), logits), binary(.categoricalHinge, logits),
      binary(.binaryCrossEntropy(positiveWeight: 2.5), probabilities),
      sparse(.categoricalFocalCrossEntropy(gamma: 3, fromLogits: true), logits), sparse(.categoricalHinge, logits),
      binary(.binaryCrossEntropy(), probabilities), binary(.binaryCrossEntropy(fromLogits: true), logits),
      binary(.klDivergence(), probabilities), binary(.crossEntropy(), logits),
      binary(.crossEntropy(fromLogits: false, labelSmoothing: 0.2), probabilities),
      sparse(.crossEntropy(labelSmoothing: 0.1), logits), sparse(.crossEntropy(ignoring: 1), logits),
      sparse(.sparseCategoricalCrossEntropy(), probabilities),
      sparse(.sparseCategoricalCrossEntropy(labelSmoothing: 0.3, ignoring: 0), probabilities),
    ]
  }()

  @Test(arguments: cases, [false, true]) func finiteDifferences(_ item: Case, _ isWeighted: Bool) throws {
    let device = TestDevices.reference
    let target = Tensor(item.target, shape: item.targetShape, dtype: item.labels ? .int32 : .float64, on: device)
    let weights = isWeighted ? Tensor([0.5, 2, 0, 1.25], dtype: .float64, on: device) : nil
    func value(_ numbers: [Double]) -> Tensor { Tensor(numbers, shape: item.shape, dtype: .float64, on: device) }
    let (_, gradient) = valueAndGradient(at: value(item.prediction)) { item.loss($0, target, weights: weights) }
    let found = try gradient.scalars(as: Double.self)
    let step = 1e-6
    for index in item.prediction.indices {
      var (above, below) = (item.prediction, item.prediction)
      above[index] += step
      below[index] -= step
      let high = try item.loss(value(above), target, weights: weights).item()
      let low = try item.loss(value(below), target, weights: weights).item()
      expectClose(found[index], (high - low) / (2 * step), relative: 1e-6, absolute: 1e-8)
    }
  }

  /// For probabilities of 0 or 1 and huge logits, gradients stay finite.
  @Test(arguments: TestDevices.all) func extremes(_ device: Device) throws {
    let p = Tensor([0, 1, 0, 1, Float.leastNonzeroMagnitude, 1e-30] as [Float], on: device)
    let t = Tensor([0, 1, 1, 0, 0, 1] as [Float], on: device)
    let (_, certain) = valueAndGradient(at: p) { Loss.binaryCrossEntropy()($0, t) }
    #expect(try certain.scalars().allSatisfy(\.isFinite))
    let z = Tensor([1e4, -1e4, 0, -1e4, 1e4, 0] as [Float], shape: [2, 3], on: device)
    let labels = Tensor(integers: [1, 1], on: device)
    let (_, huge) = valueAndGradient(at: z) { Loss.crossEntropy()($0, labels) }
    try expectClose(huge, [0.5, -0.5, 0, 0, 0, 0])
    let (_, binary) = valueAndGradient(at: z) {
      Loss.binaryCrossEntropy(fromLogits: true)($0, .zeros(like: $0))
    }
    try expectClose(binary, [1.0 / 6, 0, 1.0 / 12, 0, 1.0 / 6, 1.0 / 12])
  }
}
