import Testing

@testable import NeuralNetworks

/// The meaning of outputs for a loss: metrics interpret them in the same way, and models with other outputs are
/// rejected.
@Suite struct MeaningTests {
  /// A layer that returns given numbers for any input, so that the metrics can be computed by hand.
  final class Fixed: Layer {
    let numbers: Parameter
    init(_ numbers: Tensor) {
      self.numbers = Parameter(numbers.shape)
      self.numbers.assign(numbers)
    }
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      let width = numbers.value.shape[1]
      return numbers.value[0..<input.shape[0]]
        + (input.sum(axis: 1, keepingRank: true) * 0).broadcast(
          to: [input.shape[0], width])
    }
  }

  private func scores(
    _ outputs: Tensor, _ targets: Tensor, _ loss: Loss, _ metrics: [Metric], on device: Device = .cpu
  ) throws -> Scores {
    let model = Model(Fixed(outputs))
    model.compile(optimizer: .sgd(), loss: loss, metrics: metrics, device: device)
    return try model.evaluate(TensorDataset(.zeros([outputs.shape[0], 2]), targets), batchSize: 64)
  }

  private let binaryMetrics: [Metric] = [
    .accuracy, .binaryAccuracy, .precision, .recall, .f1, .confusionMatrix(), .accuracy(threshold: 0.5).named("fixed"),
  ]

  /// The predicted answers are 1, 1, 0, 1. The first and the last are correct, and so is the 0. As a logit, 0.3 is a
  /// yes; as a probability, it is a no.
  @Test(arguments: TestDevices.all) func metricsReadLogits(_ device: Device) throws {
    let logits = Tensor([0.3, 2, -1, 0.2], shape: [4, 1])
    let targets = Tensor([1, 0, 0, 1], shape: [4, 1])
    for loss in [Loss.binaryCrossEntropy(fromLogits: true), .hinge] {
      let found = try scores(logits, targets, loss, binaryMetrics, on: device)
      expectClose(found["accuracy"] ?? .nan, 0.75)
      expectClose(found["binary_accuracy"] ?? .nan, 0.75)
      expectClose(found["precision"] ?? .nan, 2.0 / 3)
      expectClose(found["recall"] ?? .nan, 1)
      expectClose(found["f1"] ?? .nan, 0.8)
      #expect(found.matrix("confusion_matrix") == [[1, 1], [0, 2]])
      // An explicit threshold takes precedence over the loss.
      expectClose(found["fixed"] ?? .nan, 0.25)
    }
  }

  /// The same answers from probabilities equal those from the logits, whose sigmoid is above 0.5 exactly where they are
  /// above 0.
  @Test(arguments: TestDevices.all) func metricsReadProbabilities(_ device: Device) throws {
    let logits = Tensor([0.3, 2, -1, 0.2], shape: [4, 1])
    let targets = Tensor([1, 0, 0, 1], shape: [4, 1])
    let metrics: [Metric] = [.accuracy, .binaryAccuracy, .precision, .recall, .f1, .confusionMatrix()]
    let fromLogits = try scores(logits, targets, .binaryCrossEntropy(fromLogits: true), metrics, on: device)
    let found = try scores(logits.sigmoid(), targets, .binaryCrossEntropy(), metrics, on: device)
    for name in found.names.dropFirst() { expectClose(found[name] ?? .nan, fromLogits[name] ?? .infinity) }
    expectClose(found.loss, fromLogits.loss)
  }

  /// Three labels for each example: predicted 1 0 1 and 0 1 0, correct 1 0 0 and 1 1 0.
  @Test(arguments: TestDevices.all) func severalLabelsAnExample(_ device: Device) throws {
    let logits: Tensor = [[0.4, -0.2, 0.1], [-0.3, 0.2, -2]]
    let targets: Tensor = [[1, 0, 0], [1, 1, 0]]
    let found = try scores(
      logits, targets, .binaryCrossEntropy(fromLogits: true),
      [.accuracy, .binaryAccuracy, .precision(class: 0), .recall(class: 0), .precision], on: device)
    expectClose(found["accuracy"] ?? .nan, 4.0 / 6)
    expectClose(found["binary_accuracy"] ?? .nan, 4.0 / 6)
    expectClose(found["precision_0"] ?? .nan, 1)
    expectClose(found["recall_0"] ?? .nan, 0.5)
    // Precisions 1, 1, 0 for the three labels.
    expectClose(found["precision"] ?? .nan, 2.0 / 3)
  }

  @Test func fitReadsOutputsAsItsLossDoes() throws {
    let model = Model(Fixed(Tensor([0.3, 0.2], shape: [2, 1])))
    model.compile(
      optimizer: .sgd(learningRate: 0), loss: .binaryCrossEntropy(fromLogits: true), metrics: [.accuracy])
    let data = TensorDataset(.zeros([2, 2]), Tensor([1, 1], shape: [2, 1]))
    let history = try model.fit(data, validation: .data(data), shuffle: false, verbosity: .silent)
    #expect(history["accuracy"] == [1] && history["validation_accuracy"] == [1])
  }

  // MARK: Losses that do not fit

  private func reason(_ last: [any Layer], _ loss: Loss, target: Tensor) -> String? {
    let model = Sequential([Dense(4, activation: .tanh)] + last)
    model.compile(optimizer: .adam(), loss: loss)
    let data = TensorDataset(.ones([2, 3]), target)
    do {
      try model.fit(data, verbosity: .silent)
    } catch TrainingError.mismatchedLoss(let reason) {
      // Everything that uses the loss rejects it.
      #expect(throws: TrainingError.mismatchedLoss(reason: reason)) { try model.evaluate(data) }
      // The first batch determines the number of classes.
      if !reason.contains("one number") {
        #expect(throws: TrainingError.mismatchedLoss(reason: reason)) {
          try TrainingStep(model, optimizer: .adam(), loss: loss)
        }
      }
      return reason
    } catch {
      Issue.record("\(error)")
    }
    return nil
  }

  @Test func outputsThatTheLossDoesNotTake() {
    let labels = Tensor(integers: [0, 2]), oneHot: Tensor = [[1, 0, 0], [0, 0, 1]],
      yes = Tensor([1, 0], shape: [2, 1])
    let cases: [(layers: [any Layer], loss: Loss, target: Tensor, found: [String])] = [
      (
        [Dense(3, activation: .softmax)], .crossEntropy(), labels,
        ["logits", "softmax", ".crossEntropy(fromLogits: false)"]
      ),
      (
        [Dense(3), Activation(.softmax)], .sparseCategoricalCrossEntropy(fromLogits: true), labels,
        [".sparseCategoricalCrossEntropy(fromLogits: false)"]
      ),
      ([Dense(3, activation: .softmax), Activation(.linear)], .crossEntropy(), oneHot, ["softmax"]),
      (
        [
          Sequential {
            Dense(3); Activation(.softmax)
          }
        ], .crossEntropy(), labels, ["softmax"]
      ),
      ([Rematerialized { Dense(3, activation: .softmax) }], .crossEntropy(), labels, ["softmax"]),
      ([Model(Dense(3, activation: .softmax))], .crossEntropy(), labels, ["softmax"]),
      ([Dense(3, activation: .sigmoid)], .crossEntropy(), labels, ["sigmoid"]),
      (
        [Dense(1, activation: .sigmoid)], .binaryCrossEntropy(fromLogits: true), yes,
        ["sigmoid", ".binaryCrossEntropy(fromLogits: false)"]
      ),
      (
        [Dense(3)], .sparseCategoricalCrossEntropy(), labels,
        [".sparseCategoricalCrossEntropy(fromLogits: true)", "activation: .softmax"]
      ),
      ([Dense(3)], .crossEntropy(fromLogits: false), oneHot, [".crossEntropy(fromLogits: true)"]),
      ([Dense(3, activation: .relu)], .crossEntropy(fromLogits: false), labels, ["probabilities"]),
      ([Dense(1)], .binaryCrossEntropy(), yes, [".binaryCrossEntropy(fromLogits: true)", "activation: .sigmoid"]),
      (
        [Dense(3, activation: .sigmoid)], .sparseCategoricalCrossEntropy(), labels,
        [".softmax", ".binaryCrossEntropy()"]
      ),
      ([Dense(3, activation: .logSoftmax)], .sparseCategoricalCrossEntropy(), labels, ["log_softmax"]),
      ([Dense(3)], .klDivergence(), oneHot, ["softmax"]),
      ([Dense(3, activation: .softmax)], .klDivergence(fromLogProbabilities: true), oneHot, [".logSoftmax"]),
      ([Dense(1)], .dice(), yes, [".dice(fromLogits: true)", "activation: .sigmoid"]),
      (
        [Dense(1, activation: .sigmoid)], .binaryFocalCrossEntropy(fromLogits: true), yes,
        [".binaryFocalCrossEntropy(fromLogits: false)"]
      ),
      ([Dense(3)], .categoricalFocalCrossEntropy(), labels, [".categoricalFocalCrossEntropy(fromLogits: true)"]),
      // A single class always has the probability 1.
      ([Dense(1)], .crossEntropy(), Tensor(integers: [0, 0]), ["Dense(2)", ".binaryCrossEntropy(fromLogits: true)"]),
      ([Dense(1, activation: .softmax)], .binaryCrossEntropy(), yes, ["one number", "sigmoid"]),
    ]
    for (layers, loss, target, found) in cases {
      let reason = reason(layers, loss, target: target)
      for text in found { #expect(reason?.contains(text) == true, "\(loss.name): \(reason ?? "nothing")") }
    }
  }

  @Test func outputsThatTheLossTakes() {
    let labels = Tensor(integers: [0, 2]), oneHot: Tensor = [[1, 0, 0], [0, 0, 1]],
      yes = Tensor([1, 0], shape: [2, 1])
    let cases: [(any Layer, Loss, Tensor)] = [
      (Dense(3), .crossEntropy(), labels), (Dense(3, activation: .logSoftmax), .crossEntropy(), labels),
      (Dense(3, activation: .softmax), .crossEntropy(fromLogits: false), labels),
      (Dense(3, activation: .softmax), .klDivergence(), oneHot),
      (Dense(3, activation: .logSoftmax), .klDivergence(fromLogProbabilities: true), oneHot),
      (Dense(1), .binaryCrossEntropy(fromLogits: true), yes),
      (Dense(1, activation: .sigmoid), .binaryCrossEntropy(), yes),
      (Dense(3, activation: .softmax), .binaryCrossEntropy(), oneHot),
      (Dense(3, activation: .softmax), .meanSquaredError, oneHot),
      (Dense(3, activation: ActivationFunction("softmax") { $0.softmax() }), .crossEntropy(), labels),
      // Also if it can be replayed: the name of a custom function says nothing.
      (
        Dense(3, activation: ActivationFunction("softmax", allowsReplay: true) { $0.softmax() }), .crossEntropy(),
        labels
      ),
      (Dense(3, activation: .sparsemax), .crossEntropy(fromLogits: false), labels),
      (Dense(1, activation: .hardSigmoid), .binaryCrossEntropy(), yes), (Dense(1), .dice(fromLogits: true), yes),
    ]
    for (layer, loss, target) in cases { #expect(reason([layer], loss, target: target) == nil, "\(loss.name)") }
  }

  @Test func aGraphTellsWhichOutputDoesNotFit() {
    let x = Node.input([3])
    let graph = Graph(
      inputs: ["x": x], outputs: ["kind": Dense(3, activation: .softmax)(x), "price": Dense(1)(x)])
    graph.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError]))
    let data = BatchDataset(Batch(inputs: [.ones([2, 3])], targets: [Tensor(integers: [0, 1]), .ones([2, 1])]))
    do {
      try graph.fit(data, verbosity: .silent)
      Issue.record("nothing was thrown")
    } catch {
      #expect("\(error)".hasPrefix("\"kind\": cross_entropy takes logits"))
    }
  }

  /// A network whose last layer does not determine the meaning is judged by its outputs.
  final class Custom: Layer {
    let dense = Dense(3)
    let finish: @Sendable (Tensor) -> Tensor
    init(_ finish: @escaping @Sendable (Tensor) -> Tensor) { self.finish = finish }
    func forward(_ input: Tensor, _ context: Context) -> Tensor { finish(dense(input, context)) }
  }

  @Test(arguments: TestDevices.real) func customNetworksAreJudgedByTheirOutputs(_ device: Device) throws {
    func shown(_ loss: Loss, _ finish: @escaping @Sendable (Tensor) -> Tensor) throws -> [Substring] {
      let model = Model(Custom(finish))
      model.compile(optimizer: .adam(), loss: loss, device: device)
      return try lines(of: model, Corners.data()).filter { $0.hasPrefix("warning") && !$0.contains(" is nan ") }
    }
    let logits = try shown(.crossEntropy()) { $0.softmax() }
    #expect(logits.count == 1 && logits[0].contains("gives probabilities") && logits[0].contains("fromLogits: false"))
    let probabilities = try shown(.sparseCategoricalCrossEntropy()) { $0 - 3 }
    #expect(probabilities.count == 1 && probabilities[0].contains("fromLogits: true"))
    #expect(try shown(.crossEntropy()) { $0 }.isEmpty)
    #expect(try shown(.sparseCategoricalCrossEntropy()) { $0.softmax() }.isEmpty)
  }

  // MARK: Classes and numbers

  @Test func accuracyOfARegressionIsRefused() throws {
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.accuracy])
    let data = TensorDataset(.ones([3, 2]), Tensor([0, 1, 2.5]))
    let error = TrainingError.notAClass(metric: "accuracy", loss: "mean_squared_error", example: 2, value: 2.5)
    #expect(throws: error) { try model.fit(data, verbosity: .silent) }
    #expect(throws: error) { try model.evaluate(data) }
    #expect(error.description.contains(".meanAbsoluteError"))
    for metric in [Metric.f1, .binaryAccuracy, .confusionMatrix()] {
      model.compile(optimizer: .adam(), loss: .huber(), metrics: [metric])
      #expect(throws: TrainingError.self) { try model.fit(data, verbosity: .silent) }
    }
    // Such a loss can also be used to learn classes, and an explicit threshold is deliberate.
    model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.accuracy])
    try model.fit(TensorDataset(.ones([3, 2]), Tensor([0, 1, 1])), verbosity: .silent)
    model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.accuracy(threshold: 1), .meanAbsoluteError])
    try model.fit(data, verbosity: .silent)
    let softmax = Sequential { Dense(3, activation: .softmax) }
    softmax.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.accuracy])
    try softmax.fit(TensorDataset(.ones([2, 2]), [[1, 0, 0], [0.1, 0.8, 0.1]]), verbosity: .silent)
  }

  // MARK: Nothing to train

  @Test func aFrozenModelIsRefused() throws {
    let model = Corners.compiled()
    try model.build(inputShape: [3])
    model.freeze()
    #expect(throws: TrainingError.nothingTrainable(parameters: 59)) {
      try model.fit(Corners.data(), verbosity: .silent)
    }
    model.unfreeze("1.**")
    try model.fit(Corners.data(), verbosity: .silent)
    let empty = Sequential { Flatten() }
    empty.compile(optimizer: .adam(), loss: .crossEntropy())
    #expect(throws: TrainingError.nothingTrainable(parameters: 0)) { try empty.fit(Corners.data(), verbosity: .silent) }
    #expect(try empty.evaluate(Corners.data()).loss.isFinite)
  }

  /// Updating only statistics may be intended.
  @Test func aFrozenModelWithStatisticsIsWarnedOf() throws {
    let model = Sequential {
      Dense(3)
      BatchNorm()
    }
    model.compile(optimizer: .adam(), loss: .crossEntropy())
    try model.build(inputShape: [3])
    model.freeze()
    #expect(try lines(of: model, Corners.data())[0].hasPrefix("warning: all parameters are frozen"))
    model.freeze(statistics: true)
    #expect(throws: TrainingError.self) { try model.fit(Corners.data(), verbosity: .silent) }
  }

  /// The output of `fit`, line by line.
  private func lines(of model: Model, _ data: any Dataset) throws -> [Substring] {
    let sink = ProgressTests.Sink(columns: nil)
    _ = try model.fit(data, .ofOneEpoch, sink: sink)
    return sink.text.split(separator: "\n")
  }
}

