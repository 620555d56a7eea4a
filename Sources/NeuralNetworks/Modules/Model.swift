/// A model with `compile`, `fit`, `evaluate`, and `predict`. This class cannot be subclassed: write a custom network as
/// a `Layer`, and train it as `Model(network)`.
///
/// ```swift
/// let model = Model(Classifier())
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy])
/// try model.fit(data, epochs: 2)
/// ```
///
/// The modules of a model must not change after it is built, because their list is cached.
public class Model: Layer {
  /// The arguments of `compile`.
  package var compiled: TrainingConfiguration?
  /// The element types in which the model computes when it is called, trained, and evaluated. Outputs are float32. A model
  /// within another model follows the outer one.
  public var precision = Precision.float32 {
    didSet { if precision != oldValue { forgetTraces() } }
  }
  /// The shapes of the inputs without the batch axis, as declared or taken from the first data; empty until then.
  package private(set) var inputShapes: [[Int]]
  /// The result of the last shape inference.
  private(set) var traced = TracedInputs()
  /// The kinds of batches most recently checked in training mode.
  private var trained: [TracedInputs] = []
  /// Earlier shape inferences for other inputs, latest first.
  private var tracedBefore: [TracedInputs] = []
  private static let tracedLimit = 32
  /// The last known locations of the trained parameters.
  var placement: Placement?

  private let wrapped: (any Layer)?
  /// True once shapes have been inferred for `inputShapes`.
  private var isTraced = false
  /// The parameters, once the structure is fixed.
  private var kept: Parameters?
  /// The device to which the parameters will be moved as soon as possible; nil if they are already there.
  private var pendingDevice: Device?
  /// The device of a model without parameters.
  private var emptyDevice: Device?

  /// Creates a model from `network`. Its parameters keep their names.
  /// - Parameters:
  ///   - network: Any layer.
  ///   - inputShape: The shape of one example, without the batch axis. If it is nil, it is taken from the first data.
  public init(_ network: any Layer, inputShape: [Int]? = nil) {
    wrapped = network
    inputShapes = inputShape.map { [$0] } ?? []
  }

  /// Creates a model that is itself the network, for subclasses.
  init(inputShapes: [[Int]]) {
    wrapped = nil
    self.inputShapes = inputShapes
  }

  /// The layer passed to the initializer; the model itself if it is a `Sequential`.
  public var network: any Layer { wrapped ?? self }

  /// Returns an independent copy of the model: layers, parameter values, running statistics, frozen parameters, and the
  /// device. Layers that are shared within the model are shared within the copy. Values use no additional memory until
  /// one of the two models changes. You can send the copy to another task, or pass it to a `Predictor`. The copy is not
  /// compiled, because an optimizer belongs to one model.
  ///
  /// A custom layer can be copied if it conforms to `ConfigurableLayer` or has no stored properties.
  /// - Throws: `ModelError.invalidConfiguration`, which names a layer that cannot be copied; `DeviceError`.
  public func copy() throws -> sending Model { try ModuleCopier.copy(of: self) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard let wrapped else { fatalError("a subclass of Model has a forward of its own") }
    return wrapped(input, context)
  }

  /// Returns the outputs for several inputs. A model that maps one tensor to one tensor accepts one input.
  public func forward(_ inputs: [Tensor], _ context: Context) -> [Tensor] {
    checked {
      if inputs.count != 1 { try ProgrammerError.refuse("the model takes one input, not \(inputs.count)") }
      return [forward(inputs[0], context)]
    }
  }

  /// Returns the outputs of a call of the model, so that messages contain the paths of layers within the model.
  func called(with inputs: [Tensor], _ context: Context) -> [Tensor] {
    let thread = LayerThread.current
    thread.calls.append(self)
    defer { thread.calls.removeLast() }
    return passed(inputs, context)
  }

  /// Returns the outputs of `forward` in the precision of the model.
  func passed(_ inputs: [Tensor], _ context: Context) -> [Tensor] {
    let thread = LayerThread.current
    if thread.precision != nil { return forward(inputs, context) }
    return thread.computing(in: precision) { forward(inputs, context) }.map { $0.inPrecision(of: nil) }
  }

  /// Makes the next pass infer shapes and element types again.
  private func forgetTraces() {
    (traced, trained, tracedBefore) = (TracedInputs(), [], [])
  }

  public var allowsReplay: Bool {
    children.allSatisfy { ($0.module as? any Layer)?.allowsReplay ?? false }
  }

