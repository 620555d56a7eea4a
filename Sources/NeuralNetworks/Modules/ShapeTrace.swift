/// A run of a module without numbers, in which its layers declare their parameters and their output shapes are noted.
final class ShapeTrace {
  /// A layer, or a merging one, as it was called.
  struct Call {
    let module: any Module
    let depth: Int
    /// Without the batch axis; nil until the call has returned.
    var outputShape: [Int]?
  }

  private(set) var calls: [Call] = []
  /// The element type of parameters that have no value.
  private let dtype: DType
  /// What stands for `anyLength`.
  private let variableExtent: Int
  private let paths: [ObjectIdentifier: String]
  /// The inputs of the model that embeddings look up.
  private(set) var tokenRanges: [TokenRange] = []
  private var inputs: [Tensor] = []
  /// False where the element types of the inputs are assumed.
  private var knowsElementTypes = false
  private var depth = 0
  private var failure: (any Error)?

  init(_ root: any Module, dtype: DType = .float32, variableExtent: Int = 1) {
    self.variableExtent = variableExtent
    let walk = ModuleWalk(root)
    paths = walk.paths
    self.dtype = walk.parameters.lazy.compactMap { $0.parameter.slab?.values.dtype }.first ?? dtype
  }

  /// Runs `body`, in which every layer that is called takes part.
  /// - Throws: what a layer has thrown first, or `body`.
  func run(_ body: () throws -> Void) throws {
    let thread = LayerThread.current
    let outer = (thread.trace, thread.outermost)
    (thread.trace, thread.outermost) = (self, nil)
    defer { (thread.trace, thread.outermost) = outer }
    try withoutGradient { try body() }
    if let failure { throw failure }
  }

  /// Runs a layer on an input of this shape, which has no batch axis; returns the shape of the output.
  @discardableResult
  func run(_ layer: any Layer, inputShape: [Int], dtype: DType? = nil) throws -> [Int] {
    try run(inputShapes: [inputShape], dtypes: dtype.map { [$0] }, of: "\(type(of: layer))") {
      [layer($0[0], .inference)]
    }[0]
  }

  /// The same for any number of inputs and outputs. Inputs have the element type of the parameters where none is given.
  @discardableResult
  func run(
    inputShapes: [[Int]], dtypes: [DType]?, of name: String, _ body: ([Tensor]) -> [Tensor]
  ) throws -> [[Int]] {
    for shape in inputShapes where shape.contains(where: { $0 < 1 && $0 != anyLength }) || shape.count > 7 {
      throw ModelError.invalidConfiguration(
        layer: name, reason: "\(shape) is no input shape: extents are at least 1, or anyLength, and there are at most 7"
      )
    }
    for shape in inputShapes where SizeLimit.count(shape) == nil {
      throw ModelError.invalidConfiguration(
        layer: name, reason: "an example of shape \(shape) has more than \(SizeLimit.tensor) numbers")
    }
    let inputs = inputShapes.enumerated().map { index, shape in
      let extents = [1] + shape.map { $0 == anyLength ? variableExtent : $0 }
      return Tensor.zeros(extents, dtype: dtypes?[index] ?? dtype, on: .shapes)
    }
    self.inputs = inputs
    knowsElementTypes = dtypes != nil
    var outputs: [Tensor] = []
    try run { outputs = body(inputs) }
    return outputs.map { Array($0.shape.dropFirst()) }
  }

  /// Takes the place of a call: the layer declares its parameters, then runs.
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

  /// The same for a layer of several inputs.
  func call(_ merge: some MergeLayer, _ inputs: [Tensor], _ context: Context) -> Tensor {
    guard let first = inputs.first else { fatalError("\(type(of: merge)) was called without inputs") }
    if failure != nil { return first }
    do {
      try merge.prepare(inputShapes: inputs.map { Array($0.shape.dropFirst()) })
    } catch {
      fail((error as? ModelError)?.located(in: "\(type(of: merge))", at: path(of: merge)) ?? error)
    }
    if failure != nil { return first }
    return noting(merge) { merge.forward(inputs, context) }
  }

  /// Runs the forward pass of a module, and notes its output.
  private func noting(_ module: any Module, _ forward: () -> Tensor) -> Tensor {
    let index = calls.count
    calls.append(Call(module: module, depth: depth))
    depth += 1
    let output = forward()
    depth -= 1
    let outputShape = Array(output.shape.dropFirst())
    calls[index].outputShape = outputShape
    if SizeLimit.count(outputShape) == nil {
      refuse(module, "an output of shape \(outputShape) has more than \(SizeLimit.tensor) numbers")
    }
    return output
  }

  private func refuse(_ module: any Module, _ reason: String) {
    let name = "\(type(of: module))"
    fail(ModelError.invalidConfiguration(layer: name, reason: reason).located(in: name, at: path(of: module)))
  }

  /// What a layer returns that finds in its forward pass that it cannot go on: while shapes are inferred the model is refused
  /// with the reason, and `instead` stands for the output; otherwise the program ends with it.
  static func refuse(_ module: any Module, _ reason: String, instead: Tensor) -> Tensor {
    guard let trace = LayerThread.current.trace else { fatalError("\(type(of: module)): \(reason)") }
    trace.refuse(module, reason)
    return instead
  }

  /// The input of a layer with elements of the kind that it takes.
  private func typed(_ input: Tensor, for layer: some Layer) throws -> Tensor {
    guard let elements = (layer as? any TypedInputLayer)?.inputElements else { return input }
    let name = "\(type(of: layer))"
    if elements == .floatingPoint {
      if input.dtype.isFloatingPoint { return input }
      throw ModelError.inputType(layer: name, expected: "floating-point ones", found: input.dtype)
    }
    if let embedding = layer as? Embedding,
      let index = inputs.firstIndex(where: { $0.storage === input.storage })
    {
      let path = path(of: layer)
      let located = path.isEmpty ? name : "\(path) (\(name))"
      tokenRanges.append(TokenRange(layer: located, input: index, tokens: embedding.tokens))
    }
    if input.dtype == .int32 { return input }
    if knowsElementTypes { throw ModelError.inputType(layer: name, expected: "int32 ones", found: input.dtype) }
    return input.cast(to: .int32)
  }

  /// Ends the run with an error; the first one counts.
  func fail(_ error: any Error) {
    if failure == nil { failure = error }
  }

  /// A stand-in for the value of a parameter that has none.
  func value(of parameter: Parameter) -> Tensor {
    if parameter.shape == nil { fail(ModelError.notBuilt(path: path(of: parameter))) }
    return .zeros(parameter.shape ?? [], dtype: dtype, on: .shapes)
  }

  /// The path of a module or a parameter.
  func path(of object: AnyObject) -> String { paths[ObjectIdentifier(object)] ?? "" }
}