extension FitOptions {
  /// One epoch, shown as lines.
  static var ofOneEpoch: FitOptions { .ofEpochs(1) }

  static func ofEpochs(_ epochs: Int, callbacks: [any Callback] = [], _ verbosity: Verbosity = .lines) -> FitOptions {
    FitOptions(
      epochs: epochs, initialEpoch: 0, batchSize: 32, validation: nil, shuffle: false, seed: 1, callbacks: callbacks,
      classWeights: [:], verbosity: verbosity, progress: .standardOutput)
  }
}

/// The rows of one batch, for models with several inputs or outputs.
struct BatchDataset: Dataset {
  let whole: Batch
  init(_ whole: Batch) { self.whole = whole }
  var count: Int { whole.count }
  func batch(at indices: [Int]) throws -> Batch { whole.gathered(Tensor(integers: indices)) }
}

extension Metric {
  /// The same under another name.
  func named(_ name: String) -> Metric {
    let make = self
    return Metric(name, accumulator: { make.makeAccumulator() })
  }
}

/// Losses that are measured as metrics read outputs as the compiled loss does, or are refused.
@Suite struct MetricLossTests {
  private func error(_ units: Int, _ loss: Loss, _ metric: Metric, _ targets: Tensor) -> String? {
    let model = Sequential { Dense(units) }
    model.compile(optimizer: .sgd(learningRate: 0), loss: loss, metrics: [metric])
    let data = TensorDataset(.ones([6, 4]), targets)
    var texts: [String] = []
    for body in [{ try model.fit(data, verbosity: .silent) as Any }, { try model.evaluate(data) as Any }] {
      do { _ = try body() } catch { texts.append("\(error)") }
    }
    #expect(texts.count == 2 && texts[0] == texts[1] || texts.isEmpty, "\(texts)")
    return texts.first
  }

