import BackendCPU
import NeuralNetworks
import Testing

/// Compares areas under curves with Keras 3.15, and scores of confusion matrices with scikit-learn 1.9 in float64, in
/// one batch and in several.
@Suite struct CurveAndTableTests {
  private static let shares: [Float] = [0.9, 0.1, 0.8, 0.6, 0.35, 0.35, 0.4, 0.72, 0.05, 0.55]
  private static let answers = [1, 0, 0, 1, 1, 0, 0, 1, 0, 1]
  private static let weights: [Float] = [1, 2, 0.5, 3, 1, 0, 1, 2, 0.25, 1]
  private static let parts: [[Range<Int>]] = [[0..<10], [0..<3, 3..<4, 4..<10]]

  private func binary(
    _ metric: Metric, _ device: Device, weighted: Bool = false, parts: [Range<Int>] = [0..<10]
  ) throws -> Double {
    try result(
      metric, Tensor(Self.shares, shape: [10, 1], on: device), Tensor(integers: Self.answers, on: device),
      weights: weighted ? Tensor(Self.weights, on: device) : nil, parts: parts)
  }

  private func classes(_ metric: Metric, _ device: Device, weights: [Float]? = nil, parts: [Range<Int>] = [0..<6])
    throws
    -> Double
  {
    try result(
      metric, Tensor(MetricTests.scores, shape: [6, 3], on: device), Tensor(integers: MetricTests.labels, on: device),
      weights: weights.map { Tensor($0, on: device) }, parts: parts)
  }

  private func result(
    _ metric: Metric, _ prediction: Tensor, _ target: Tensor, weights: Tensor?, parts: [Range<Int>]
  ) throws -> Double {
    var accumulator = metric.makeAccumulator()
    for rows in parts {
      accumulator.update(prediction: prediction[rows], target: target[rows], weights: weights.map { $0[rows] })
    }
    return try accumulator.result()
  }

  /// scikit-learn has the same area under the ROC curve, because no two predictions are between two thresholds except
  /// for one pair with equal ones.
  @Test(arguments: TestDevices.all, parts) func areas(_ device: Device, _ parts: [Range<Int>]) throws {
    expectClose(try binary(.auc, device, parts: parts), 0.78)
    expectClose(try binary(.auc, device, weighted: true, parts: parts), 0.85)
    let curve = Metric.auc(curve: .precisionRecall)
    #expect(curve.name == "precision_recall_auc")
    expectClose(try binary(curve, device, parts: parts), 0.7455100417)
    expectClose(try binary(curve, device, weighted: true, parts: parts), 0.8785552979)
    expectClose(try binary(.auc(curve: .precisionRecall, thresholds: 5), device, parts: parts), 0.6565202475)
    // Of scikit-learn for pairs of an example and a class.
    expectClose(try classes(.auc, device), 0.7430555556)
    // Without yes or no, and without examples.
    for targets in [[0, 0], [1, 1]] {
      let p = Tensor([0.2, 0.7], on: device)
      #expect(try result(.auc, p, Tensor(integers: targets, on: device), weights: nil, parts: [0..<2]) == 0)
    }
    #expect(try Metric.auc.makeAccumulator().result() == 0)
  }

  /// Keras, without and with weights.
  @Test(arguments: TestDevices.all, parts) func operatingPoints(_ device: Device, _ parts: [Range<Int>]) throws {
    let expected: [(metric: Metric, name: String, value: Double, weighted: Double)] = [
      (.sensitivity(atSpecificity: 0.8), "sensitivity_at_specificity", 0.8, 0.875),
      (.sensitivity(atSpecificity: 0.9), "sensitivity_at_specificity", 0.2, 0.125),
      (.specificity(atSensitivity: 0.7), "specificity_at_sensitivity", 0.8, 0.8666666667),
      (.precision(atRecall: 0.8), "precision_at_recall", 0.8, 0.9333333373),
      (.precision(atRecall: 1), "precision_at_recall", 0.625, 0.8421052695),
      (.recall(atPrecision: 0.8), "recall_at_precision", 0.8, 1),
      (.recall(atPrecision: 0.9), "recall_at_precision", 0.2, 0.875),
    ]
    for (metric, name, value, weighted) in expected {
      #expect(metric.name == name && MonitorDirection.automatic.prefersLarger(name))
      expectClose(try binary(metric, device, parts: parts), value)
      expectClose(try binary(metric, device, weighted: true, parts: parts), weighted)
    }
    #expect(try Metric.precision(atRecall: 0.5).makeAccumulator().result() == 0)
  }