  /// The device of the parameters, or their future device if the model is not built.
  public var device: Device {
    pendingDevice ?? parameters.entries.lazy.compactMap { $0.parameter.slab?.values.device }.first ?? emptyDevice
      ?? .cpu
  }

  /// The names of the outputs.
  package var outputNames: [String] { ["output"] }

  /// The name of the model in messages.
  package var displayName: String { "\(type(of: network))" }

  /// The name of an input in messages.
  func inputName(_ index: Int) -> String { displayName }

  /// The element types of the inputs, if the model knows them.
  var inputDTypes: [DType]? { nil }

  /// The direct child modules, with the names that start the paths of their parameters.
  var children: [(name: String, module: any Module)] { wrapped.map { [("", $0)] } ?? [] }

  // MARK: Building

  func knownParameters() -> Parameters {
    if let known = kept {
      // Weights leave the parameters when they are quantized, or read from a file as integers.
      if known.entries.contains(where: { $0.parameter.quantized != nil }) { kept = Parameters(ModuleWalk(self)) }
      return kept ?? known
    }
    // A model that knows its input shape knows its parameters, too. Errors are thrown when it is built.
    try? traceIfPossible()
    return kept ?? Parameters(ModuleWalk(self))
  }

  /// Infers shapes if the input shape is known and this has not been done.
  func traceIfPossible() throws {
    guard !isTraced, !inputShapes.isEmpty, LayerThread.current.trace == nil else { return }
    try inferShapes(inputShapes)
  }

  /// Runs the network without computing numbers on inputs of these shapes. They become the model's input shapes if it
  /// has none.
  @discardableResult
  func inferShapes(_ shapes: [[Int]], dtypes: [DType]? = nil, variableExtent: Int = 1) throws -> ShapeTrace {
    let trace = ShapeTrace(self, variableExtent: variableExtent)
    let outputs = try trace.run(inputShapes: shapes, dtypes: dtypes ?? inputDTypes, of: displayName) { [self] in
      passed($0, .inference)
    }
    trace.walk = traced(inputShapes: shapes)
    traced = TracedInputs(trace, shapes: shapes, dtypes: dtypes ?? inputDTypes ?? [], examples: 1, outputs: outputs)
    tracedBefore = []
    return trace
  }

  /// Records that shapes have been inferred for these inputs. They become the model's input shapes if it has none.
  /// - Returns: The modules and parameters, including those that the network creates when it first runs.
  @discardableResult
  func traced(inputShapes: [[Int]]) -> ModuleWalk {
    if self.inputShapes.isEmpty { self.inputShapes = inputShapes }
    isTraced = true
    let walk = ModuleWalk(self)
    kept = Parameters(walk)
    placement = nil
    return walk
  }

  /// Adopts the information of a model with the same layers about its inputs and its device.
  func takePlace(of other: Model) {
    precision = other.precision
    inputShapes = other.inputShapes
    traced = other.traced
    tracedBefore = []
    isTraced = other.isTraced
    kept = isTraced ? Parameters(ModuleWalk(self)) : nil
    pendingDevice = other.pendingDevice
    emptyDevice = other.emptyDevice
  }

  /// Records that the parameters are on a device.
  func moved(to device: Device) {
    pendingDevice = nil
    emptyDevice = device
    placement = nil
  }

  // MARK: Training

  /// Sets the device of the model. Parameters that cannot be moved now are moved by `becomeReady`, which may throw.
  package func place(on device: Device) {
    let isBuilt = parameters.areBuilt
    pendingDevice = device
    if isBuilt { try? move(to: device) }
  }

  /// Whether every parameter has a value.
  package var isBuilt: Bool { isTraced && parameters.areBuilt }

  /// Builds the model for these inputs if necessary, moves it to its device, and checks the shapes of the inputs.
  /// - Throws: `ModelError` if the inputs do not fit; `DeviceError`.
  package func becomeReady(inputs: [Tensor], seed: UInt64) throws {
    try takeShapes(of: inputs)
    let device = device
    let parameters = parameters
    if !parameters.areBuilt {
      try drawValues(on: device, seed: seed, dtype: .float32)
    } else if pendingDevice != nil || parameters.entries.contains(where: { $0.parameter.slab?.values.device != device })
    {
      try move(to: device)
    }
  }

  /// Checks the shapes of inputs, and infers the shapes of the model if necessary.
  /// - Throws: `ModelError` if the inputs do not fit.
  func takeShapes(of inputs: [Tensor]) throws {
    let found = inputs.map { Array($0.shape.dropFirst()) }
    for (index, (input, expected)) in zip(inputs, inputShapes).enumerated()
    where !DataChecks.fits(found[index], expected) && DataChecks.fits(input.shape, expected) {
      throw ModelError.missingBatchAxis(layer: inputName(index), expected: expected, found: input.shape)
    }
    try checkInputs(found)
    if !isTraced { try inferShapes(inputShapes.isEmpty ? found : inputShapes, dtypes: inputs.map(\.dtype)) }
  }

