/// Copies layers with all their contents. A layer that is used in several places is copied once, so shared parameters
/// stay shared.
struct ModuleCopier {
  private let paths: [ObjectIdentifier: String]
  private var copies: [ObjectIdentifier: any Module] = [:]

  /// Returns a copy of a model: its layers, values, statistics, frozen parameters, and device.
  /// - Throws: `ModelError.invalidConfiguration` for a layer that cannot be copied; `DeviceError`.
  static func copy<M: Model>(of model: M) throws -> sending M {
    let walk = ModuleWalk(model)
    var copier = ModuleCopier(paths: walk.paths)
    guard let copy = try copier.copied(model as any Layer) as? M else {
      fatalError("the copy of a model is of its type")
    }
    try copier.transfer(from: walk, to: ModuleWalk(copy))
    // The compiler cannot see that the copy shares nothing mutable with the model. (Layers without stored properties
    // may be shared.)
    nonisolated(unsafe) let separate = copy
    return separate
  }

  private init(paths: [ObjectIdentifier: String]) { self.paths = paths }

  // MARK: Layers

  private mutating func copied(_ layer: any Layer) throws -> any Layer {
    if let known = copies[ObjectIdentifier(layer)] as? any Layer { return known }
    let copy: any Layer =
      switch layer {
      case let model as Sequential: Sequential(try model.layers.map { try copied($0) })
      case let graph as Graph: try copied(graph)
      case let model as Model: Model(try copied(model.network))
      case let layer as any ContainerLayer: try copied(container: layer)
      case let layer as any ConfigurableLayer: ModuleCopier.remade(layer)
      case is Lambda: layer
      default: try itself(layer, "ConfigurableLayer")
      }
    copies[ObjectIdentifier(layer)] = copy
    return copy
  }

  private mutating func copied<L: ContainerLayer>(container: L) throws -> any Layer {
    L(layers: try container.layers.map { try copied($0) }, settings: container.settings)
  }

  private static func remade<L: ConfigurableLayer>(_ layer: L) -> any Layer { L(configuration: layer.configuration) }

  private mutating func copied(_ graph: Graph) throws -> Graph {
    var nodes: [ObjectIdentifier: Node] = [:]
    for node in graph.nodes {
      let parents = node.parents.compactMap { nodes[ObjectIdentifier($0)] }
      nodes[ObjectIdentifier(node)] =
        switch node.source {
        case .input: Node(node.source, [], name: node.name)
        case .layer(let layer): Node(.layer(try copied(layer)), parents, name: node.name)
        case .merge(let merge): Node(.merge(try copied(merge)), parents, name: node.name)
        }
    }
    func named(_ names: [String], _ positions: [Int]) -> [(name: String, node: Node)] {
      zip(names, positions).compactMap { name, position in
        nodes[ObjectIdentifier(graph.nodes[position])].map { (name, $0) }
      }
    }
    return Graph(
      inputs: named(graph.inputNames, graph.inputPositions), outputs: named(graph.outputNames, graph.outputPositions))
  }

  private mutating func copied(_ merge: any MergeLayer) throws -> any MergeLayer {
    if let known = copies[ObjectIdentifier(merge)] as? any MergeLayer { return known }
    let copy: any MergeLayer =
      switch merge {
      case let merge as Concatenate: Concatenate(axis: merge.axis)
      case let merge as Dot: Dot(axes: merge.axes, normalizes: merge.normalizes)
      case let merge as any ElementwiseMerge: type(of: merge).init()
      case let merge as TransformerDecoderBlock: TransformerDecoderBlock(configuration: merge.configuration)
      default: try itself(merge, nil)
      }
    copies[ObjectIdentifier(merge)] = copy
    return copy
  }

  /// Returns a module without stored properties, which two models can share.
  private func itself<M>(_ module: M, _ neededProtocol: String?) throws -> M where M: AnyObject {
    var mirror: Mirror? = Mirror(reflecting: module)
    while let level = mirror {
      guard level.children.isEmpty else {
        throw refusal(
          module, neededProtocol.map { "it cannot be copied, since it does not adopt \($0)" } ?? "it cannot be copied")
      }
      mirror = level.superclassMirror
    }
    return module
  }

  private func refusal(_ module: AnyObject, _ reason: String) -> ModelError {
    let name = "\(type(of: module))"
    return ModelError.invalidConfiguration(layer: name, reason: reason)
      .located(in: name, at: paths[ObjectIdentifier(module)] ?? "")
  }

  // MARK: Values

  /// Assigns the state of the original's parameters to the copy's parameters. Memory is shared until one of them
  /// changes.
  private func transfer(from original: ModuleWalk, to copy: ModuleWalk) throws {
    guard original.parameters.map(\.path) == copy.parameters.map(\.path),
      original.modules.map(\.path) == copy.modules.map(\.path)
    else { throw structureFault(original, copy) }
    let pairs = zip(original.parameters, copy.parameters).map {
      (path: $0.path, parameter: $0.parameter, copy: $1.parameter)
    }
    for pair in pairs { pair.copy.takeSettings(of: pair.parameter) }
    let placed = pairs.filter { $0.parameter.slab != nil }
    for (_, members) in Dictionary(grouping: placed, by: { ObjectIdentifier($0.parameter.slab!) }) {
      guard let slab = members[0].parameter.slab else { continue }
      if members.count == slab.memberCount {
        try slab.values.checkPoison()
        let shared = ParameterSlab(slab.values)
        for member in members { member.copy.place(in: shared, at: member.parameter.offset) }
      } else {
        let (packed, layout) = ParameterSlab.packing(
          members.map { ($0.path, $0.parameter) }, slab.values.dtype, slab.values.device
        ) { $0.currentValue }
        try packed.values.checkPoison()
        for (entry, member) in zip(layout.entries, members) { member.copy.place(in: packed, at: entry.target.offset) }
      }
    }
    for (module, copy) in zip(original.modules, copy.modules) {
      if let module = module.module as? Model { (copy.module as? Model)?.takePlace(of: module) }
    }
  }

  /// Returns the error for a copy with a different structure: a layer created from its configuration may lack parts of
  /// the original.
  private func structureFault(_ original: ModuleWalk, _ copy: ModuleWalk) -> ModelError {
    let (known, found) = (original.parameters.map(\.path), copy.parameters.map(\.path))
    let missing = known.filter { !found.contains($0) }, added = found.filter { !known.contains($0) }
    return .invalidConfiguration(
      layer: "copy()",
      reason: "a layer made from its configuration has other parameters than the original; missing: "
        + "\(missing.joined(separator: ", ")); added: \(added.joined(separator: ", "))")
  }
}
