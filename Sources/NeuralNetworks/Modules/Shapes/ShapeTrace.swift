/// A run of a module without computing numbers, in which its layers declare their parameters and output shapes are
/// recorded.
final class ShapeTrace {
  /// A call of a layer or a merging layer.
  struct Call {
    let module: any Module
    let depth: Int
    /// The output shape without the batch axis; nil until the call has returned.
    var outputShape: [Int]?
    /// Whether the output has as many examples as the inputs of the run.
    var keepsBatch = true
    /// The first size of the output; nil if the output is a scalar.
    var batchExtent: Int?
  }

  private(set) var calls: [Call] = []
  /// The element type of parameters that have no value.
  private let dtype: DType
  /// The number of examples in the inputs, or of their steps within `withSteps`.
  private var examples: Int
  /// The size that represents `anyLength`.
  private let variableExtent: Int
  /// The modules and parameters before the run, and after it those after it.
  var walk: ModuleWalk
  /// The inputs of the model that embeddings look up.
  private(set) var tokenRanges: [TokenRange] = []
  /// Whether an embedding looks up tokens that are not an unmodified input of the model.
  private(set) var hasComputedTokens = false
  private var inputs: [Tensor] = []
  private var outputs: [Tensor] = []
  /// The element types of the outputs of the run.
  var outputDTypes: [DType] { outputs.map(\.dtype) }
  /// False if the element types of the inputs are assumed.
  private var knowsElementTypes = false
  /// The modules being called, outermost first.
  private var open: [any Module] = []
  private var failure: (any Error)?
  private let rootName: String
  /// Whether this is a run in training mode. Such a run changes no values.
  let isTraining: Bool
  /// True if a layer has read numbers in training mode. It reads zeros, so the results of the run are meaningless.
  private(set) var readsNumbers = false

  init(
    _ root: any Module, dtype: DType = .float32, examples: Int = 1, variableExtent: Int = 1, isTraining: Bool = false
  ) {
    self.examples = examples
    self.isTraining = isTraining
    self.variableExtent = variableExtent
    rootName = "\(type(of: root))"
    walk = ModuleWalk(root)
    self.dtype = walk.parameters.lazy.compactMap { $0.parameter.slab?.values.dtype }.first ?? dtype
  }

  /// Runs `body`, and traces every layer that it calls.
  /// - Throws: The first error thrown by a layer or by `body`; `ModelError.invalidConfiguration` if the operands of an
  ///   operation in a layer do not fit.
  func run(_ body: () throws -> Void) throws {
    let thread = LayerThread.current
    let outer = (thread.trace, thread.outermost, thread.calls)
    (thread.trace, thread.outermost, thread.calls) = (self, nil, [])
    defer { (thread.trace, thread.outermost, thread.calls) = outer }
    ProgrammerError.attempt(
      {
        do {
          try withoutGradient { try body() }
        } catch {
          fail(error)
        }
      },
      note: { [self] in fail(ModelError.invalidConfiguration(layer: place, reason: $0)) },
      reading: isTraining ? { [self] in readsNumbers = true } : nil)
    if let failure { throw failure }
  }

  /// Runs a layer on an input of this shape, without the batch axis, and returns the shape of the output.
  @discardableResult
  func run(_ layer: any Layer, inputShape: [Int], dtype: DType? = nil) throws -> [Int] {
    let context = context
    return try run(inputShapes: [inputShape], dtypes: dtype.map { [$0] }, of: "\(type(of: layer))") {
      [layer($0[0], context)]
    }[0]
  }

  /// Runs `body` for any number of inputs and outputs. By default, inputs have the element type of the parameters.
  @discardableResult
  func run(
    inputShapes: [[Int]], dtypes: [DType]?, of name: String, _ body: ([Tensor]) -> [Tensor]
  ) throws -> [[Int]] {
    for shape in inputShapes where shape.contains(where: { $0 < 1 && $0 != anyLength }) || shape.count > 7 {
      throw ModelError.invalidConfiguration(
        layer: name, reason: "\(shape) is not an input shape: it has at most 7 extents, each at least 1 or anyLength"
      )
    }
    for shape in inputShapes where SizeLimit.count(shape) == nil {
      throw ModelError.invalidConfiguration(
        layer: name, reason: "an example of shape \(shape) has more than \(SizeLimit.tensor) numbers")
    }
    let inputs = inputShapes.enumerated().map { index, shape in
      let extents = [examples] + shape.map { $0 == anyLength ? variableExtent : $0 }
      return Tensor.zeros(extents, dtype: dtypes?[index] ?? dtype, on: .shapes)
    }
    self.inputs = inputs
    knowsElementTypes = dtypes != nil
    var outputs: [Tensor] = []
    try run { outputs = body(inputs) }
    self.outputs = outputs
    return outputs.map { Array($0.shape.dropFirst()) }
  }

