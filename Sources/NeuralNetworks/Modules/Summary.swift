/// The layers of a model with the shapes of their outputs and the sizes of their parameters: a value that prints as a table.
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
    /// Without the batch axis, `anyLength` for an extent that varies; nil for a module that the network did not call as a
    /// layer.
    public let outputShape: [Int]?
    /// The numbers in parameters that the module owns itself; those of inner layers are in rows of their own.
    public let parameterCount: Int
    /// How deep the call was nested in others.
    public let depth: Int
  }

  /// What the model is called.
  public let name: String
  /// Without the batch axis.
  public let inputShapes: [[Int]]
  /// In the order of the calls; a layer that is called twice stands where it was called first.
  public let rows: [Row]
  /// The numbers in all parameters.
  public let parameterCount: Int
  /// The numbers that training changes.
  public let trainableCount: Int
  /// The numbers in parameters that are called "bias".
  public let biasCount: Int

  /// The numbers in all other parameters.
  public var weightCount: Int { parameterCount - biasCount }
  /// The numbers that training does not change.
  public var frozenCount: Int { parameterCount - trainableCount }
}

extension Model {
  /// The layers with the shapes of their outputs and the sizes of their parameters. No number is computed: the network runs
  /// without any, which also tells a model that was not built yet the shapes of its parameters.
  /// - Parameter inputShape: The shape of one example, without the batch axis; not needed when the model knows it.
  /// - Throws: `ModelError` when the shape is not known, differs from the model's, or a layer refuses it.
  public func summary(inputShape: [Int]? = nil) throws -> Summary {
    if let inputShape, let known = inputShapes.first, inputShape != known {
      throw ModelError.inputShape(layer: displayName, expected: known, found: inputShape)
    }
    let shapes = inputShapes.isEmpty ? inputShape.map { [$0] } ?? [] : inputShapes
    if shapes.isEmpty {
      throw ModelError.invalidConfiguration(
        layer: displayName, reason: "the input shape is not known; say summary(inputShape:)")
    }
    let calls = try tracedCalls(shapes)
    let walk = ModuleWalk(self)
    let entries = walk.parameters
    return Summary(
      name: displayName, inputShapes: shapes, rows: Summary.rows(calls, walk),
      parameterCount: entries.reduce(0) { $0 + $1.parameter.count },
      trainableCount: entries.reduce(0) { $0 + ($1.parameter.isTrainable ? $1.parameter.count : 0) },
      biasCount: entries.reduce(0) { $0 + ($1.path.split(separator: ".").last == "bias" ? $1.parameter.count : 0) })
  }

  /// The calls of layers for inputs of these shapes. Where an extent may vary, two are tried.
  func tracedCalls(_ shapes: [[Int]]) throws -> [ShapeTrace.Call] {
    let trace = try inferShapes(shapes)
    guard shapes.joined().contains(anyLength) else { return trace.calls }
    let other = try inferShapes(shapes, variableExtent: 2)
    guard trace.calls.count == other.calls.count else { return trace.calls }
    return zip(trace.calls, other.calls).map { first, second in
      var call = first
      if let a = first.outputShape, let b = second.outputShape, a.count == b.count {
        call.outputShape = zip(a, b).map { $0 == $1 ? $0 : anyLength }
      }
      return call
    }
  }
}

extension Summary {
  fileprivate static func rows(_ calls: [ShapeTrace.Call], _ walk: ModuleWalk) -> [Row] {
    var rows: [Row] = []
    var seen: Set<ObjectIdentifier> = []
    func owned(_ module: any Module) -> Int {
      walk.parameters.reduce(0) { $0 + ($1.owner == ObjectIdentifier(module) ? $1.parameter.count : 0) }
    }
    // A network that only calls others says nothing by a row of its own.
    let root = calls.first.flatMap { call in
      walk.paths[ObjectIdentifier(call.module)] == "" && calls.count > 1 && owned(call.module) == 0 ? call : nil
    }
    for call in calls.dropFirst(root == nil ? 0 : 1) where seen.insert(ObjectIdentifier(call.module)).inserted {
      rows.append(
        Row(
          name: walk.paths[ObjectIdentifier(call.module)] ?? "", layer: "\(type(of: call.module))",
          outputShape: call.outputShape, parameterCount: owned(call.module),
          depth: call.depth - (root == nil ? 0 : 1)))
    }
    for (path, module) in walk.modules where owned(module) > 0 && !seen.contains(ObjectIdentifier(module)) {
      rows.append(
        Row(name: path, layer: "\(type(of: module))", outputShape: nil, parameterCount: owned(module), depth: 0))
    }
    return rows
  }
}