  /// A threshold is below larger scores only. −∞ and NaN are above none, and ∞ is above all except the last one.
  @Test(arguments: TestDevices.all) func areasAtThresholds(_ device: Device) throws {
    let p = Tensor([0.5, 0.6, .infinity, 0.4, -.infinity, .nan] as [Float], on: device)
    let t = Tensor(integers: [1, 1, 1, 0, 0, 0], on: device)
    // Yes and no above −∞: 3 and 1; above 0.5: 2 and 0.
    expectClose(try result(.auc(thresholds: 3), p, t, weights: nil, parts: [0..<6]), 5.0 / 6)
  }

  /// The memory does not grow with the number of thresholds.
  @Test func areasOfManyScores() throws {
    let (count, device) = (1 << 14, Device(CPUBackend(threads: 1)))
    let p = Tensor.range(0..<count, on: device).cast(to: .float32) / Double(count)
    let t = (p .> 0.5).cast(to: .float32)
    expectClose(try result(.auc(thresholds: 2000), p, t, weights: nil, parts: [0..<count]), 1, relative: 1e-3)
    let bytes = device.memoryStatistics().peakBytes
    #expect(bytes < 200 * count, "\(bytes) bytes for \(count) scores")
  }

  /// Logits are read as the loss reads them.
  @Test(arguments: TestDevices.all) func areasOfLogits(_ device: Device) throws {
    let targets = Tensor(integers: Self.answers, shape: [10, 1], on: device).cast(to: .float32)
    let p = Tensor(Self.shares, shape: [10, 1], on: device)
    func area(_ loss: Loss, _ outputs: Tensor) throws -> Double {
      let model = Sequential { Activation(.linear) }
      model.compile(optimizer: .sgd(), loss: loss, metrics: [.auc], device: device)
      return try model.evaluate(TensorDataset(outputs, targets), batchSize: 4)["auc"] ?? .nan
    }
    expectClose(try area(.meanSquaredError, p), 0.78)
    expectClose(try area(.binaryCrossEntropy(fromLogits: true), p.logit()), 0.78)
  }

  @Test(arguments: TestDevices.all, [[0..<6], [0..<4, 4..<5, 5..<6]])
  func scoresOfClasses(_ device: Device, _ parts: [Range<Int>]) throws {
    let weights: [Float] = [1, 2, 0.5, 0, 3, 1]
    expectClose(try classes(.fBeta(2), device, parts: parts), 0.5634920635)
    expectClose(try classes(.fBeta(0.5), device, parts: parts), 0.5033670034)
    expectClose(try classes(.fBeta(2), device, weights: weights, parts: parts), 0.6302521008)
    expectClose(try classes(.fBeta(2, class: 1), device, parts: parts), 0.3571428571)
    expectClose(try classes(.fBeta(1), device, parts: parts), try classes(.f1, device))
    expectClose(try classes(.meanIoU, device, parts: parts), 0.3611111111)
    expectClose(try classes(.iou(class: 0), device, parts: parts), 1.0 / 3)
    expectClose(try classes(.matthewsCorrelation(), device, parts: parts), 0.2611164839)
    expectClose(try classes(.matthewsCorrelation(), device, weights: weights, parts: parts), 0.4751909633)
    expectClose(try classes(.cohenKappa(), device, parts: parts), 0.25)
    expectClose(try classes(.cohenKappa(), device, weights: weights, parts: parts), 0.3835616438)
    expectClose(try classes(.perplexity, device, parts: parts), 2.4297445787)
    expectClose(try classes(.perplexity, device, weights: weights, parts: parts), 2.0223698323)
  }