  /// Replaces a call: the layer declares its parameters, then runs.
  func call(_ layer: some Layer, _ input: Tensor, _ context: Context) -> Tensor {
    if failure != nil { return input }
    var input = input
    do {
      input = try typed(input, for: layer)
      try layer.prepare(inputShape: Array(input.shape.dropFirst()))
    } catch {
      fail((error as? ModelError)?.located(in: "\(type(of: layer))", at: path(of: layer)) ?? error)
    }
    if failure != nil { return input }
    return noting(layer) { layer.forward(input, context) }
  }

  /// Replaces a call of a layer with several inputs.
  func call(_ merge: some MergeLayer, _ inputs: [Tensor], _ context: Context) -> Tensor {
    guard let first = inputs.first else {
      return checked { try ProgrammerError.refuse("\(type(of: merge)) was called without inputs") }
    }
    if failure != nil { return first }
    do {
      try merge.prepare(inputShapes: inputs.map { Array($0.shape.dropFirst()) })
    } catch {
      fail((error as? ModelError)?.located(in: "\(type(of: merge))", at: path(of: merge)) ?? error)
    }
    if failure != nil { return first }
    return noting(merge) { merge.forward(inputs, context) }
  }

  /// Runs `body`, whose calls treat the steps of each example as examples of their own.
  func withSteps(_ steps: Int, _ body: () -> Tensor) -> Tensor {
    let outer = examples
    examples *= steps
    defer { examples = outer }
    return body()
  }

  /// Runs the forward pass of a module, and records its output.
  private func noting(_ module: any Module, _ forward: () -> Tensor) -> Tensor {
    let index = calls.count
    calls.append(Call(module: module, depth: open.count))
    open.append(module)
    let output = forward()
    // The layer may return a stand-in that it kept, for example in a global variable.
    do { try output.checkPoison() } catch { refuse(module, "\(error)") }
    if failure != nil { return output }
    open.removeLast()
    let outputShape = Array(output.shape.dropFirst())
    calls[index].outputShape = outputShape
    calls[index].batchExtent = output.shape.first
    calls[index].keepsBatch = output.shape.first == examples
    if SizeLimit.count(outputShape) == nil {
      refuse(module, "an output of shape \(outputShape) has more than \(SizeLimit.tensor) numbers")
    }
    return output
  }

  private func refuse(_ module: any Module, _ reason: String) {
    fail(ModelError.invalidConfiguration(layer: located(module, at: path(of: module)), reason: reason))
  }

  /// Performs the same run, and requires that the outputs keep the batch axis of the inputs.
  /// - Throws: Also `ModelError.invalidConfiguration` for the first layer that loses the batch axis, if the model fails
  ///   or its outputs do not have one row per example.
  func runKeepingBatch(
    inputShapes: [[Int]], dtypes: [DType], of name: String, _ body: ([Tensor]) -> [Tensor]
  ) throws -> [[Int]] {
    let result = Result { try run(inputShapes: inputShapes, dtypes: dtypes, of: name, body) }
    let losing = calls.first { !$0.keepsBatch }
    if case .success(let shapes) = result, outputs.allSatisfy({ $0.shape.first == examples }) { return shapes }
    guard let losing, let shape = losing.outputShape else {
      if case .failure = result { return try result.get() }
      throw lostBatch(in: rootName, outputs.first { $0.shape.first != examples }?.shape ?? [])
    }
    let (module, found) = (losing.module, losing.batchExtent.map { [$0] } ?? [])
    var error = lostBatch(in: located(module, at: path(of: module)), found + shape)
    if case .failure(let failure) = result, case .invalidConfiguration(let layer, let reason) = error {
      error = .invalidConfiguration(layer: layer, reason: "\(reason); then \(failure)")
    }
    throw error
  }

  private func lostBatch(in layer: String, _ shape: [Int]) -> ModelError {
    .invalidConfiguration(
      layer: layer,
      reason:
        "the batch axis is lost: \(examples) examples give an output of shape \(shape); it begins with \(examples)")
  }

  /// Returns `instead` for a layer that cannot continue its forward pass. During shape inference, the model is rejected
  /// with the reason. Otherwise, the program ends with the reason.
  static func refuse(_ module: any Module, _ reason: String, instead: Tensor) -> Tensor {
    guard let trace = LayerThread.current.trace else { ProgrammerError.end("\(type(of: module)): \(reason)") }
    trace.refuse(module, reason)
    return instead
  }

