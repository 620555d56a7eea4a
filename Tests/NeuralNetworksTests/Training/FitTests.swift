import Testing

@testable import NeuralNetworks

@Suite struct FitTests {
  @Test(arguments: TestDevices.all) func learns(_ device: Device) throws {
    let model = Corners.compiled(on: device)
    let history = try model.fit(
      Corners.data(), epochs: 12, batchSize: 16, validation: .split(0.25), seed: 1, verbosity: .silent)
    #expect(history.epochs.count == 12)
    #expect(history.epochs[0].names == ["loss", "accuracy", "validation_loss", "validation_accuracy"])
    #expect(history["loss"].last! < 0.5 * history["loss"][0])
    #expect(history["validation_accuracy"].last! > 0.9)
    #expect(history.stopReason == nil)
    #expect(history.epochs.map(\.epoch) == Array(0..<12))
    #expect(history.epochs.allSatisfy { $0.seconds > 0 })
    let scores = try model.evaluate(Corners.data(30, seed: 9))
    #expect(scores["accuracy"]! > 0.9)
    #expect(scores["loss"] == scores.loss && scores["nothing"] == nil)
    #expect(scores.names == ["loss", "accuracy"])
  }

  /// The same seed gives the same bits; another seed does not.
  @Test(arguments: TestDevices.all) func isReproducible(_ device: Device) throws {
    func train(_ seed: UInt64) throws -> (weights: [Float], losses: [Double]) {
      let model = Corners.compiled(on: device, dropout: 0.2)
      let history = try model.fit(Corners.data(50), epochs: 3, batchSize: 16, seed: seed, verbosity: .silent)
      return (try model.numbers(), history["loss"])
    }
    let (first, second, other) = (try train(5), try train(5), try train(6))
    #expect(first.weights.map(\.bitPattern) == second.weights.map(\.bitPattern))
    #expect(first.losses == second.losses)
    #expect(first.weights != other.weights)
  }