  @Test(arguments: TestDevices.all) func scoresOfAnswers(_ device: Device) throws {
    expectClose(try binary(.fBeta(2), device), 0.8)
    expectClose(try binary(.meanIoU, device), 2.0 / 3)
    expectClose(try binary(.iou(class: 1), device), 2.0 / 3)
    expectClose(try binary(.iou(class: 1, threshold: 0.7), device), 1.0 / 3)
    expectClose(try binary(.matthewsCorrelation(), device), 0.6)
    expectClose(try binary(.cohenKappa(), device), 0.6)
    // All predictions are one class.
    #expect(try binary(.matthewsCorrelation(threshold: 1), device) == 0)
    #expect(try binary(.cohenKappa(threshold: 1), device) == 0)
    let one = Tensor(integers: [1, 1], on: device)
    #expect(
      try result(.cohenKappa(), Tensor([0.9, 0.8], on: device), one, weights: nil, parts: [0..<2]) == 0)
  }

  /// Masks of a yes-or-no loss: each pixel counts, with the weight of its picture.
  @Test(arguments: TestDevices.all) func areasOfMasks(_ device: Device) throws {
    let p = Tensor([0.9, 0.8, 0.1, 0.2, 0.7, 0.6, 0.3, 0.1], shape: [2, 2, 2], on: device)
    let t = Tensor([1, 0, 0, 0, 1, 1, 1, 0], shape: [2, 2, 2], on: device)
    func scores(_ weights: [Float]?) throws -> Scores {
      let model = Sequential { Activation(.linear) }
      model.compile(
        optimizer: .sgd(), loss: .binaryCrossEntropy(fromLogits: true), metrics: [.meanIoU, .iou(class: 1)],
        device: device)
      return try model.evaluate(TensorDataset(p.logit(), t, weights: weights.map { Tensor($0, on: device) }))
    }
    // Yes: 3 right, 1 too much, 1 missing. No: 3 right.
    let plain = try scores(nil)
    expectClose(plain["iou_1"] ?? .nan, 3.0 / 5)
    expectClose(plain["mean_iou"] ?? .nan, 3.0 / 5)
    // Weights 1 and 2. Yes: 1 + 2·2 right, 1 too much, 2 missing. No: 2 + 2 right.
    let weighted = try scores([1, 2])
    expectClose(weighted["iou_1"] ?? .nan, 5.0 / 8)
    expectClose(weighted["mean_iou"] ?? .nan, (5.0 / 8 + 4.0 / 7) / 2)
  }

  @Test func namesAndDirections() {
    #expect(Metric.fBeta(2).name == "f2" && Metric.fBeta(0.5, class: 1).name == "f0.5_1" && Metric.f1.name == "f1")
    for name in ["auc", "validation_precision_recall_auc", "mean_iou", "iou_2", "f2", "f0.5_1", "cohen_kappa"] {
      #expect(MonitorDirection.automatic.prefersLarger(name), "\(name)")
    }
    for name in ["matthews_correlation", "validation_pearson_correlation", "cosine_similarity"] {
      #expect(MonitorDirection.automatic.prefersLarger(name), "\(name)")
    }
    for name in ["perplexity", "dice", "negative_cosine", "mean_absolute_percentage_error", "f", "fall"] {
      #expect(!MonitorDirection.automatic.prefersLarger(name), "\(name)")
    }
  }

  /// Settings that do not fit end the program with a line that names them.
  @Test func mistakesAreNamed() async {
    let thresholds = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Metric.auc(thresholds: 1)
    }
    let first = String(decoding: thresholds?.standardErrorContent ?? [], as: UTF8.self)
    #expect(first.contains("auc: thresholds is 1, expected at least 2"), "\(first)")
    let beta = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Metric.fBeta(0)
    }
    let second = String(decoding: beta?.standardErrorContent ?? [], as: UTF8.self)
    #expect(second.contains("fBeta: beta is 0.0, expected a number above 0"), "\(second)")
  }

  @Test func requiredValuesAreChecked() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Metric.recall(atPrecision: 1.5)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("recall_at_precision: the required value is 1.5, expected a number from 0 to 1"), "\(text)")
  }

  /// A state saved between two batches continues to the same value; a state with other thresholds is rejected.
  @Test(arguments: [
    Metric.auc, .auc(curve: .precisionRecall), .meanIoU, .fBeta(2), .matthewsCorrelation(), .cohenKappa(),
    .recall(atPrecision: 0.8),
  ])
  func statesAreSaved(_ metric: Metric) throws {
    let p = Tensor(Self.shares, shape: [10, 1]), t = Tensor(integers: Self.answers)
    var first = try #require(metric.makeAccumulator() as? any ResumableMetricAccumulator)
    first.update(prediction: p[0..<4], target: t[0..<4], weights: nil)
    var second = try #require(metric.makeAccumulator() as? any ResumableMetricAccumulator)
    try second.restore(first.state())
    second.update(prediction: p[4..<10], target: t[4..<10], weights: nil)
    #expect(try second.result() == binary(metric, .cpu, parts: [0..<4, 4..<10]))
    guard metric.name == "auc" else { return }
    var other = try #require(Metric.auc(thresholds: 7).makeAccumulator() as? any ResumableMetricAccumulator)
    #expect(throws: TrainingError.self) { try other.restore(first.state()) }
  }
}
