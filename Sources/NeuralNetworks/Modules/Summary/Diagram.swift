/// A model as boxes and arrows, for drawing.
package struct Diagram {
  /// A box.
  package struct Vertex {
    /// The kind of the box.
    package enum Kind { case input, layer, joining }

    package let kind: Kind
    /// The type of the layer ("Dense"), the name of an input, or "+" and similar for the joins in containers.
    package let title: String
    /// The path of the layer in the model: "encoder.0".
    package let path: String
    /// The layer.
    package let module: (any Module)?
    /// The output shape of the box, without the batch axis; nil if unknown.
    package var outputShape: [Int]?
    /// The number of elements in the parameters of the layer and its inner layers; 0 if the layer is used again.
    package let parameterCount: Int
    /// Whether the layer has appeared before.
    package let isRepeated: Bool
    /// The output name, if it is one of several outputs of the model.
    package var outputName: String?
  }

  /// The boxes. Each one follows those that it depends on.
  package private(set) var vertices: [Vertex] = []
  /// The arrows.
  package private(set) var edges: [(from: Int, to: Int)] = []
  /// The name of the model.
  package let name: String
  /// The number of elements in all parameters.
  package let parameterCount: Int

  private var shapes: [ObjectIdentifier: [[Int]?]]
  private let paths: [ObjectIdentifier: String]
  private var seen: Set<ObjectIdentifier> = []
}

extension Model {
  /// Returns the layers of the model, with its branches. The layers inside custom layers are not shown, because the
  /// connections between them are unknown.
  /// - Parameter inputShape: The shape of one example, without the batch axis. You can omit it if the model knows it.
  /// - Throws: `ModelError` if the shape is not known, differs from the model's, or is rejected by a layer.
  package func diagram(inputShape: [Int]? = nil) throws -> Diagram {
    let summary = try summary(inputShape: inputShape)
    let (calls, walk) = try tracedCalls(summary.inputShapes)
    return Diagram(self, summary, calls, walk)
  }
}

extension Diagram {
  fileprivate init(_ model: Model, _ summary: Summary, _ calls: [ShapeTrace.Call], _ walk: ModuleWalk) {
    name = summary.name
    parameterCount = summary.parameterCount
    shapes = Dictionary(grouping: calls, by: { ObjectIdentifier($0.module) }).mapValues { $0.map(\.outputShape) }
    paths = walk.paths
    let names = (model as? Graph)?.inputNames ?? summary.inputShapes.map { _ in "input" }
    let inputs = zip(names, summary.inputShapes).map { name, shape in
      add(.input, name, nil, shape: shape, parents: [])
    }
    let outputs = add(model, after: inputs)
    guard outputs.count > 1 else { return }
    for (name, output) in zip(model.outputNames, outputs) { vertices[output].outputName = name }
  }

  private mutating func add(
    _ kind: Vertex.Kind, _ title: String, _ module: (any Module)?, shape: [Int]?, parents: [Int]
  ) -> Int {
    let isRepeated = module.map { !seen.insert(ObjectIdentifier($0)).inserted } ?? false
    let parameters = module.map { ModuleWalk($0).parameters.reduce(0) { $0 + $1.parameter.count } } ?? 0
    vertices.append(
      Vertex(
        kind: kind, title: title, path: module.flatMap { paths[ObjectIdentifier($0)] } ?? "", module: module,
        outputShape: shape, parameterCount: isRepeated ? 0 : parameters, isRepeated: isRepeated))
    edges += parents.map { ($0, vertices.count - 1) }
    return vertices.count - 1
  }

  /// Returns the shape of a module's next output. A module that is used twice was called twice.
  private mutating func nextShape(of module: any Module) -> [Int]? {
    guard var known = shapes[ObjectIdentifier(module)], let shape = known.first else { return nil }
    if known.count > 1 { known.removeFirst() }
    shapes[ObjectIdentifier(module)] = known
    return shape
  }

  /// Adds a module, and returns the boxes that produce its outputs.
  private mutating func add(_ module: any Module, after inputs: [Int]) -> [Int] {
    switch module {
    case let graph as Graph: return add(graph, after: inputs)
    case let model as Sequential:
      _ = nextShape(of: model)
      return add(model.layers, after: inputs)
    case let model as Model:
      _ = nextShape(of: model)
      return add(model.network, after: inputs)
    case let residual as Residual:
      let shape = nextShape(of: residual)
      let change = add(residual.layers, after: inputs)
      return [add(.joining, "+", nil, shape: shape, parents: change + inputs)]
    case let parallel as Parallel:
      let shape = nextShape(of: parallel)
      let branches = parallel.layers.flatMap { add($0, after: inputs) }
      let title = parallel.joining == .sum ? "+" : "Concatenate"
      return [add(.joining, title, nil, shape: shape, parents: branches)]
    case let container as Rematerialized:
      _ = nextShape(of: container)
      return add(container.layers, after: inputs)
    default:
      let kind: Vertex.Kind = module is any MergeLayer ? .joining : .layer
      return [add(kind, "\(type(of: module))", module, shape: nextShape(of: module), parents: inputs)]
    }
  }

  private mutating func add(_ layers: [any Layer], after inputs: [Int]) -> [Int] {
    layers.reduce(inputs) { add($1, after: $0) }
  }

  private mutating func add(_ graph: Graph, after inputs: [Int]) -> [Int] {
    _ = nextShape(of: graph)
    var boxes: [Int: [Int]] = [:]
    for (position, input) in zip(graph.inputPositions, inputs) { boxes[position] = [input] }
    let positions = Dictionary(
      graph.nodes.enumerated().map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: { first, _ in first })
    for (position, node) in graph.nodes.enumerated() {
      guard let module = node.module else { continue }
      let parents = node.parents.flatMap { boxes[positions[ObjectIdentifier($0)] ?? -1] ?? [] }
      boxes[position] = add(module, after: parents)
    }
    return graph.outputPositions.flatMap { boxes[$0] ?? [] }
  }
}
