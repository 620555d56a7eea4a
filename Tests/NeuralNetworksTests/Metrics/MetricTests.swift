import NeuralNetworks
import Testing

/// Compares metrics with numbers computed by NumPy, in one batch and in several.
@Suite struct MetricTests {
  /// Six examples of three classes; predicted 1 0 2 1 0 2, correct 1 1 2 0 0 1.
  static let scores: [Float] = [
    0.1, 0.5, 0.4, 0.6, 0.3, 0.1, 0.2, 0.2, 0.6, 0.3, 0.4, 0.3, 0.9, 0.05, 0.05, 0.1, 0.2, 0.7,
  ]
  static let labels = [1, 1, 2, 0, 0, 1]

  private func result(
    _ metric: Metric, _ device: Device, oneHot: Bool = false, weights: [Float]? = nil, parts: [Range<Int>] = [0..<6]
  ) throws -> Double {
    var accumulator = metric.makeAccumulator()
    let prediction = Tensor(MetricTests.scores, shape: [6, 3], on: device)
    let labels = Tensor(integers: MetricTests.labels, on: device)
    let target = oneHot ? labels.oneHot(classes: 3).cast(to: .float32) : labels
    let all = weights.map { Tensor($0, on: device) }
    for rows in parts {
      accumulator.update(prediction: prediction[rows], target: target[rows], weights: all.map { $0[rows] })
    }
    return try accumulator.result()
  }

  @Test(arguments: TestDevices.all, [false, true]) func classes(_ device: Device, _ oneHot: Bool) throws {
    for parts in [[0..<6], [0..<4, 4..<5, 5..<6]] {
      expectClose(try result(.accuracy, device, oneHot: oneHot, parts: parts), 0.5)
      expectClose(try result(.topK(2), device, oneHot: oneHot, parts: parts), 1)
      expectClose(try result(.topK(1), device, oneHot: oneHot, parts: parts), 0.5)
      expectClose(try result(.precision, device, oneHot: oneHot, parts: parts), 0.5)
      expectClose(try result(.recall, device, oneHot: oneHot, parts: parts), 0.6111111111)
      expectClose(try result(.f1, device, oneHot: oneHot, parts: parts), 0.5222222222)
      expectClose(try result(.recall(class: 1), device, oneHot: oneHot, parts: parts), 0.3333333333)
    }
  }

  @Test(arguments: TestDevices.all) func weighted(_ device: Device) throws {
    let weights: [Float] = [1, 2, 0.5, 0, 3, 1]
    expectClose(try result(.accuracy, device, weights: weights, parts: [0..<3, 3..<6]), 0.6)
    expectClose(try result(.accuracy, device, weights: [0, 0, 0, 0, 0, 0]), 0)
    // Class 0: 3 hits, 5 predicted, 3 actual.
    expectClose(try result(.precision(class: 0), device, weights: weights), 0.6)
    expectClose(try result(.recall(class: 0), device, weights: weights), 1)
  }

  @Test(arguments: TestDevices.all) func confusion(_ device: Device) throws {
    var matrix = ConfusionMatrix()
    let prediction = Tensor(MetricTests.scores, shape: [6, 3], on: device)
    let labels = Tensor(integers: MetricTests.labels, on: device)
    matrix.update(prediction: prediction[0..<2], target: labels[0..<2], weights: nil)
    matrix.update(prediction: prediction[2..<6], target: labels[2..<6], weights: nil)
    #expect(try matrix.matrix() == [[1, 1, 0], [1, 1, 1], [0, 0, 1]])
    expectClose(try matrix.result(), 0.5)
  }

  @Test(arguments: TestDevices.all) func binary(_ device: Device) throws {
    // Above 0.5: 1 0 1 1; correct: 1 0 0 1.
    let p = Tensor([0.9, 0.1, 0.8, 0.6] as [Float], shape: [4, 1], on: device)
    let t = Tensor(integers: [1, 0, 0, 1], on: device)
    func value(_ metric: Metric, _ prediction: Tensor) throws -> Double {
      var accumulator = metric.makeAccumulator()
      accumulator.update(prediction: prediction, target: t, weights: nil)
      return try accumulator.result()
    }
    expectClose(try value(.accuracy, p), 0.75)
    expectClose(try value(.binaryAccuracy, p), 0.75)
    expectClose(try value(.accuracy(threshold: 0.85), p), 0.75)
    expectClose(try value(.binaryAccuracy(threshold: 0.7), p), 0.5)
    expectClose(try value(.precision, p), 2.0 / 3)
    expectClose(try value(.recall, p), 1)
    expectClose(try value(.f1, p), 0.8)
    expectClose(try value(.accuracy, p.reshaped([4])), 0.75)
    // Never predicted: no division by zero.
    expectClose(try value(.precision(threshold: 2), p), 0)
    expectClose(try value(.f1(threshold: 2), p), 0)
    // The correct class is among two; one-class predictions have no ranking.
    expectClose(try value(.meanAbsoluteError, p), (0.1 + 0.1 + 0.8 + 0.4) / 4)
    expectClose(try value(.meanSquaredError, p), (0.01 + 0.01 + 0.64 + 0.16) / 4)
  }

