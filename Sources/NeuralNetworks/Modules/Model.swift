/// What `compile`, `fit`, `evaluate` and `predict` belong to. It is not open: a network of one's own is a `Layer`, trained
/// as `Model(network)`.
///
/// ```swift
/// let model = Model(Classifier())
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy])
/// try model.fit(data, epochs: 2)
/// ```
///
/// The modules below a model stay the same once it is built: their list is kept.
public class Model: Layer {
  /// What `compile` was told.
  package var compiled: Compiled?
  /// The shapes of the inputs without the batch axis, as they were declared or as the first data had them; empty until then.
  package private(set) var inputShapes: [[Int]]
  /// The inputs that embeddings look up, and the element types of the inputs, as a run without numbers has last found them.
  private(set) var tokenRanges: [TokenRange] = []
  private var tracedTypes: [DType] = []
  /// Where the trained parameters were when somebody asked last.
  var placement: Placement?

  private let wrapped: (any Layer)?
  /// True once shapes have been inferred for `inputShapes`.
  private var isTraced = false
  /// The parameters, once the structure is fixed.
  private var kept: Parameters?
  /// Where the parameters are to go as soon as that is possible; nil when they are there.
  private var pendingDevice: Device?
  /// Where a model without parameters is.
  private var emptyDevice: Device?

  /// A model whose network is `network`; parameters have the names that they have there.
  /// - Parameters:
  ///   - network: Any layer.
  ///   - inputShape: The shape of one example, without the batch axis; where it is missing, the first data tell.
  public init(_ network: any Layer, inputShape: [Int]? = nil) {
    wrapped = network
    inputShapes = inputShape.map { [$0] } ?? []
  }

  /// For subclasses, which are their own network.
  init(inputShapes: [[Int]]) {
    wrapped = nil
    self.inputShapes = inputShapes
  }

  /// The layer that the model was made of; the model itself when it is `Sequential`.
  public var network: any Layer { wrapped ?? self }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard let wrapped else { fatalError("a subclass of Model has a forward of its own") }
    return wrapped(input, context)
  }

  /// The outputs for several inputs. A model of one tensor to one tensor takes one.
  public func forward(_ inputs: [Tensor], _ context: Context) -> [Tensor] {
    if inputs.count != 1 { fatalError("the model takes one input, not \(inputs.count)") }
    return [forward(inputs[0], context)]
  }

  public var allowsReplay: Bool {
    children.allSatisfy { ($0.module as? any Layer)?.allowsReplay ?? false }
  }

  /// Where the parameters are, or will be once the model is built.
  public var device: Device {
    pendingDevice ?? parameters.entries.lazy.compactMap { $0.parameter.slab?.values.device }.first ?? emptyDevice
      ?? .cpu
  }

  /// The names of the outputs.
  package var outputNames: [String] { ["output"] }

  /// What the model is called in messages.
  package var displayName: String { "\(type(of: network))" }

  /// What an input is called in messages.
  func inputName(_ index: Int) -> String { displayName }

  /// The element types of the inputs, where the model knows them.
  var inputDTypes: [DType]? { nil }

  /// The modules right below, with the names that begin the paths of their parameters.
  var children: [(name: String, module: any Module)] { wrapped.map { [("", $0)] } ?? [] }

  // MARK: What building keeps

  func knownParameters() -> Parameters {
    if let kept { return kept }
    // A model that knows its input shape knows its parameters, too; a fault is thrown by whoever builds it.
    try? traceIfPossible()
    return kept ?? Parameters(ModuleWalk(self))
  }

  /// Infers shapes if the input shape is known and this has not been done.
  func traceIfPossible() throws {
    guard !isTraced, !inputShapes.isEmpty, LayerThread.current.trace == nil else { return }
    try inferShapes(inputShapes)
  }

  /// Runs the network without numbers on inputs of these shapes, which are the model's from then on.
  @discardableResult
  func inferShapes(_ shapes: [[Int]], dtypes: [DType]? = nil, variableExtent: Int = 1) throws -> ShapeTrace {
    let trace = ShapeTrace(self, variableExtent: variableExtent)
    try trace.run(inputShapes: shapes, dtypes: dtypes ?? inputDTypes, of: displayName) { forward($0, .inference) }
    traced(inputShapes: shapes)
    tokenRanges = trace.tokenRanges
    tracedTypes = dtypes ?? inputDTypes ?? []
    return trace
  }

  /// Notes that shapes have been inferred for these inputs, which become the model's if it has none.
  func traced(inputShapes: [[Int]]) {
    if self.inputShapes.isEmpty { self.inputShapes = inputShapes }
    isTraced = true
    kept = Parameters(ModuleWalk(self))
    placement = nil
  }

  /// Notes that the parameters are on a device.
  func moved(to device: Device) {
    pendingDevice = nil
    emptyDevice = device
    placement = nil
  }

  // MARK: What training asks for

  /// Says where the model is to be. Parameters that cannot be moved now are moved by `becomeReady`, which may throw.
  package func place(on device: Device) {
    let isBuilt = parameters.areBuilt
    pendingDevice = device
    if isBuilt { try? move(to: device) }
  }

  /// True when every parameter has a value.
  package var isBuilt: Bool { isTraced && parameters.areBuilt }

  /// Builds the model for these inputs if it is not built, puts it on its device, and checks the shapes of the inputs.
  /// - Throws: `ModelError` when the inputs do not fit, `DeviceError`.
  package func becomeReady(inputs: [Tensor], seed: UInt64) throws {
    let found = inputs.map { Array($0.shape.dropFirst()) }
    try checkInputs(found)
    if !isTraced {
      try inferShapes(inputShapes.isEmpty ? found : inputShapes, dtypes: inputs.map(\.dtype))
    }
    let device = device
    let parameters = parameters
    if !parameters.areBuilt {
      try drawValues(on: device, seed: seed, dtype: .float32)
    } else if parameters.entries.contains(where: { $0.parameter.slab?.values.device != device }) {
      try move(to: device)
    }
  }

  /// Throws when shapes of inputs are not those of the model, where it has some.
  func checkInputs(_ found: [[Int]]) throws {
    for (index, (found, expected)) in zip(found, inputShapes).enumerated() {
      let fits =
        found.count == expected.count && zip(found, expected).allSatisfy { $0 == $1 || ($1 == anyLength && $0 > 0) }
      if !fits { throw ModelError.inputShape(layer: inputName(index), expected: expected, found: found) }
    }
  }

  /// The shapes of the outputs for these inputs, without the batch axis.
  package func outputShapes(for inputs: [Tensor]) throws -> [[Int]] {
    let trace = ShapeTrace(self)
    let shapes = try trace.run(
      inputShapes: inputs.map { Array($0.shape.dropFirst()) }, dtypes: inputs.map(\.dtype), of: displayName
    ) { forward($0, .inference) }
    tokenRanges = trace.tokenRanges
    tracedTypes = inputs.map(\.dtype)
    return shapes
  }

  /// Throws when inputs have elements that a layer does not take, or tokens that an embedding does not have.
  func checkElements(of inputs: [Tensor]) throws {
    if inputs.map(\.dtype) != tracedTypes { _ = try outputShapes(for: inputs) }
    for range in tokenRanges { try range.check(inputs) }
  }
}