  /// Every device takes the same course as the Reference backend.
  @Test(arguments: TestDevices.real) func agreesWithReference(_ device: Device) throws {
    func losses(_ device: Device) throws -> [Double] {
      var seen: [Double] = []
      let model = Corners.model(dropout: 0.2)
      try model.build(inputShape: [3], on: device, seed: 2)
      let step = try TrainingStep(model, optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), seed: 2)
      var batches = Corners.data().batches(of: 8, shuffledBy: RandomStream(seed: 2), on: device)
      while let batch = try batches.next() { seen.append(try step(batch).loss.item()) }
      return seen
    }
    let expected = try losses(TestDevices.reference)
    #expect(expected.count == 12)
    for (found, reference) in zip(try losses(device), expected) {
      expectClose(found, reference, relative: 1e-3, absolute: 0)
    }
  }

  /// A smaller last batch counts by the number of its examples, in both loss and metrics.
  @Test(arguments: TestDevices.all) func partialBatches(_ device: Device) throws {
    let model = Corners.compiled(on: device, metrics: [.accuracy, .meanSquaredErrorOfClasses])
    let data = Corners.data(23)
    try model.build(inputShape: [3], on: device, seed: 3)
    let all = try model.evaluate(data, batchSize: 23)
    for size in [1, 5, 8, 22, 100] {
      let scores = try model.evaluate(data, batchSize: size)
      for name in all.names { expectClose(scores[name]!, all[name]!) }
    }
    // The same in `fit` if the step is too small to change anything.
    model.compile(optimizer: .sgd(learningRate: 0), loss: .crossEntropy(), metrics: [.accuracy])
    for shuffle in [false, true] {
      let history = try model.fit(data, batchSize: 8, shuffle: shuffle, verbosity: .silent)
      expectClose(history["loss"][0], all.loss)
      expectClose(history["accuracy"][0], all["accuracy"]!)
    }
  }

  @Test(arguments: TestDevices.real) func weightsEqualRepeatedExamples(_ device: Device) throws {
    let data = Corners.data(6)
    let counts = [1, 3, 0, 2, 1, 2]
    let repeated = counts.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    let weighted = TensorDataset(data.inputs, data.targets, weights: Tensor(counts.map(Float.init)))
    func train(_ data: some Dataset, _ weights: [Int: Double] = [:]) throws -> ([Float], History) {
      let model = Corners.model()
      model.compile(optimizer: .sgd(learningRate: 0.5), loss: .crossEntropy(), metrics: [.accuracy], device: device)
      let history = try model.fit(
        data, epochs: 3, batchSize: 100, shuffle: false, seed: 4, classWeights: weights, verbosity: .silent)
      return (try model.numbers(), history)
    }
    let (a, first) = try train(weighted)
    let (b, second) = try train(Subset(data, indices: repeated))
    for (x, y) in zip(a, b) { expectClose(Double(x), Double(y), relative: 1e-4, absolute: 1e-5) }
    for name in ["loss", "accuracy"] { expectClose(first[name].last!, second[name].last!, relative: 1e-4) }

    // Class 1 counts three times, class 2 never.
    let byClass = try data.targets.scalars(as: Int32.self).enumerated().flatMap { index, label in
      [Int](repeating: index, count: label == 1 ? 3 : label == 2 ? 0 : 1)
    }
    let (c, third) = try train(data, [1: 3, 2: 0])
    let (d, fourth) = try train(Subset(data, indices: byClass))
    for (x, y) in zip(c, d) { expectClose(Double(x), Double(y), relative: 1e-4, absolute: 1e-5) }
    expectClose(third["loss"].last!, fourth["loss"].last!, relative: 1e-4)
    // One-hot targets have classes, too.
    let oneHot = TensorDataset(data.inputs, data.targets.oneHot(classes: 3).cast(to: .float32))
    let (e, _) = try train(oneHot, [1: 3, 2: 0])
    for (x, y) in zip(c, e) { expectClose(Double(x), Double(y), relative: 1e-4, absolute: 1e-5) }
  }

  @Test func classWeightsOfABinaryModel() throws {
    let data = Corners.data(12)
    let binary = TensorDataset(data.inputs, (data.targets .== 1).cast(to: .float32))
    func train(_ data: some Dataset, _ weights: [Int: Double]) throws -> [Float] {
      let model = Sequential { Dense(1) }
      model.compile(optimizer: .sgd(learningRate: 0.5), loss: .binaryCrossEntropy(fromLogits: true))
      try model.fit(data, batchSize: 100, shuffle: false, seed: 4, classWeights: weights, verbosity: .silent)
      return try model.numbers()
    }
    let labels = try binary.targets.scalars()
    let indices = labels.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element == 1 ? 2 : 1) }
    for (x, y) in zip(try train(binary, [1: 2]), try train(Subset(binary, indices: indices), [:])) {
      expectClose(Double(x), Double(y), relative: 1e-4, absolute: 1e-5)
    }
  }

  @Test func emptyRuns() throws {
    let model = Corners.compiled()
    #expect(try model.fit(Corners.data(), epochs: 0, verbosity: .silent).epochs.isEmpty)
    let later = try model.fit(Corners.data(), epochs: 5, initialEpoch: 3, verbosity: .silent)
    #expect(later.epochs.map(\.epoch) == [3, 4])
  }

  /// Two calls continue like a single one: the optimizer keeps its state, and the epoch determines the order.
  @Test func continues() throws {
    let (once, twice) = (Corners.compiled(), Corners.compiled())
    let data = Corners.data(40)
    let history = try once.fit(data, epochs: 4, batchSize: 8, seed: 7, verbosity: .silent)
    try twice.fit(data, epochs: 2, batchSize: 8, seed: 7, verbosity: .silent)
    let rest = try twice.fit(data, epochs: 4, batchSize: 8, seed: 7, initialEpoch: 2, verbosity: .silent)
    #expect(try once.numbers() == twice.numbers())
    #expect(Array(history["loss"][2...]) == rest["loss"])
  }

  @Test(arguments: TestDevices.real) func customDatasets(_ device: Device) throws {
    struct Squares: Dataset {
      let count = 100
      func batch(at indices: [Int]) throws -> Batch {
        let x = Tensor(indices.map { Float($0) / 100 }, shape: [indices.count, 1])
        return Batch(input: x, target: x.squared())
      }
    }
    let model = Sequential {
      Dense(16, activation: .tanh); Dense(1)
    }
    model.compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, device: device)
    let history = try model.fit(Squares(), epochs: 20, batchSize: 16, validation: .split(0.2), verbosity: .silent)
    #expect(history["loss"].last! < 0.5 * history["loss"][0])
    #expect(history["validation_loss"].count == 20)
  }

  /// A penalty changes the gradient, but not the reported loss: w − rate·(g + 2·factor·w).
  @Test(arguments: TestDevices.all) func penalties(_ device: Device) throws {
    func train(_ regularizer: Regularizer?) throws -> (before: [Float], after: [Float], loss: Double) {
      let model = Sequential { Dense(3, useBias: false, regularizer: regularizer) }
      try model.build(inputShape: [3], on: device, seed: 6)
      let before = try model.numbers()
      model.compile(optimizer: .sgd(learningRate: 0.5), loss: .crossEntropy())
      let history = try model.fit(Corners.data(12), batchSize: 12, verbosity: .silent)
      return (before, try model.numbers(), history["loss"][0])
    }
    let (plain, penalized) = (try train(nil), try train(.l2(0.1)))
    expectClose(plain.loss, penalized.loss)
    for index in plain.before.indices {
      let expected = Double(plain.after[index]) - 0.5 * 2 * 0.1 * Double(plain.before[index])
      expectClose(Double(penalized.after[index]), expected)
    }
  }

  /// Frozen parameters do not change, bit for bit.
  @Test(arguments: TestDevices.real) func frozenLayers(_ device: Device) throws {
    let model = Corners.compiled(on: device)
    try model.build(inputShape: [3], on: device, seed: 6)
    model.freeze("0.*")
    let before = try model.numbers()
    try model.fit(Corners.data(), verbosity: .silent)
    let after = try model.numbers()
    #expect(before[..<32] == after[..<32])
    #expect(before[32...] != after[32...])
  }

  @Test(arguments: TestDevices.real) func predicts(_ device: Device) throws {
    let model = Corners.compiled(on: device)
    let data = Corners.data(10)
    try model.fit(data, verbosity: .silent)
    let all = try model.predict(data.inputs, batchSize: 100)
    #expect(all.shape == [10, 3] && all.device == device)
    try expectClose(try model.predict(data.inputs, batchSize: 3), try all.scalars().map(Double.init))
    try expectClose(try model.predict([data.inputs], batchSize: 4)[0], try all.scalars().map(Double.init))
  }

  @Test func confusionMatrixInScores() throws {
    let model = Corners.compiled(metrics: [.accuracy, .confusionMatrix()])
    try model.fit(Corners.data(), epochs: 10, batchSize: 16, verbosity: .silent)
    let scores = try model.evaluate(Corners.data(30))
    let table = try #require(scores.matrix("confusion_matrix"))
    #expect(table.map { $0.reduce(0, +) } == [10, 10, 10])
    expectClose(scores["confusion_matrix"]!, scores["accuracy"]!)
    #expect(scores.matrix("accuracy") == nil)
    #expect(scores.description.hasPrefix("loss "))
  }
}

extension Metric {
  /// A metric over several numbers per example.
  fileprivate static let meanSquaredErrorOfClasses = Metric("spread") { prediction, _ in
    prediction.squared().mean(axis: -1)
  }
}