  @Test func severalLabelsAnExample() throws {
    let p: Tensor = [[0.9, 0.2, 0.7], [0.4, 0.6, 0.1]]
    let t: Tensor = [[1, 0, 0], [1, 1, 0]]
    var accumulator = Metric.binaryAccuracy.makeAccumulator()
    accumulator.update(prediction: p, target: t, weights: nil)
    expectClose(try accumulator.result(), 4.0 / 6)
  }

  @Test func topKOfATie() throws {
    let p: Tensor = [[0.5, 0.5, 0.1], [.init(floatLiteral: .nan), 0, 0]]
    var accumulator = Metric.topK(1).makeAccumulator()
    accumulator.update(prediction: p, target: Tensor(integers: [1, 0]), weights: nil)
    // Equal scores count in favor, a NaN does not.
    expectClose(try accumulator.result(), 0.5)
  }

  /// A label for each step, as a class number or as a row, with and without weights of the examples.
  @Test(arguments: TestDevices.all, [false, true]) func topKOfSteps(_ device: Device, _ oneHot: Bool) throws {
    let scores: [Float] = [5, 1, 2, 0, 3, 4, 9, 8, 7, 1, 2, 3, 1, 3, 2, 6, 5, 7]
    let labels = [0, 1, 2, 0, 0, 2], k = 2
    let isHit: [Double] = labels.indices.map { step in
      let row = Array(scores[(3 * step)..<(3 * step + 3)])
      return row.sorted(by: >)[k - 1] <= row[Int(labels[step])] ? 1 : 0
    }
    let numbers = Tensor(integers: labels, shape: [2, 3], on: device)
    let target = oneHot ? numbers.oneHot(classes: 3) : numbers
    let prediction = Tensor(scores, shape: [2, 3, 3], on: device)
    for factors in [nil, [1, 3]] as [[Float]?] {
      var accumulator = Metric.topK(k).makeAccumulator()
      let weights: Tensor? = factors.map { Tensor($0, on: device) }
      accumulator.update(prediction: prediction, target: target, weights: weights)
      var (total, hits) = (0.0, 0.0)
      for step in labels.indices {
        let factor = Double((factors ?? [1, 1])[step / 3])
        total += factor
        hits += factor * isHit[step]
      }
      expectClose(try accumulator.result(), hits / total)
    }
  }

  /// One-hot classes under a loss over yes and no are classes; numbers of a regression are not.
  @Test func topKNeedsClasses() throws {
    let x = Tensor([0, 1, 2, 3], shape: [4, 1])
    let labels = Tensor(integers: [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0], shape: [4, 3]).cast(to: .float32)
    let model = Sequential(inputShape: [1]) { Dense(3) }
    model.compile(optimizer: .sgd(), loss: .binaryCrossEntropy(fromLogits: true), metrics: [.topK(3)])
    let history = try model.fit(x, labels, verbosity: .silent)
    #expect(history["top_3_accuracy"] == [1])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError, metrics: [.topK(2)])
    #expect(
      throws: TrainingError.notAClass(metric: "top_2_accuracy", loss: "mean_squared_error", example: 0, value: 0.5)
    ) {
      try model.fit(x, labels * 0.5, shuffle: false, verbosity: .silent)
    }
  }

  @Test func ofOnesOwn() throws {
    struct Peak: MetricAccumulator {
      var largest: Tensor?
      mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
        let peak = (prediction - target).magnitude().max()
        largest = largest.map { $0.maximum(peak) } ?? peak
      }
      func result() throws -> Double { try largest?.item() ?? 0 }
    }
    var peak = Metric("peak", accumulator: { Peak() }).makeAccumulator()
    var bias = Metric("bias") { prediction, target in (prediction - target).mean(axis: -1) }.makeAccumulator()
    for (p, t) in [([[1, 5]], [[0, 0]]), ([[2, 2]], [[2, 8]])] as [([[Float]], [[Float]])] {
      peak.update(prediction: Tensor(p), target: Tensor(t), weights: nil)
      bias.update(prediction: Tensor(p), target: Tensor(t), weights: nil)
    }
    expectClose(try peak.result(), 6)
    expectClose(try bias.result(), (3 - 3) / 2)
    #expect(Metric.accuracy.of(output: "kind").name == "kind_accuracy")
  }

  /// An update inside a gradient's closure does not retain the tape.
  @Test func insideAGradient() throws {
    var accumulator = Metric.meanSquaredError.makeAccumulator()
    let target = Tensor([1, 1])
    let (_, gradient) = valueAndGradient(at: Tensor([2, 3])) { x in
      accumulator.update(prediction: x, target: target, weights: nil)
      return x.sum()
    }
    try expectClose(gradient, [1, 1])
    expectClose(try accumulator.result(), 2.5)
  }
}
