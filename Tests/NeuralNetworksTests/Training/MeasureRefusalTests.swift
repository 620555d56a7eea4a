import Testing

@testable import NeuralNetworks

/// Losses and metrics that cannot take what the model gives are refused by `fit` and `evaluate`, before anything runs.
@Suite struct MeasureRefusalTests {
  /// An accumulator that concatenates predictions and targets along an axis.
  struct Joined: MetricAccumulator {
    var last: Tensor?
    mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
      last = Tensor.concatenated([prediction, target], axis: 1)
    }
    func result() throws -> Double { try last?.sum().item() ?? 0 }
  }

  struct Measure: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var loss = Loss.meanSquaredError
    var metrics: [Metric] = []
    /// Rows of targets for predictions of four numbers.
    let target: [Int]
  }

  static let measures: [Measure] = [
    Measure(
      testDescription: "metric \"mean_absolute_error\"", loss: .crossEntropy(), metrics: [.meanAbsoluteError],
      target: []),
    Measure(
      testDescription: "metric \"distance\"", loss: .crossEntropy(),
      metrics: [Metric("distance") { prediction, target in (prediction - target.cast(to: .float32)).sum(axis: -1) }],
      target: []),
    Measure(
      testDescription: "metric \"joined\"", loss: .crossEntropy(),
      metrics: [.accuracy, Metric("joined", accumulator: { Joined() })], target: []),
    Measure(
      testDescription: "metric \"accuracy\"", loss: Loss("none") { p, _ in p.mean(axis: 1) },
      metrics: [.accuracy], target: [3]),
    Measure(
      testDescription: "metric \"precision\"", loss: Loss("none") { p, _ in p.mean(axis: 1) },
      metrics: [.precision], target: [2]),
    Measure(
      testDescription: "loss \"product\"",
      loss: Loss("product") { prediction, target in prediction.matmul(target).sum(axis: -1) }, target: [3]),
    Measure(
      testDescription: "metric \"mean_squared_error\"", loss: Loss("none") { p, _ in p.mean(axis: 1) },
      metrics: [.meanSquaredError], target: [2, 2]),
  ]

  @Test(arguments: measures) func isRefusedWithItsNameAndShapes(_ measure: Measure) throws {
    let rows = measure.target.isEmpty ? Tensor(integers: [Int](repeating: 1, count: 8)) : .ones([8] + measure.target)
    let data = TensorDataset(.ones([8, 5]), rows)
    for device in TestDevices.all {
      let model = Sequential { Dense(4) }
      model.compile(optimizer: .sgd(), loss: measure.loss, metrics: measure.metrics, device: device)
      for body in [{ _ = try model.fit(data, verbosity: .silent) }, { _ = try model.evaluate(data) }] {
        let error = #expect(throws: TrainingError.self) { try body() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(measure.testDescription) && text.contains("[4]") && text.contains("\(measure.target)"))
        #expect(!text.contains("\n"), "\(text)")
      }
      // No step has been performed.
      #expect(model.compiled?.optimizer.step == 0)
    }
  }

  /// A custom loss and a metric of outputs `[N, 1]` and targets `[N]` see both in one shape: the mean squared error of this
  /// package is the oracle, which does not broadcast either.
  @Test(arguments: TestDevices.all) func targetsWithoutTheLastAxisAreAligned(_ device: Device) throws {
    let own = Loss("own") { p, t in (p - t).squared().mean(axis: -1) }
    let metric = Metric("metric") { p, t in (p - t).squared().mean(axis: -1) }
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .sgd(learningRate: 0), loss: own, metrics: [.meanSquaredError, metric], device: device)
    let targets = Tensor((0..<7).map { Float($0 * $0) })
    let data = TensorDataset(Tensor((0..<14).map { Float($0 % 5) }, shape: [7, 2]), targets)
    let scores = try model.evaluate(data, batchSize: 3)
    let history = try model.fit(data, batchSize: 3, validation: .data(data), verbosity: .silent)
    // In Double, from what the model predicts.
    let errors = zip(try model.predict(data.inputs).scalars(as: Double.self), try targets.scalars(as: Double.self))
    let mean = errors.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 7
    for value in [scores.loss, scores["metric"], scores["mean_squared_error"]] {
      expectClose(value ?? .nan, mean, relative: 1e-4)
    }
    for name in ["loss", "metric", "validation_loss", "validation_metric"] {
      expectClose(history[name][0], mean, relative: 1e-4)
    }
  }

  /// A mean over the batch would count each batch the same, whatever its size; and a batch axis that is lost, something else.
  @Test func resultsThatAreNotOneForEachExampleAreRefused() throws {
    let scalar = Loss("scalar") { p, t in (p - t).squared().mean() }
    let lost = Loss("lost") { p, t in (p - t).squared().mean(axis: 0) }
    let labels = Loss("labels") { p, t in p[.all, 0] .> t[.all, 0] }
    let zero = Loss("zero") { p, _ in p.mean(axis: -1) }
    let cases: [(Loss, [Metric], String)] = [
      (scalar, [], "loss \"scalar\""), (lost, [], "loss \"lost\""), (labels, [], "loss \"labels\""),
      (zero, [Metric("scalar") { p, t in (p - t).mean() }], "metric \"scalar\""),
      (zero, [Metric("lost") { p, t in (p - t).mean(axis: 0) }], "metric \"lost\""),
    ]
    for outputs in [1, 2, 3] {
      let data = TensorDataset(.ones([8, 5]), .ones([8, outputs]))
      for (loss, metrics, name) in cases {
        let model = Sequential { Dense(outputs) }
        model.compile(optimizer: .sgd(), loss: loss, metrics: metrics)
        for body in [{ _ = try model.fit(data, verbosity: .silent) }, { _ = try model.evaluate(data) }] {
          let error = #expect(throws: TrainingError.self) { try body() }
          let text = error.map { "\($0)" } ?? ""
          #expect(text.contains(name) && !text.contains("\n"), "\(text)")
          if !name.contains("labels") { #expect(text.contains(".mean(axis: -1)"), "\(text)") }
        }
      }
    }
  }

  /// Values for each position are values for each example, too.
  @Test func valuesForEachPositionAreTaken() throws {
    let steps = Loss("steps") { p, t in (p - t).squared().mean(axis: -1) }
    let all = Metric("all") { p, t in (p - t).magnitude() }
    let model = Sequential { Dense(2) }
    model.compile(optimizer: .sgd(), loss: steps, metrics: [all])
    let data = TensorDataset(.ones([8, 3, 5]), .ones([8, 3, 2]), weights: .ones([8]))
    #expect(try model.fit(data, batchSize: 3, verbosity: .silent).epochs.count == 1)
  }

  /// Examples whose targets change their element type, or which have weights, from a position on.
  struct Changing: Dataset {
    let count = 8
    let position: Int
    var isWeighted = false
    func batch(at indices: [Int]) throws -> Batch {
      let changes = indices.contains { $0 >= position }
      let target = Tensor.ones([indices.count, 1], dtype: changes && !isWeighted ? .int32 : .float32)
      let weights = changes && isWeighted ? Tensor.ones([indices.count]) : nil
      return Batch(input: .ones([indices.count, 5]), target: target, weights: weights)
    }
  }

  /// The error names the data, and the batch where it is not the first.
  @Test func validationDataAndLaterBatchesAreTried() throws {
    let own = Loss("own") { p, t in (p - t).squared().mean(axis: -1) }
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .sgd(), loss: own)
    let good = TensorDataset(.ones([8, 5]), .ones([8, 1]))
    func expect(_ text: String, _ body: () throws -> Void, at location: SourceLocation = #_sourceLocation) {
      let error = #expect(throws: TrainingError.self, sourceLocation: location) { try body() }
      let found = error.map { "\($0)" } ?? ""
      #expect(found.contains("loss \"own\"") && found.contains(text), "\(found)", sourceLocation: location)
    }
    let integers = TensorDataset(good.inputs, Tensor.ones([8, 1], dtype: .int32))
    expect("(in the validation data)") { try model.fit(good, validation: .data(integers), verbosity: .silent) }
    #expect(model.compiled?.optimizer.step == 0)
    expect("(in batch 3 of the training data)") {
      try model.fit(Changing(position: 5), batchSize: 2, shuffle: false, verbosity: .silent)
    }
    expect("(in batch 2 of the evaluation data)") { _ = try model.evaluate(Changing(position: 7), batchSize: 4) }
    expect("(in batch 4 of the validation data)") {
      try model.fit(good, batchSize: 2, validation: .data(Changing(position: 6)), verbosity: .silent)
    }
    // Weights that come later are no mistake.
    _ = try model.evaluate(Changing(position: 3, isWeighted: true), batchSize: 2)
  }

  /// What fits goes on as before, also with one example a batch, weights, and a metric that looks at numbers.
  @Test func whatFitsIsNotRefused() throws {
    let peak = Metric("peak") { prediction, _ in
      _ = try? prediction.scalars()
      return prediction.max(axis: 1)
    }
    let model = Sequential { Dense(2) }
    let loss = Loss("first") { prediction, target in prediction[.all, 0] - target[.all, 1] }
    model.compile(optimizer: .sgd(), loss: loss, metrics: [peak, .meanAbsoluteError, .accuracy])
    let data = TensorDataset(.ones([3, 5]), .ones([3, 2]), weights: .ones([3]))
    for batchSize in [1, 2, 32] {
      let history = try model.fit(data, batchSize: batchSize, validation: .data(data), verbosity: .silent)
      #expect(history.epochs.count == 1)
    }
  }
}