  private let answers = Tensor([0, 1, 1, 0, 1, 0], shape: [6, 1])
  private let labels = Tensor(integers: [0, 1, 2, 0, 1, 2])

  @Test func contradictionsAreRefused() throws {
    let logits = Loss.binaryCrossEntropy(fromLogits: true)
    let probabilities = error(1, logits, .loss(.binaryCrossEntropy()), answers) ?? ""
    #expect(
      probabilities.contains("the metric \"binary_cross_entropy\"") && probabilities.contains("logits of yes or no"))
    #expect(error(1, logits, .loss(.crossEntropy()), answers)?.contains("the metric \"cross_entropy\"") == true)
    #expect(
      error(3, .crossEntropy(), .loss(.crossEntropy(fromLogits: false)), labels)?.contains("the metric") == true)
    // Of one number there are no classes.
    #expect(error(1, .meanSquaredError, .loss(.crossEntropy()), answers)?.contains("cross_entropy") == true)
  }

  @Test func whatFitsIsMeasured() throws {
    let logits = Loss.binaryCrossEntropy(fromLogits: true)
    #expect(error(1, logits, .loss(.meanSquaredError), answers) == nil)
    #expect(error(1, logits, .loss(.hinge), answers) == nil)
    #expect(error(3, .crossEntropy(), .loss(.crossEntropy(labelSmoothing: 0.1)), labels) == nil)
  }
}
