/// The nodes, layers, and settings of a `Graph`, without parameter values. It can be written to a file and used to
/// create the graph again.
///
/// With a JSON encoder, two inputs that are joined:
/// ```json
/// {"inputs": [{"name": "image", "shape": [28, 28]}, {"name": "extra", "shape": [4]}],
///  "layers": [{"layer": "Flatten"}, {"layer": "Concatenate"}, {"layer": "Dense", "units": 10}],
///  "nodes": [{"layer": 0, "of": [0]}, {"layer": 1, "of": [2, 1]}, {"layer": 2, "of": [3]}],
///  "outputs": [{"name": "kind", "node": 4}]}
/// ```
/// Nodes are numbered from 0, with the inputs first. Each node depends only on earlier ones. If several nodes refer to
/// the same layer, they share one set of parameters. Custom layers are supported as in `Architecture`. Custom merging
/// layers are not supported.
public struct GraphArchitecture: Sendable {
  struct Input: Sendable {
    let name: String
    let shape: [Int]
    let isTokens: Bool
  }
  struct Application: Codable, Sendable {
    let layer: Int
    let of: [Int]
    let name: String?
  }
  struct Output: Codable, Sendable {
    let name: String
    let node: Int
  }

  let inputs: [Input]
  let layers: [PartDescription]
  let nodes: [Application]
  let outputs: [Output]

  /// Creates a description of a graph.
  /// - Throws: `ModelError.invalidConfiguration` for a layer that is neither built-in nor a `ConfigurableLayer`, or for
  ///   a custom merging layer.
  public init(of graph: Graph) throws {
    var layers: [PartDescription] = []
    var known: [ObjectIdentifier: Int] = [:]
    var positions: [ObjectIdentifier: Int] = [:]
    let inputs = graph.inputPositions.map { graph.nodes[$0] }
    let made = graph.nodes.filter { $0.module != nil }
    for (position, node) in (inputs + made).enumerated() { positions[ObjectIdentifier(node)] = position }
    self.inputs = zip(graph.inputNames, inputs).map { Input($0, $1) }
    nodes = try made.map { node in
      let layer = try GraphArchitecture.position(of: node, in: &layers, &known)
      return Application(layer: layer, of: node.parents.compactMap { positions[ObjectIdentifier($0)] }, name: node.name)
    }
    outputs = zip(graph.outputNames, graph.outputPositions).compactMap { name, position in
      positions[ObjectIdentifier(graph.nodes[position])].map { Output(name: name, node: $0) }
    }
    self.layers = layers
  }

  private static func position(
    of node: Node, in layers: inout [PartDescription], _ known: inout [ObjectIdentifier: Int]
  ) throws -> Int {
    guard let module = node.module else { fatalError("an input has no layer") }
    if let position = known[ObjectIdentifier(module)] { return position }
    layers.append(try PartDescription(of: node))
    known[ObjectIdentifier(module)] = layers.count - 1
    return layers.count - 1
  }
}

extension Graph {
  /// Creates a graph with the described layers. Its parameters have no values yet.
  public convenience init(architecture: GraphArchitecture) {
    let modules = architecture.layers.map { $0.makeModule() }
    var nodes = architecture.inputs.map { Node.input($0.shape, dtype: $0.isTokens ? .int32 : .float32) }
    for node in architecture.nodes {
      nodes.append(modules[node.layer].applied(to: node.of.map { nodes[$0] }, node.name))
    }
    self.init(
      inputs: zip(architecture.inputs, nodes).map { ($0.name, $1) },
      outputs: architecture.outputs.map { ($0.name, nodes[$0.node]) })
  }
}

extension GraphArchitecture.Input: Codable {
  private enum Key: String, CodingKey, CaseIterable { case name, shape, type }

  fileprivate init(_ name: String, _ node: Node) {
    self.name = name
    guard case .input(let shape, let dtype) = node.source else { fatalError("\"\(name)\" is not an input") }
    (self.shape, isTokens) = (shape, dtype == .int32)
  }

  init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(Key.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    shape = try container.decode([Int].self, forKey: .shape)
    switch try container.decodeIfPresent(String.self, forKey: .type) ?? "float32" {
    case "float32": isTokens = false
    case "int32": isTokens = true
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "\"\(other)\" is neither float32 nor int32")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(shape, forKey: .shape)
    if isTokens { try container.encode("int32", forKey: .type) }
  }
}