  /// Throws if the shapes of inputs differ from the model's input shapes, if they are known.
  package func checkInputs(_ found: [[Int]]) throws {
    for (index, (found, expected)) in zip(found, inputShapes).enumerated() {
      let fits =
        found.count == expected.count && zip(found, expected).allSatisfy { $0 == $1 || ($1 == anyLength && $0 > 0) }
      if !fits { throw ModelError.inputShape(layer: inputName(index), expected: expected, found: found) }
    }
  }

  /// Returns the shapes of the outputs for these inputs in a batch of `examples` examples, without the batch axis.
  /// - Throws: `ModelError` if a layer rejects the inputs, or an output has no batch axis.
  package func outputShapes(for inputs: [Tensor], examples: Int = 1) throws -> [[Int]] {
    // Two examples show as much as more would.
    let examples = min(examples, 2)
    if traced.fit(inputs, examples: examples) { return traced.outputs }
    if let index = tracedBefore.firstIndex(where: { $0.fit(inputs, examples: examples) }) {
      swap(&traced, &tracedBefore[index])
      return traced.outputs
    }
    let trace = ShapeTrace(self, examples: examples)
    let (shapes, dtypes) = (inputs.map { Array($0.shape.dropFirst()) }, inputs.map(\.dtype))
    let outputs = try trace.runKeepingBatch(inputShapes: shapes, dtypes: dtypes, of: displayName) { [self] in
      passed($0, .inference)
    }
    tracedBefore = [traced] + tracedBefore.prefix(Model.tracedLimit - 1)
    traced = TracedInputs(trace, shapes: shapes, dtypes: dtypes, examples: examples, outputs: outputs)
    return outputs
  }

  /// Checks that no layer fails or changes its output shape in training mode on batches like this one. Built-in layers
  /// do neither.
  /// - Throws: `ModelError`, which names the layer.
  func checkTraining(on inputs: [Tensor], examples: Int) throws {
    if trained.contains(where: { $0.fit(inputs, exactly: examples) }) { return }
    let expected = try outputShapes(for: inputs, examples: examples)
    let (shapes, dtypes) = (inputs.map { Array($0.shape.dropFirst()) }, inputs.map(\.dtype))
    if TrainingTrace.isNeeded(for: self) {
      try TrainingTrace.check(self, inputShapes: shapes, dtypes: dtypes, examples: examples, outputs: expected)
    }
    trained = trained.suffix(3) + [TracedInputs(shapes: shapes, dtypes: dtypes, examples: examples)]
  }

  /// Returns the shapes of the outputs for inputs of these shapes, all without the batch axis. `anyLength` represents a
  /// size that varies with a size of an input.
  package func outputShapes(forInputShapes shapes: [[Int]]) throws -> [[Int]] {
    try checkInputs(shapes)
    func shapesOfOutputs(_ extent: Int) throws -> [[Int]] {
      try ShapeTrace(self, variableExtent: extent).run(inputShapes: shapes, dtypes: inputDTypes, of: displayName) {
        [self] in
        passed($0, .inference)
      }
    }
    let first = try shapesOfOutputs(1)
    guard shapes.joined().contains(anyLength) else { return first }
    return zip(first, try shapesOfOutputs(2)).map { one, other in
      one.count == other.count ? zip(one, other).map { $0 == $1 ? $0 : anyLength } : one
    }
  }

  /// Throws if a layer does not support the shapes or the element types of the inputs, or if an embedding does not have
  /// one of the tokens that `looks` selects for checking.
  func checkElements(of inputs: [Tensor], examples: Int, where looks: (Tensor) -> Bool = { _ in true }) throws {
    _ = try outputShapes(for: inputs, examples: examples)
    for range in traced.tokenRanges where looks(inputs[range.input]) { try range.check(inputs) }
  }

  /// Whether a recording of the model can be replayed for other inputs. Embeddings check tokens on the CPU; computed
  /// tokens cannot be checked in advance.
  var isReplayable: Bool { isReplayable(computingTokens: traced.hasComputedTokens) }

  /// `isReplayable` for other inputs than the last ones.
  func isReplayable(computingTokens: Bool) -> Bool { allowsReplay && !(computingTokens && device.kind == .cpu) }
}