  /// Returns the input with the kind of elements that the layer requires.
  private func typed(_ input: Tensor, for layer: some Layer) throws -> Tensor {
    guard let elements = (layer as? any TypedInputLayer)?.inputElements else { return input }
    let name = "\(type(of: layer))"
    if elements == .any { return input }
    if elements == .floatingPoint {
      if input.dtype.hasFloatingPointArithmetic || input.dtype == LayerThread.current.computeType { return input }
      let expected = input.dtype.isHalf ? "float32 ones; convert with .cast(to: .float32)" : "floating-point ones"
      throw ModelError.inputType(layer: name, expected: expected, found: input.dtype)
    }
    if let embedding = layer as? Embedding { note(embedding, input) }
    if input.dtype.isInteger { return input }
    if knowsElementTypes {
      throw ModelError.inputType(layer: name, expected: "integer ones", found: input.dtype)
    }
    return input.cast(to: .int32)
  }

  /// Records which input of the model an embedding looks up. Parts of an input may have their own ranges.
  private func note(_ embedding: Embedding, _ input: Tensor) {
    if let index = inputs.firstIndex(where: { $0.storage === input.storage && $0.count == input.count }) {
      let layer = located(embedding, at: path(of: embedding))
      tokenRanges.append(TokenRange(layer: layer, input: index, tokens: embedding.tokens))
    } else {
      hasComputedTokens = true
    }
  }

  /// The context for calls of layers.
  var context: Context { isTraining ? Context.training(RandomStream(seed: 0)).repeated() : .inference }

  /// Ends the run with an error. Only the first error is kept.
  func fail(_ error: any Error) {
    if failure == nil { failure = error }
  }

  /// Returns a stand-in for the value of a parameter without a value.
  func value(of parameter: Parameter) -> Tensor {
    if walk.paths[ObjectIdentifier(parameter)] == nil {
      let reason =
        "it uses a layer or a parameter that is not a stored property of the model, such as one made in forward or "
        + "prepare: make it in init, and keep it in a property"
      let user = open.last(where: isKnown).map { located($0, at: path(of: $0)) } ?? rootName
      fail(ModelError.invalidConfiguration(layer: user, reason: reason))
      return .standIn(reason)
    }
    guard let shape = parameter.shape else {
      // Without a shape, the run cannot continue.
      let reason = "the parameter \"\(path(of: parameter))\" has no shape"
      fail(ModelError.invalidConfiguration(layer: place, reason: reason + "; declare it in prepare(inputShape:)"))
      return .standIn(reason)
    }
    return .zeros(shape, dtype: dtype, on: .shapes)
  }

  private func isKnown(_ module: any Module) -> Bool { walk.paths[ObjectIdentifier(module)] != nil }

  /// The innermost module being called.
  var place: String { open.last.map { located($0, at: path(of: $0)) } ?? rootName }

  /// Returns the path of a module or a parameter.
  func path(of object: AnyObject) -> String { walk.paths[ObjectIdentifier(object)] ?? "" }
}

/// The result of shape inference, and the inputs for which it is valid.
struct TracedInputs {
  private var shapes: [[Int]] = []
  private var dtypes: [DType] = []
  private var examples = 0
  /// The output shapes without the batch axis.
  private(set) var outputs: [[Int]] = []
  private(set) var outputDTypes: [DType] = []
  /// The inputs that embeddings look up.
  private(set) var tokenRanges: [TokenRange] = []
  /// Whether an embedding looks up numbers that are computed from the inputs.
  private(set) var hasComputedTokens = false

  /// Creates an empty result, for a model that has not run.
  init() {}

  /// Creates a record of inputs without results.
  init(shapes: [[Int]], dtypes: [DType], examples: Int) {
    (self.shapes, self.dtypes, self.examples) = (shapes, dtypes, examples)
  }

  init(_ trace: ShapeTrace, shapes: [[Int]], dtypes: [DType], examples: Int, outputs: [[Int]]) {
    (self.shapes, self.dtypes, self.examples, self.outputs) = (shapes, dtypes, examples, outputs)
    outputDTypes = trace.outputDTypes
    (tokenRanges, hasComputedTokens) = (trace.tokenRanges, trace.hasComputedTokens)
  }

  /// Returns whether the result is valid for inputs of these shapes and element types, in batches of exactly `examples`
  /// examples.
  func fit(_ inputs: [Tensor], exactly examples: Int) -> Bool {
    examples == self.examples && fit(inputs, examples: examples)
  }

  /// Returns whether the result is valid for inputs of these shapes and element types, in batches of at most as many
  /// examples.
  func fit(_ inputs: [Tensor], examples: Int) -> Bool {
    examples <= self.examples && inputs.count == shapes.count && inputs.count == dtypes.count
      && inputs.indices.allSatisfy { index in
        inputs[index].dtype == dtypes[index] && inputs[index].shape.dropFirst() == shapes[index][...]
      }
  }
}
