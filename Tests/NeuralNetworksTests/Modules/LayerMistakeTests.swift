import Testing

@testable import NeuralNetworks

/// Layers that do in `forward` what a layer cannot do are named by an error of `build`, `fit`, `predict` and `evaluate`.
@Suite struct LayerMistakeTests {
  /// Goes on without the numbers.
  final class Gate: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { ((try? x.sum().item()) ?? 0) > 0 ? x : -x }
  }

  final class Inner: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { Dense(1)(x, context) }
  }

  /// Makes other layers for each trace.
  final class Prepared: Layer {
    var inner: [Dense] = []
    func prepare(inputShape: [Int]) throws { inner = [Dense(2), Dense(1)] }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { inner.reduce(x) { $1($0, context) } }
  }

  /// A parameter that nobody but `forward` knows.
  final class Hidden: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x * Parameter([1], .ones).value }
  }

  final class Negative: Layer {
    let weight = Parameter()
    func prepare(inputShape: [Int]) throws { weight.declare(shape: [-3]) }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x }
  }

  final class YesNo: Layer {
    let dtype: DType
    init(_ dtype: DType) { self.dtype = dtype }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { (x .> 0).cast(to: dtype) }
  }

  /// The model that holds the layer at 1.1, and what the error says.
  private func expect(_ name: String, _ text: String, _ layer: () -> any Layer) {
    let bodies: [(Sequential) throws -> Void] = [
      { try $0.build(inputShape: [4]) }, { _ = try $0.predict(.ones([2, 4])) },
      { _ = try $0.evaluate(TensorDataset(.ones([6, 4]), .ones([6, 1]))) },
      { try $0.fit(TensorDataset(.ones([6, 4]), .ones([6, 1])), verbosity: .silent) },
    ]
    for body in bodies {
      let model = Sequential([Dense(3), Sequential([Flatten(), layer()])])
      model.compile(optimizer: .sgd(), loss: .meanSquaredError)
      let error = #expect(throws: ModelError.self) { try body(model) }
      let found = error.map { "\($0)" } ?? ""
      #expect(found.hasPrefix(name) && found.contains(text) && !found.contains("\n"), "\(found)")
    }
  }

  @Test func readingNumbersIsRefused() {
    expect("1.1 (Gate): ", "numbers are read while shapes are inferred") { Gate() }
  }

  /// The error of the read itself names the layer: it is what a `try!` shows.
  @Test func theErrorOfAReadNamesTheLayer() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      final class Forced: Layer {
        func forward(_ x: Tensor, _ context: Context) -> Tensor { try! x.sum().item() > 0 ? x : -x }
      }
      try Sequential([Flatten(), Forced()]).build(inputShape: [4])
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("1 (Forced): numbers are read while shapes are inferred"), "\(message)")
  }

  /// Printing a tensor is no read.
  @Test func printingInForwardIsAllowed() throws {
    final class Printing: Layer {
      private(set) var text = ""
      func forward(_ x: Tensor, _ context: Context) -> Tensor {
        text = "\(x)"
        return x
      }
    }
    let layer = Printing()
    try Sequential([layer]).build(inputShape: [4])
    #expect(layer.text.contains("[1, 4]"))
  }

  @Test func layersAndParametersThatAreMadeInForwardAreRefused() {
    expect("1.1 (Inner): ", "not a stored property") { Inner() }
    expect("1.1 (Prepared): ", "not a stored property") { Prepared() }
    expect("1.1 (Hidden): ", "not a stored property") { Hidden() }
  }

  @Test func negativeExtentsOfParametersAreRefused() {
    expect("1.1.weight: ", "extents are not negative") { Negative() }
  }

  /// Sizes that cannot be counted are refused by `build`, and are no overflow before it.
  @Test func parametersThatAreTooLargeCanBeCounted() {
    final class Large: Layer {
      let weight = Parameter([Int.max, 2], .zeros)
      func forward(_ x: Tensor, _ context: Context) -> Tensor { x }
    }
    let model = Sequential([Large(), Large()])
    #expect(model.parameters.count > 1 << 31)
    let error = #expect(throws: ModelError.self) { try model.build(inputShape: [4]) }
    #expect(error.map { "\($0)" }?.contains("0.weight: a parameter of shape [9223372036854775807, 2]") == true)
  }

  @Test(arguments: [DType.bool, .int32]) func outputsThatAreNotFloatingPointAreRefused(_ dtype: DType) throws {
    let data = TensorDataset(.ones([6, 4]), .zeros([6, 1]))
    for loss in [Loss.meanSquaredError, .binaryCrossEntropy()] {
      let model = Sequential([Dense(1), YesNo(dtype)])
      model.compile(optimizer: .adam(), loss: loss)
      let step = try TrainingStep(model, optimizer: .adam(), loss: loss)
      let bodies = [
        { _ = try model.fit(data, verbosity: .silent) }, { _ = try model.evaluate(data) },
        { _ = try step(Batch(input: data.inputs, target: data.targets)) },
      ]
      for body in bodies {
        let error = #expect(throws: ModelError.self) { try body() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("1 (YesNo): ") && text.contains("\(dtype)") && text.contains(loss.name), "\(text)")
      }
      // It predicts all the same.
      #expect(try model.predict(data.inputs).dtype == dtype)
    }
  }

  /// Does not take batches of five.
  final class Late: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      if x.shape[0] == 5 { return x.matmul(Tensor.ones([9, 9], on: x.device)) }
      return x
    }
  }

  static func nested() -> Sequential {
    Sequential([Dense(4), Sequential([Dense(3), Sequential([Dense(3), Late()])]), Dense(1)])
  }

  /// `fit` tries the size of its batches. A fault that shows in a batch of another size than was tried ends the program, with
  /// the path from the model on.
  @Test func theWholePathIsNamedWhileAModelRuns() async throws {
    let model = Self.nested()
    model.compile(optimizer: .adam(), loss: .meanSquaredError)
    let error = #expect(throws: ModelError.self) {
      try model.fit(TensorDataset(.ones([15, 4]), .ones([15, 1])), batchSize: 5, verbosity: .silent)
    }
    #expect("\(try #require(error))".contains("1.1.1 (Late)"))
    let prediction = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try LayerMistakeTests.nested().predict(.ones([5, 4]))
    }
    let served = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Predictor(LayerMistakeTests.nested()).predict(.ones([5, 4]))
    }
    for result in [prediction, served] {
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains("in the layer 1.1.1 (Late)"), "\(message)")
    }
  }
}
