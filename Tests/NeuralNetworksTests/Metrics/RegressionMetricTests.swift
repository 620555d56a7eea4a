import NeuralNetworks
import Testing

/// Compares R² and RMSE with NumPy in float64 and scikit-learn's documented example, in one batch and in several.
@Suite struct RegressionMetricTests {
  private func result(
    _ metric: Metric, _ prediction: [Float], _ target: [Float], columns: Int = 1, weights: [Float]? = nil,
    parts: [Range<Int>], _ device: Device
  ) throws -> Double {
    var accumulator = metric.makeAccumulator()
    let rows = prediction.count / columns
    let p = Tensor(prediction, shape: [rows, columns], on: device),
      t = Tensor(target, shape: [rows, columns], on: device)
    let w = weights.map { Tensor($0, on: device) }
    for part in parts { accumulator.update(prediction: p[part], target: t[part], weights: w.map { $0[part] }) }
    return try accumulator.result()
  }

  @Test(arguments: TestDevices.all, [[0..<4], [0..<1, 1..<4], [0..<2, 2..<3, 3..<4]])
  func numbersOfNumPy(_ device: Device, _ parts: [Range<Int>]) throws {
    let (t, p): ([Float], [Float]) = ([3, -0.5, 2, 7], [2.5, 0, 2, 8])
    expectClose(try result(.r2Score, p, t, parts: parts, device), 0.9486081370449679)
    expectClose(try result(.rootMeanSquaredError, p, t, parts: parts, device), 0.6123724356957945)
    let weights: [Float] = [1, 2, 0.5, 3]
    expectClose(try result(.r2Score, p, t, weights: weights, parts: parts, device), 0.9463401210787011)
    expectClose(try result(.rootMeanSquaredError, p, t, weights: weights, parts: parts, device), 0.7595545253127499)
    // SciPy's pearsonr; with weights NumPy's cov.
    expectClose(try result(.pearsonCorrelation, p, t, parts: parts, device), 0.98486961844827)
    expectClose(try result(.pearsonCorrelation, p, t, weights: weights, parts: parts, device), 0.9920008120044803)
    expectClose(
      try result(.pearsonCorrelation, p.map { $0 + 10000 }, t.map { $0 - 10000 }, parts: parts, device),
      0.98486961844827, relative: 1e-3)
    // The formula in NumPy.
    expectClose(try result(.concordanceCorrelation, p, t, parts: parts, device), 0.97678916827853)
    expectClose(try result(.concordanceCorrelation, p, t, weights: weights, parts: parts, device), 0.9759110562075354)
    let sum = Metric.sum("error") { ($0 - $1).magnitude().squeezed(axis: 1) }
    expectClose(try result(sum, p, t, parts: parts, device), 2)
    expectClose(try result(sum, p, t, weights: weights, parts: parts, device), 4.5)
    // Of Keras.
    expectClose(try result(.meanAbsolutePercentageError, p, t, parts: parts, device), 32.7380943298)
    expectClose(
      try result(.meanSquaredLogarithmicError, p, t.map(\.magnitude), parts: parts, device), 0.0490263328)
    // The same far from zero, where squares of float32 numbers have no digits left for the differences.
    expectClose(
      try result(.r2Score, p.map { $0 + 10000 }, t.map { $0 + 10000 }, parts: parts, device), 0.9486081370449679,
      relative: 1e-3)
  }

  @Test(arguments: TestDevices.all) func columnsAndConstantTargets(_ device: Device) throws {
    expectClose(
      try result(
        .r2Score, [0, 2, -1, 2, 8, -5], [0.5, 1, -1, 1, 7, -6], columns: 2, parts: [0..<1, 1..<3], device),
      0.9368005266622779)
    expectClose(
      try result(
        .pearsonCorrelation, [0, 2, -1, 2, 8, -5], [0.5, 1, -1, 1, 7, -6], columns: 2, parts: [0..<1, 1..<3], device),
      0.9985657416530733)
    expectClose(
      try result(
        .concordanceCorrelation, [0, 2, -1, 2, 8, -5], [0.5, 1, -1, 1, 7, -6], columns: 2, parts: [0..<1, 1..<3], device
      ), 0.9706886234711218)
    // Of Keras: the cosine of each row.
    expectClose(
      try result(
        .cosineSimilarity, [0, 2, -1, 2, 8, -5], [0.5, 1, -1, 1, 7, -6], columns: 2, parts: [0..<1, 1..<3], device),
      0.9439591765)
    #expect(try result(.pearsonCorrelation, [2, 3], [2, 2], parts: [0..<2], device) == 0)
    #expect(try result(.concordanceCorrelation, [2, 2], [2, 2], parts: [0..<2], device) == 0)
    #expect(try result(.r2Score, [2, 2], [2, 2], parts: [0..<2], device) == 1)
    #expect(try result(.r2Score, [2, 3], [2, 2], parts: [0..<2], device) == 0)
  }

  @Test func largerScoresAreBetter() {
    for name in ["r2", "r2_score", "validation_r2_score"] {
      #expect(MonitorDirection.automatic.prefersLarger(name), "\(name)")
    }
    for name in ["root_mean_squared_error", "validation_rmse", "score"] {
      #expect(!MonitorDirection.automatic.prefersLarger(name), "\(name)")
    }
  }

  /// A state saved between two batches continues to the same value; a state with other columns is rejected.
  @Test(arguments: [Metric.r2Score, .rootMeanSquaredError, .pearsonCorrelation, .concordanceCorrelation])
  func statesAreSaved(_ metric: Metric) throws {
    let t = Tensor([3, -0.5, 2, 7], shape: [4, 1]), p = Tensor([2.5, 0, 2, 8], shape: [4, 1])
    var straight = metric.makeAccumulator()
    var first = try #require(metric.makeAccumulator() as? any ResumableMetricAccumulator)
    first.update(prediction: p[0..<2], target: t[0..<2], weights: nil)
    var second = try #require(metric.makeAccumulator() as? any ResumableMetricAccumulator)
    try second.restore(first.state())
    second.update(prediction: p[2..<4], target: t[2..<4], weights: nil)
    for rows in [0..<2, 2..<4] { straight.update(prediction: p[rows], target: t[rows], weights: nil) }
    #expect(try second.result() == straight.result())
    guard metric.name != "root_mean_squared_error" else { return }
    var other = try #require(metric.makeAccumulator() as? any ResumableMetricAccumulator)
    try other.restore(first.state())
    other.update(prediction: .zeros([2, 3]), target: .zeros([2, 3]), weights: nil)
    #expect(throws: TrainingError.self) { try other.result() }
  }
}
