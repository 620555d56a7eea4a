/// The layers of a model with their output shapes and parameter counts. The value prints as a table.
///
/// ```swift
/// print(try model.summary())
/// ```
public struct Summary: Sendable, Hashable {
  /// A layer, or another module that owns parameters.
  public struct Row: Sendable, Hashable {
    /// The path: "0", "encoder.dense".
    public let name: String
    /// The type: "Dense".
    public let layer: String
    /// The activation function of the layer: "relu"; nil if there is none.
    public let activation: String?
    /// The output shape without the batch axis, with `anyLength` for sizes that vary; nil for a module that the network
    /// did not call as a layer.
    public let outputShape: [Int]?
    /// The number of elements in parameters that the module itself owns. Inner layers have their own rows.
    public let parameterCount: Int
    /// The nesting depth of the call.
    public let depth: Int
    /// In a `Graph`: the inputs and layers that each use of this layer depends on; empty otherwise.
    public let connections: [String]
  }

  /// The name of the model.
  public let name: String
  /// Without the batch axis.
  public let inputShapes: [[Int]]
  /// The rows in the order of the calls. A layer that is called twice appears at its first call.
  public let rows: [Row]
  /// The number of elements in all parameters.
  public let parameterCount: Int
  /// The number of elements that training changes.
  public let trainableCount: Int
  /// The number of elements in parameters named "bias".
  public let biasCount: Int

  /// The number of elements in all other parameters.
  public var weightCount: Int { parameterCount - biasCount }
  /// The number of elements that training does not change.
  public var frozenCount: Int { parameterCount - trainableCount }
}

extension Model {
  /// Returns the layers with their output shapes and parameter counts. The network runs without computing numbers. For
  /// a model that is not built yet, this also determines the shapes of its parameters.
  /// - Parameter inputShape: The shape of one example, without the batch axis. You can omit it if the model knows it.
  /// - Throws: `ModelError` if the shape is not known, differs from the model's, or is rejected by a layer.
  public func summary(inputShape: [Int]? = nil) throws -> Summary {
    if let inputShape, let known = inputShapes.first, inputShape != known {
      throw ModelError.inputShape(layer: displayName, expected: known, found: inputShape)
    }
    let shapes = inputShapes.isEmpty ? inputShape.map { [$0] } ?? [] : inputShapes
    if shapes.isEmpty {
      throw ModelError.invalidConfiguration(
        layer: displayName, reason: "the input shape is not known; say summary(inputShape:)")
    }
    let (calls, walk) = try tracedCalls(shapes)
    let entries = walk.parameters
    return Summary(
      name: displayName, inputShapes: shapes, rows: Summary.rows(calls, walk),
      parameterCount: entries.reduce(0) { $0 + $1.parameter.count },
      trainableCount: entries.reduce(0) { $0 + ($1.parameter.isTrainable ? $1.parameter.count : 0) },
      biasCount: entries.reduce(0) { $0 + ($1.path.split(separator: ".").last == "bias" ? $1.parameter.count : 0) })
  }

  /// Returns the calls of layers for inputs of these shapes, and the modules. If a size may vary, two sizes are tried.
  func tracedCalls(_ shapes: [[Int]]) throws -> (calls: [ShapeTrace.Call], walk: ModuleWalk) {
    let trace = try inferShapes(shapes)
    guard shapes.joined().contains(anyLength) else { return (trace.calls, trace.walk) }
    let other = try inferShapes(shapes, variableExtent: 2)
    guard trace.calls.count == other.calls.count else { return (trace.calls, trace.walk) }
    let calls = zip(trace.calls, other.calls).map { first, second in
      var call = first
      if let a = first.outputShape, let b = second.outputShape, a.count == b.count {
        call.outputShape = zip(a, b).map { $0 == $1 ? $0 : anyLength }
      }
      return call
    }
    return (calls, other.walk)
  }
}

extension Summary {
  fileprivate static func rows(_ calls: [ShapeTrace.Call], _ walk: ModuleWalk) -> [Row] {
    let owned = walk.parameters.reduce(into: [:]) { $0[$1.owner, default: 0] += $1.parameter.count }
    let connections = connections(walk)
    func row(_ name: String, _ module: any Module, outputShape: [Int]?, depth: Int) -> Row {
      let identity = ObjectIdentifier(module)
      return Row(
        name: name, layer: "\(type(of: module))", activation: activation(of: module), outputShape: outputShape,
        parameterCount: owned[identity] ?? 0, depth: depth, connections: connections[identity] ?? [])
    }
    var rows: [Row] = []
    var seen: Set<ObjectIdentifier> = []
    // A network that only calls others does not need its own row.
    let root = calls.first.flatMap { call in
      let identity = ObjectIdentifier(call.module)
      return walk.paths[identity] == "" && calls.count > 1 && owned[identity] == nil ? call : nil
    }
    for call in calls.dropFirst(root == nil ? 0 : 1) where seen.insert(ObjectIdentifier(call.module)).inserted {
      rows.append(
        row(
          walk.paths[ObjectIdentifier(call.module)] ?? "", call.module, outputShape: call.outputShape,
          depth: call.depth - (root == nil ? 0 : 1)))
    }
    for (path, module) in walk.modules
    where owned[ObjectIdentifier(module)] != nil && !seen.contains(ObjectIdentifier(module)) {
      rows.append(row(path, module, outputShape: nil, depth: 0))
    }
    return rows
  }

  /// Returns the name of a layer's activation function; nil if there is none.
  private static func activation(of module: any Module) -> String? {
    let function = (module as? any ActivatedLayer)?.activation ?? (module as? Activation)?.function
    return function.flatMap { $0.isLinear ? nil : $0.name }
  }

  /// Returns the inputs of the layers in graphs, for each use.
  private static func connections(_ walk: ModuleWalk) -> [ObjectIdentifier: [String]] {
    var connections: [ObjectIdentifier: [String]] = [:]
    for case (_, let graph as Graph) in walk.modules {
      let inputs = Dictionary(
        zip(graph.inputPositions.map { ObjectIdentifier(graph.nodes[$0]) }, graph.inputNames),
        uniquingKeysWith: { first, _ in first })
      for node in graph.nodes {
        guard let module = node.module else { continue }
        connections[ObjectIdentifier(module), default: []] += node.parents.map { parent in
          inputs[ObjectIdentifier(parent)] ?? parent.module.flatMap { walk.paths[ObjectIdentifier($0)] } ?? "?"
        }
      }
    }
    return connections
  }
}
