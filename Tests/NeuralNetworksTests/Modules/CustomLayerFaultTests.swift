import Testing

@testable import NeuralNetworks

/// A custom layer whose operations do not fit is named by the error that `build`, `fit`, `evaluate` and `predict` throw.
@Suite struct CustomLayerFaultTests {
  /// A matrix for inputs of five numbers.
  final class Product: Layer {
    let weight = Parameter([5, 3])
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.matmul(weight.value) }
  }

  final class Sum: Layer {
    let shift = Parameter([3])
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x + shift.value }
  }

  /// Never declares the shape of its weight.
  final class Undeclared: Layer {
    let weight = Parameter()
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      let units = weight.value.shape[1]
      return x.matmul(weight.value).reshaped([-1, units])
    }
  }

  final class BadAxis: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.sum(axis: 4) }
  }

  final class BadReshape: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.reshaped([x.shape[0], 7]) }
  }

  final class BadPart: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x[.all, 6..<9] }
  }

  /// Treats several examples as one.
  final class OneExample: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.reshaped([1, -1]) }
  }

  final class WithoutBatch: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.sum(axis: 0) }
  }

  /// Accepts only a single step.
  final class OneStep: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.squeezed(axis: 1) }
  }

  static let layers: [(name: String, reason: String, make: @Sendable () -> any Layer)] = [
    ("Product", "[1, 4] and [5, 3]", { Product() }), ("Sum", "[1, 4] and [3]", { Sum() }),
    ("Undeclared", "1.weight", { Undeclared() }), ("BadAxis", "no axis 4", { BadAxis() }),
    ("BadReshape", "[1, 7]", { BadReshape() }), ("BadPart", "6..<9", { BadPart() }),
  ]

  private func model(_ index: Int, inputShape: [Int]?) -> Sequential {
    let model = Sequential([Flatten(), Self.layers[index].make(), Dense(1)], inputShape: inputShape)
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    return model
  }

  private func expect(_ name: String, _ reason: String, _ body: () throws -> Void, at location: SourceLocation) {
    do {
      try body()
      Issue.record("nothing was thrown for \(name)", sourceLocation: location)
    } catch {
      let text = "\(error)"
      #expect(error is ModelError && text.hasPrefix("1 (\(name)): "), "\(text)", sourceLocation: location)
      #expect(text.contains(reason) && !text.contains("\n"), "\(text)", sourceLocation: location)
    }
  }

  @Test(arguments: layers.indices, [nil, [4]] as [[Int]?]) func theLayerIsNamed(_ index: Int, _ shape: [Int]?) {
    let (name, reason, _) = Self.layers[index]
    let data = TensorDataset(.ones([6, 4]), .ones([6, 1]))
    func check(_ body: (Sequential) throws -> Void, at location: SourceLocation = #_sourceLocation) {
      expect(name, reason, { try body(model(index, inputShape: shape)) }, at: location)
    }
    check { try $0.build(inputShape: [4]) }
    check { try $0.fit(data, verbosity: .silent) }
    check { _ = try $0.evaluate(data) }
    check { _ = try $0.predict(.ones([2, 4])) }
    check { _ = try $0.summary(inputShape: [4]) }
    check { model in try model.build(tracing: { _ = $0(.zeros([1, 4]), .inference) }) }
    check { model in
      let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
      _ = try step(Batch(input: .ones([2, 4]), target: .ones([2, 1])))
    }
  }

  // MARK: In training mode alone

  /// A layer that is right in inference.
  final class TrainedOnly: Layer {
    let body: @Sendable (Tensor, Parameter) -> Tensor
    let weight = Parameter([5, 3])
    let state = Parameter.state([4])
    let undeclared = Parameter()
    init(_ body: @escaping @Sendable (Tensor, Parameter) -> Tensor) { self.body = body }
    func prepare(inputShape: [Int]) throws { undeclared.declare(shape: [4]) }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { context.isTraining ? body(x, weight) : x }
  }

  /// Is said to be replayable, as layers of this package are.
  final class TrainedUndeclared: Layer {
    let gain = Parameter()
    let allowsReplay = true
    func forward(_ x: Tensor, _ context: Context) -> Tensor { context.isTraining ? x * gain.value : x }
  }

  static let trained: [(name: String, reason: String, make: @Sendable () -> any Layer)] = [
    ("TrainedOnly", "[5, 3]", { TrainedOnly { x, weight in x.matmul(weight.value) } }),
    ("TrainedOnly", "no axis 4", { TrainedOnly { x, _ in x.sum(axis: 4) } }),
    (
      "TrainedOnly", "assigned to a parameter of shape [5, 3]",
      {
        TrainedOnly {
          $1.assign($0.sum(axis: 0)); return $0
        }
      }
    ),
  ]

  private func expectTrainingFault(
    _ name: String, _ reason: String, _ body: () throws -> Void, at location: SourceLocation
  ) {
    let error = #expect(throws: ModelError.self, sourceLocation: location) { try body() }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("1 (\(name)): in training mode: "), "\(text)", sourceLocation: location)
    #expect(text.contains(reason) && !text.contains("\n"), "\(text)", sourceLocation: location)
  }

  @Test(arguments: trained.indices, TestDevices.all) func aFaultOfTrainingModeIsThrown(_ index: Int, _ device: Device) {
    let (name, reason, make) = Self.trained[index]
    let data = TensorDataset(.ones([6, 4]), .ones([6, 1]))
    func model() -> Sequential {
      let model = Sequential([Flatten(), make(), Dense(1)])
      model.compile(optimizer: .sgd(), loss: .meanSquaredError, device: device)
      return model
    }
    func check(at location: SourceLocation = #_sourceLocation, _ body: (Sequential) throws -> Void) {
      expectTrainingFault(name, reason, { try body(model()) }, at: location)
    }
    check { try $0.build(inputShape: [4], on: device) }
    check { try $0.fit(data, verbosity: .silent) }
    check { model in
      let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
      _ = try step(Batch(input: .ones([2, 4]), target: .ones([2, 1])))
    }
  }

  @Test func aParameterThatOnlyTrainingReadsIsNamed() {
    let data = TensorDataset(.ones([6, 4]), .ones([6, 1]))
    let model = Sequential([Flatten(), TrainedUndeclared(), Dense(1)])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    expectTrainingFault(
      "TrainedUndeclared", "\"1.gain\" has no shape", { try model.build(inputShape: [4]) }, at: #_sourceLocation)
    let error = #expect(throws: ModelError.self) { try model.fit(data, verbosity: .silent) }
    #expect(error.map { "\($0)".contains("1.gain") } == true, "\(error as Any)")
  }

  @Test func aNodeOfAGraphThatFailsInTrainingModeIsNamed() {
    let input = Node.input([4])
    let bad = TrainedOnly { x, _ in x.reshaped([7]) }
    let graph = Graph(inputs: ["x": input], outputs: ["y": Dense(1)(bad(input, name: "odd"))])
    let error = #expect(throws: ModelError.self) { try graph.build() }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("odd (TrainedOnly): in training mode: Tensor reshaped: "), "\(text)")
  }

  @Test func anotherShapeInTrainingModeIsRefused() throws {
    let data = TensorDataset(.ones([6, 4]), .ones([6, 1]))
    let model = Sequential([Flatten(), TrainedOnly { x, _ in x[.all, 0..<1] }])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    try model.build(inputShape: [4])
    #expect(try model.predict(.ones([2, 4])).shape == [2, 4])
    let wide = TensorDataset(.ones([6, 4]), .ones([6, 4]))
    let error = #expect(throws: ModelError.self) { try model.fit(wide, verbosity: .silent) }
    let text = error.map { "\($0)" } ?? ""
    #expect(
      text.hasPrefix("1 (TrainedOnly): in training mode: ") && text.contains("[1]") && text.contains("[4]"), "\(text)")
    #expect(throws: TrainingError.self) { try model.fit(data, verbosity: .silent) }
  }

  /// Statistics of parts of a batch: it takes batches of a multiple of 4.
  final class Ghosts: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      context.isTraining ? x.reshaped([x.shape[0] / 4, 4, -1]).reshaped(x.shape) : x
    }
  }

  @Test func aLayerMayNeedBatchesOfASize() throws {
    let model = Sequential([Flatten(), Ghosts(), Dense(1)])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    try model.build(inputShape: [4])
    try model.fit(.ones([16, 4]), .ones([16, 1]), batchSize: 8, verbosity: .silent)
    let before = try model.numbers()
    let error = #expect(throws: ModelError.self) {
      try model.fit(.ones([18, 4]), .ones([18, 1]), batchSize: 8, verbosity: .silent)
    }
    #expect(error.map { "\($0)" }?.hasPrefix("1 (Ghosts): in training mode: ") == true, "\(error as Any)")
    #expect(try model.numbers() == before, "the last batch of the epoch is looked at before the first step")
  }

  /// Running statistics of a custom layer.
  final class Counting: Layer {
    let steps = Parameter.state([1], .zeros)
    let mean = Parameter.state([3], .zeros)
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      if context.isTraining {
        steps.assign(withoutGradient { steps.value + 1 })
        mean.assign(withoutGradient { x.mean(axis: 0) })
      }
      return x
    }
  }

  /// Looking for faults changes nothing.
  @Test(arguments: TestDevices.all) func stateIsAssignedByStepsAlone(_ device: Device) throws {
    let counting = Counting()
    let model = Sequential([counting, Dense(1)])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError, device: device)
    try model.build(inputShape: [3], on: device)
    #expect(try counting.steps.value.scalars() == [0] && counting.mean.value.scalars() == [0, 0, 0])
    try model.fit(.full([10, 3], 2), .ones([10, 1]), epochs: 2, batchSize: 4, verbosity: .silent)
    #expect(try counting.steps.value.scalars() == [6] && counting.mean.value.scalars() == [2, 2, 2])
    let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
    _ = try step(Batch(input: .full([4, 3], 5, on: device), target: .ones([4, 1], on: device)))
    #expect(try counting.steps.value.scalars() == [7] && counting.mean.value.scalars() == [5, 5, 5])
  }

  @Test func aCustomLossOfAStepIsTried() throws {
    let model = Sequential([Dense(2)])
    let loss = Loss("odd") { prediction, target in (prediction - target.reshaped([-1, 3])).squared() }
    let step = try TrainingStep(model, optimizer: .sgd(), loss: loss)
    let error = #expect(throws: TrainingError.self) {
      _ = try step(Batch(input: .ones([3, 4]), target: .ones([3, 2])))
    }
    #expect(
      error.map { "\($0)" }?.hasPrefix("the loss \"odd\" does not fit outputs of shape [2]") == true, "\(error as Any)")
  }

  /// A model that was refused once can be built for other inputs.
  @Test func aRefusalLeavesTheModelAsItWas() throws {
    let model = Sequential([Product()])
    for _ in 0..<20 { #expect(throws: ModelError.self) { try model.build(inputShape: [4]) } }
    try model.build(inputShape: [5])
    #expect(try model.predict(.ones([2, 5])).shape == [2, 3])
  }

  @Test func aLengthThatDoesNotFitIsThrown() throws {
    let model = Sequential([OneStep(), Dense(1)], inputShape: [anyLength, 2])
    try model.build(inputShape: [anyLength, 2])
    let predictor = Predictor(Sequential([OneStep(), Dense(1)], inputShape: [anyLength, 2]))
    for predict in [{ try model.predict($0) }, { try predictor.predict($0) }] as [(Tensor) throws -> Tensor] {
      #expect(try predict(.ones([3, 1, 2])).shape == [3, 1])
      let error = #expect(throws: ModelError.self) { _ = try predict(.ones([3, 4, 2])) }
      #expect(error.map { "\($0)" }?.hasPrefix("0 (OneStep): Tensor squeezed: ") == true)
      #expect(try predict(.ones([3, 1, 2])).shape == [3, 1])
    }
  }

  @Test func anOutputWithoutTheBatchIsRefused() {
    let data = TensorDataset(.ones([6, 4]), .ones([6, 4]))
    let model = Sequential([Flatten(), WithoutBatch()])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    for body in [{ try model.fit(data, verbosity: .silent) as Any }, { try model.predict(.ones([3, 4])) as Any }] {
      let error = #expect(throws: ModelError.self) { _ = try body() }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("1 (WithoutBatch)") && text.contains("batch axis") && text.contains("shape [4]"), "\(text)")
    }
  }

  /// It works for a single example only.
  @Test func aLayerForOneExampleIsNamed() throws {
    let data = TensorDataset(.ones([6, 4]), .ones([6, 1]))
    let model = Sequential([Flatten(), OneExample(), Dense(1)])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    try model.fit(data, batchSize: 1, verbosity: .silent)
    #expect(try model.predict(.ones([1, 4])).shape == [1, 1])
    #expect(try model.predict(.ones([3, 4]), batchSize: 1).shape == [3, 1])
    for body in [{ try model.fit(data, verbosity: .silent) as Any }, { try model.predict(.ones([3, 4])) as Any }] {
      let error = #expect(throws: ModelError.self) { _ = try body() }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("1 (OneExample)") && text.contains("batch axis") && text.contains("[1, 8]"), "\(text)")
    }
  }

  /// A direct call cannot throw: the program ends with the name of the called layer.
  @Test func aDirectCallNamesTheInnermostLayer() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let model = Sequential([Flatten(), Sequential([Product()])])
      try model.build(inputShape: [5])
      _ = model(.ones([2, 4]), .inference)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for fragment in ["Tensor matmul", "1.0 (Product)", "[2, 4]", "[5, 3]"] {
      #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)")
    }
  }
}