extension GraphArchitecture: Codable {
  private enum Key: String, CodingKey, CaseIterable { case inputs, layers, nodes, outputs }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(Key.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: Key.self)
    inputs = try container.decode([Input].self, forKey: .inputs)
    layers = try container.decode([PartDescription].self, forKey: .layers)
    nodes = try container.decode([Application].self, forKey: .nodes)
    outputs = try container.decode([Output].self, forKey: .outputs)
    guard nodes.count <= GraphArchitecture.largest else {
      throw DecodingError.dataCorruptedError(
        forKey: .nodes, in: container,
        debugDescription: "there are \(nodes.count) nodes, and at most \(GraphArchitecture.largest) are taken")
    }
    for (index, node) in nodes.enumerated() {
      if let reason = fault(of: node, at: inputs.count + index) {
        throw DecodingError.dataCorruptedError(
          forKey: .nodes, in: container, debugDescription: "node \(inputs.count + index): \(reason)")
      }
    }
    for output in outputs where !(0..<inputs.count + nodes.count).contains(output.node) {
      throw DecodingError.dataCorruptedError(
        forKey: .outputs, in: container, debugDescription: "there is no node \(output.node)")
    }
  }

  /// The largest number of nodes. Each node holds its parents, so a chain of nodes is freed recursively on the stack.
  private static let largest = 10_000

  /// Returns the problem with a node; nil if there is none.
  private func fault(of node: Application, at position: Int) -> String? {
    guard layers.indices.contains(node.layer) else { return "there is no layer \(node.layer)" }
    if node.of.isEmpty { return "it is made of nothing" }
    if let missing = node.of.first(where: { !(0..<position).contains($0) }) {
      return "node \(missing) is not before it"
    }
    guard case .layer = layers[node.layer], node.of.count != 1 else { return nil }
    return "layer \(node.layer) takes one input, not \(node.of.count)"
  }
}

/// One layer of a graph, with one input or with several.
enum PartDescription: Sendable {
  case layer(LayerDescription)
  case concatenate(axis: Int)
  case dot(axes: [Int], normalizes: Bool)
  case elementwise(any ElementwiseMerge.Type)
  case decoder(TransformerDecoderBlock.Configuration)

  init(of node: Node) throws {
    switch node.source {
    case .input: fatalError("an input has no layer")
    case .layer(let layer): self = .layer(try LayerDescription(of: layer))
    case .merge(let merge as Concatenate): self = .concatenate(axis: merge.axis)
    case .merge(let merge as Dot): self = .dot(axes: merge.axes, normalizes: merge.normalizes)
    case .merge(let merge as any ElementwiseMerge): self = .elementwise(type(of: merge))
    case .merge(let merge as TransformerDecoderBlock): self = .decoder(merge.configuration)
    case .merge(let merge):
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: merge))",
        reason: "a merging layer that can be described is one of \(PartDescription.names.joined(separator: ", "))")
    }
  }

  /// The names of the merging layers.
  private static var names: [String] {
    ["\(Concatenate.self)", "\(Dot.self)", "\(TransformerDecoderBlock.self)"] + elementwiseMerges.map { "\($0)" }
  }

  /// A layer, or a merging layer.
  enum Part {
    case layer(any Layer)
    case merge(any MergeLayer)

    func applied(to nodes: [Node], _ name: String?) -> Node {
      switch self {
      case .layer(let layer): Node(.layer(layer), nodes, name: name)
      case .merge(let merge): Node(.merge(merge), nodes, name: name)
      }
    }
  }

  func makeModule() -> Part {
    switch self {
    case .layer(let description): .layer(description.makeLayer())
    case .concatenate(let axis): .merge(Concatenate(axis: axis))
    case .dot(let axes, let normalizes): .merge(Dot(axes: axes, normalizes: normalizes))
    case .elementwise(let type): .merge(type.init())
    case .decoder(let configuration): .merge(TransformerDecoderBlock(configuration: configuration))
    }
  }
}

extension PartDescription: Codable {
  private enum Key: String, CodingKey { case layer, axis, axes, normalizes }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .layer)
    if let type = elementwiseMerges.first(where: { "\($0)" == name }) {
      try decoder.refuseUnknownKeys(["layer"])
      self = .elementwise(type)
      return
    }
    switch name {
    case "\(Concatenate.self)":
      try decoder.refuseUnknownKeys(["layer", "axis"])
      self = .concatenate(axis: try container.decodeIfPresent(Int.self, forKey: .axis) ?? -1)
    case "\(Dot.self)":
      try decoder.refuseUnknownKeys(["layer", "axes", "normalizes"])
      self = .dot(
        axes: try container.decodeIfPresent([Int].self, forKey: .axes) ?? [-1, -1],
        normalizes: try container.decodeIfPresent(Bool.self, forKey: .normalizes) ?? false)
    case "\(TransformerDecoderBlock.self)": self = .decoder(try .decoded(from: decoder))
    default: self = .layer(try LayerDescription(from: decoder))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .layer(let description): try description.encode(to: encoder)
    case .concatenate(let axis):
      try container.encode("\(Concatenate.self)", forKey: .layer)
      if axis != -1 { try container.encode(axis, forKey: .axis) }
    case .dot(let axes, let normalizes):
      try container.encode("\(Dot.self)", forKey: .layer)
      try container.encode(axes, forKey: .axes)
      try container.encode(normalizes, forKey: .normalizes)
    case .elementwise(let type): try container.encode("\(type)", forKey: .layer)
    case .decoder(let configuration):
      try container.encode("\(TransformerDecoderBlock.self)", forKey: .layer)
      try configuration.encode(to: encoder)
    }
  }
}
