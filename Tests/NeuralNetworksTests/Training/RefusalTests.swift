import Testing

@testable import NeuralNetworks

/// Arguments and data that `fit`, `evaluate`, and `predict` reject, with the error that gives the reason.
@Suite struct RefusalTests {
  private func fit(
    _ data: TensorDataset = Corners.data(), epochs: Int = 1, batchSize: Int = 8, validation: Validation? = nil,
    callbacks: [any Callback] = [], classWeights: [Int: Double] = [:], initialEpoch: Int = 0,
    model: Model = Corners.compiled()
  ) throws {
    try model.fit(
      data, epochs: epochs, batchSize: batchSize, validation: validation, callbacks: callbacks,
      classWeights: classWeights, initialEpoch: initialEpoch, verbosity: .silent)
  }

  /// Expects an error with this text, on one line.
  private func expect(_ text: String, _ body: () throws -> Void, at location: SourceLocation = #_sourceLocation) {
    do {
      try body()
      Issue.record("nothing was thrown, expected: \(text)", sourceLocation: location)
    } catch let error as any NeuralNetworksError {
      #expect(error.description.contains(text), sourceLocation: location)
      #expect(!error.description.contains("\n"), sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  @Test func arguments() {
    expect("batch size is at least 1, not 0") { try fit(batchSize: 0) }
    expect("batch size is at least 1, not -3") { _ = try Corners.compiled().evaluate(Corners.data(), batchSize: -3) }
    expect("batch size is at least 1, not 0") { _ = try Corners.compiled().predict(.zeros([1, 3]), batchSize: 0) }
    expect("epochs is at least 0, not -1") { try fit(epochs: -1) }
    expect("epochs is at least 0, not -2") { try fit(initialEpoch: -2) }
    for first in [5, .max] {
      expect("begins with epoch \(first) (initialEpoch), after its last one, 3 (epochs)") {
        try fit(epochs: 3, initialEpoch: first)
      }
    }
    for fraction in [-0.1, 1, 1.5, .nan] { expect("validation fraction") { try fit(validation: .split(fraction)) } }
    expect("\"validation_loss\"; there are loss, accuracy") { try fit(callbacks: [EarlyStopping()]) }
    expect("\"f1\"; there are loss, accuracy, validation_loss") {
      try fit(validation: .split(0.5), callbacks: [EarlyStopping(monitor: "f1")])
    }
    let twice = Corners.compiled(metrics: [.accuracy, .accuracy(threshold: 0.3)])
    expect("\"accuracy\"") { try fit(model: twice) }
  }

  @Test func notCompiled() {
    #expect(throws: ModelError.self) { try Corners.model().fit(Corners.data(), verbosity: .silent) }
    #expect(throws: ModelError.self) { try Corners.model().evaluate(Corners.data()) }
  }

  @Test func learningRates() {
    for rate in [Double.nan, .infinity, -1] {
      let model = Corners.model()
      model.compile(optimizer: .sgd(learningRate: rate), loss: .crossEntropy())
      expect("learning rate") { try fit(model: model) }
    }
  }

  @Test func emptyData() {
    let none = TensorDataset(.zeros([0, 3]), Tensor(integers: []))
    expect("the training data has no examples") { try fit(none) }
    expect("the validation data has no examples") { try fit(validation: .data(none)) }
    expect("the evaluation data has no examples") { _ = try Corners.compiled().evaluate(none) }
    expect("the prediction data has no examples") { _ = try Corners.compiled().predict(.zeros([0, 3])) }
    expect("a validation split of 0.5 leaves none of the 1 examples to train on") {
      try fit(Corners.data(1), validation: .split(0.5))
    }
  }

  @Test func labels() throws {
    let data = Corners.data(9)
    for (bad, at) in [(3, 4), (-1, 0), (99, 8)] {
      var labels = [0, 1, 2, 0, 1, 2, 0, 1, 2]
      labels[at] = bad
      let wrong = TensorDataset(data.inputs, Tensor(integers: labels))
      for check in [{ try fit(wrong) }, { _ = try Corners.compiled().evaluate(wrong) }] {
        do {
          try check()
          Issue.record("a label of \(bad) was taken")
        } catch ModelError.label(let index, let value, let classes) {
          #expect(index == at && value == bad && classes == 3)
        }
      }
      // In the validation data only, and through a dataset that is read batch by batch.
      #expect(throws: ModelError.self) { try fit(validation: .data(wrong)) }
      #expect(throws: ModelError.self) { try Corners.compiled().evaluate(Passing(base: wrong)) }
      #expect(throws: ModelError.self) { try Corners.compiled().evaluate(Subset(wrong, indices: [at, 1])) }
    }
    let floats = TensorDataset(data.inputs, Tensor([0, 1, 2, 0, 1.5, 2, 0, 1, 2]))
    expect("the target of example 4 is 1.5, expected a class number") { try fit(floats) }
    // A row outside the subset may be invalid.
    let rest = Subset(TensorDataset(data.inputs, Tensor(integers: [0, 1, 2, 0, 9, 2, 0, 1, 2])), indices: [0, 1, 2])
    _ = try Corners.compiled().evaluate(rest)
    // An ignored label does not have to be a class.
    let model = Corners.model()
    model.compile(optimizer: .adam(), loss: .crossEntropy(ignoring: -100))
    try fit(TensorDataset(data.inputs, Tensor(integers: [0, 1, 2, 0, -100, 2, 0, 1, 2])), model: model)
  }

  /// Labels that int32 does not represent are named as they are, and are not the smallest int32, which is ignored.
  @Test func labelsOfInt64() throws {
    for bad in [Int64.max, .min, 1 << 32, Int64(Int32.min) - 1] {
      let labels = Tensor([0, 1, 2, 0, bad, 2, 0, 1, 2] as [Int64])
      let model = Corners.model()
      model.compile(optimizer: .adam(), loss: .crossEntropy(ignoring: Int(Int32.min)))
      do {
        try fit(TensorDataset(Corners.data(9).inputs, labels), model: model)
        Issue.record("a label of \(bad) was taken")
      } catch ModelError.label(let index, let value, let classes) {
        #expect(index == 4 && value == Int(bad) && classes == 3)
      }
    }
    let model = Corners.model()
    model.compile(optimizer: .adam(), loss: .crossEntropy(ignoring: Int(Int32.min)))
    let ignored = Tensor([0, 1, 2, 0, Int64(Int32.min), 2, 0, 1, 2] as [Int64])
    try fit(TensorDataset(Corners.data(9).inputs, ignored), model: model)
  }

  /// Hides that examples are stored in tensors.
  struct Passing: Dataset {
    let base: TensorDataset
    var count: Int { base.count }
    func batch(at indices: [Int]) throws -> Batch { try base.batch(at: indices) }
  }

  @Test func numbers() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      var points = try Corners.data(9).inputs.scalars()
      points[14] = bad
      let labels = Corners.data(9).targets
      let wrong = TensorDataset(Tensor(points, shape: [9, 3]), labels)
      expect("the input of example 4 holds a NaN or an infinity") { try fit(wrong) }
      expect("the input of example 4 holds") { try fit(wrong, validation: .split(0.3)) }
      expect("the input of example 4 holds") { _ = try Corners.compiled().evaluate(Passing(base: wrong)) }
      expect("the input of example 4 holds") {
        _ = try Corners.compiled().evaluate(Passing(base: wrong), batchSize: 2)
      }
      let model = Sequential { Dense(1) }
      model.compile(optimizer: .adam(), loss: .meanSquaredError)
      expect("the target of example 2 holds") {
        try fit(TensorDataset(.zeros([3, 2]), Tensor([0, 1, bad])), model: model)
      }
    }
  }

  @Test func shapes() throws {
    let model = Corners.compiled()
    try model.build(inputShape: [3])
    do {
      try fit(TensorDataset(.zeros([4, 5]), Tensor(integers: [0, 1, 2, 0])), model: model)
      Issue.record("inputs of another shape were taken")
    } catch ModelError.inputShape(_, let expected, let found) {
      #expect(expected == [3] && found == [5])
    }
    #expect(throws: ModelError.self) { try model.predict(.zeros([4, 5])) }
    #expect(throws: ModelError.self) {
      try model.evaluate(TensorDataset(.zeros([4, 5]), Tensor(integers: [0, 1, 2, 0])))
    }
    expect("a target has the shape [2]") {
      try fit(TensorDataset(.zeros([2, 3]), Tensor(integers: [0, 1, 2, 0], shape: [2, 2])), model: model)
    }
    expect("the dataset has 4 inputs, but 3 targets") {
      try fit(TensorDataset(.zeros([4, 3]), Tensor(integers: [0, 1, 2])), model: model)
    }
    expect("the dataset has 4 inputs, but 3 targets or weights") {
      try fit(TensorDataset(.zeros([4, 3]), Tensor(integers: [0, 1, 2, 0]), weights: .ones([3])), model: model)
    }
    expect("the model has 1 inputs, but the data has 2") { _ = try model.evaluate(Pairs()) }
    let regression = Sequential { Dense(2) }
    regression.compile(optimizer: .adam(), loss: .meanSquaredError)
    expect("a target has the shape [3], but the loss and the model's output expect [2]") {
      try fit(TensorDataset(.zeros([4, 3]), .zeros([4, 3])), model: regression)
    }
  }

  /// Batches with two inputs.
  struct Pairs: Dataset {
    let count = 4
    func batch(at indices: [Int]) throws -> Batch {
      let x = Tensor.zeros([indices.count, 3])
      return Batch(inputs: [x, x], targets: [Tensor.zeros([indices.count], dtype: .int32)])
    }
  }

  @Test func weightsAndTargets() {
    let data = Corners.data(4)
    for bad in [Float.nan, -1, .infinity] {
      expect("the weight of example 2") {
        try fit(TensorDataset(data.inputs, data.targets, weights: Tensor([1, 1, bad, 1])))
      }
      expect("the weight of class 1") { try fit(classWeights: [1: Double(bad)]) }
    }
    expect("there is no class 3 of 3") { try fit(classWeights: [3: 1]) }
    expect("there is no class -1 of 3") { try fit(classWeights: [-1: 1]) }
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .adam(), loss: .meanSquaredError)
    expect("does not tell classes apart") {
      try fit(TensorDataset(data.inputs, .zeros([4])), classWeights: [0: 1], model: model)
    }
    model.compile(optimizer: .adam(), loss: .binaryCrossEntropy(fromLogits: true))
    expect("the target of example 2 is 2.0, expected a number from 0 to 1") {
      try fit(TensorDataset(data.inputs, Tensor([0, 1, 2, 1])), model: model)
    }
  }

  @Test func outputs() {
    let model = Corners.model()
    model.compile(optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy()]))
    expect("no output \"kind\"") { try fit(model: model) }
    model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy.of(output: "price")])
    expect("no output \"price\"") { try fit(model: model) }
  }

  /// A rejected call has changed nothing.
  @Test func nothingIsChanged() throws {
    let model = Corners.compiled()
    try model.fit(Corners.data(), verbosity: .silent)
    let (numbers, step) = (try model.numbers(), model.compiled?.optimizer.step)
    let wrong = TensorDataset(Corners.data(4).inputs, Tensor(integers: [0, 1, 2, 3]))
    #expect(throws: ModelError.self) { try model.fit(wrong, verbosity: .silent) }
    #expect(try model.numbers() == numbers)
    #expect(model.compiled?.optimizer.step == step)
  }
}
