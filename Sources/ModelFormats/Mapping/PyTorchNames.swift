import NeuralNetworks

/// The names and layouts of a module's parameters in PyTorch's `state_dict`.
struct PyTorchNames {
  /// The source of the layer names.
  enum Layers: Sendable {
    /// Positions in an `nn.Sequential`.
    case numbered
    /// One name for each layer with parameters.
    case listed([String])
    /// Names in PyTorch by paths of the model.
    case byPath([String: String])
  }

  /// The modules by path. If several modules have the same path, the innermost one is stored.
  private var modules: [String: any Module] = [:]
  /// The names of modules by their paths.
  private var names: [String: String] = [:]
  /// The path of the layer that a module is part of.
  private var layers: [String: String] = [:]
  /// The position of a recurrent layer in its stack.
  private var depths: [String: Int] = [:]
  /// The paths of the modules that directly own parameters, by the paths of the parameters.
  private let owners: [String: String]

  init(of module: some Module, _ naming: Layers) throws {
    let walk = ModuleWalk(module)
    owners = Dictionary(
      walk.parameters.map { ($0.path, walk.paths[$0.owner] ?? "") }, uniquingKeysWith: { first, _ in first })
    let withParameters = Set(walk.parameters.map(\.owner))
    var order: [String] = []
    for (path, module) in walk.modules {
      let parent = PyTorchNames.ancestor(of: path, in: modules)
      if let parent, parent != path, let layer = layers[parent], modules[layer].map(PyTorchNames.isWhole) ?? false {
        layers[path] = layer
      } else if withParameters.contains(ObjectIdentifier(module)) || PyTorchNames.isWhole(module) {
        layers[path] = path
        order.append(path)
      }
      if let parent, parent != path, let inside = modules[parent] {
        let rest = String(path.dropFirst(parent.isEmpty ? 0 : parent.count + 1))
        names[path] = PyTorchNames.joined(names[parent] ?? "", PyTorchNames.name(rest, in: inside))
      } else {
        names[path] = path
      }
      if case .byPath(let given) = naming, let name = given[path] { names[path] = name }
      if case .listed(let list) = naming, layers[path] == path, order.count <= list.count {
        names[path] = list[order.count - 1]
      }
      modules[path] = module
    }
    if case .listed(let list) = naming, list.count != order.count {
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: module))",
        reason: "\(list.count) names for \(order.count) layers with parameters: \(order.joined(separator: ", "))")
    }
    countStacks(order)
  }

  /// Recurrent layers with the same name are layers of one stack.
  private mutating func countStacks(_ order: [String]) {
    var counts: [String: Int] = [:]
    for path in order where modules[path] is any RecurrentLayer || modules[path] is Bidirectional {
      depths[path] = counts[names[path] ?? "", default: 0]
      counts[names[path] ?? "", default: 0] += 1
    }
  }

  /// Sets the name and the layout of the place.
  func apply(to place: inout ParameterPlace) {
    guard let owner = owners[place.path], let module = modules[owner], let name = names[owner] else { return }
    let leaf = String(place.path.dropFirst(owner.isEmpty ? 0 : owner.count + 1))
    var own = leaf
    switch module {
    case is any RecurrentLayer:
      own = recurrentName(leaf, owner)
      if leaf.hasSuffix("Weight") { place.layout.steps.append(.reversed) }
    case is BatchNorm: own = ["runningMean": "running_mean", "runningVariance": "running_var"][leaf] ?? leaf
    case is Dense:
      if leaf == "weight" { place.layout.steps.append(.reversed) }
      if let projection = projection(owner, leaf) { (own, place.layout.part) = projection }
    default: break
    }
    place.name = PyTorchNames.joined(name, own)
  }

  /// `weight_ih_l0`, `bias_hh_l1_reverse` …
  private func recurrentName(_ leaf: String, _ owner: String) -> String {
    let kinds = [
      "inputWeight": "weight_ih", "recurrentWeight": "weight_hh", "inputBias": "bias_ih", "recurrentBias": "bias_hh",
    ]
    guard let kind = kinds[leaf] else { return leaf }
    let layer = layers[owner] ?? owner
    let isReversed = layer != owner && owner.hasSuffix("backwards")
    return "\(kind)_l\(depths[layer] ?? 0)\(isReversed ? "_reverse" : "")"
  }

  /// The projections of attention share one tensor, except for their weights if keys or values have a different width.
  private func projection(_ owner: String, _ leaf: String) -> (
    name: String, part: (index: Int, count: Int, axis: Int)?
  )? {
    let path = owner.split(separator: ".", omittingEmptySubsequences: false)
    guard let kind = path.last, let index = ["query", "key", "value"].firstIndex(of: kind),
      let attention = modules[path.dropLast().joined(separator: ".")] as? MultiHeadAttention,
      attention.keyValueHeads == attention.heads
    else { return nil }
    let inputs = [attention.query, attention.key, attention.value].map { $0.weight.shape?.first }
    if leaf == "weight" && inputs.contains(where: { $0 != nil && $0 != attention.width }) {
      return ("\(kind.prefix(1))_proj_weight", nil)
    }
    return ("in_proj_\(leaf)", (index, 3, 0))
  }

  /// The name of a submodule in PyTorch; empty if its parameters belong to the module itself.
  private static func name(_ part: String, in module: any Module) -> String {
    switch module {
    case let sequential as Sequential: Int(part).map { "\(position(of: $0, in: sequential))" } ?? part
    case is Bidirectional, is SelfAttention: ""
    case is MultiHeadAttention: part == "output" ? "out_proj" : ""
    case is TransformerEncoderBlock: encoderParts[part] ?? part
    case is TransformerDecoderBlock: decoderParts[part] ?? part
    default: part
    }
  }

  private static let encoderParts = [
    "attention": "self_attn", "attentionNorm": "norm1", "expansion": "linear1", "contraction": "linear2",
    "denseNorm": "norm2",
  ]

  private static let decoderParts = [
    "attention": "self_attn", "attentionNorm": "norm1", "memoryAttention": "multihead_attn", "memoryNorm": "norm2",
    "expansion": "linear1", "contraction": "linear2", "denseNorm": "norm3",
  ]

  /// In PyTorch, activations are separate modules.
  private static func position(of index: Int, in sequential: Sequential) -> Int {
    sequential.layers.prefix(index).reduce(0) { count, layer in
      count + ((layer as? any ActivatedLayer)?.activation.isLinear ?? true ? 1 : 2)
    }
  }

  /// Whether several modules here correspond to one module in PyTorch.
  private static func isWhole(_ module: any Module) -> Bool {
    module is Bidirectional || module is SelfAttention || module is MultiHeadAttention
      || module is TransformerEncoderBlock || module is TransformerDecoderBlock
  }

  private static func joined(_ path: String, _ name: String) -> String {
    path.isEmpty || name.isEmpty ? path + name : "\(path).\(name)"
  }

  /// The path of the innermost known module that contains `path`.
  private static func ancestor(of path: String, in modules: [String: any Module]) -> String? {
    var names = path.split(separator: ".", omittingEmptySubsequences: true)
    while true {
      let candidate = names.joined(separator: ".")
      if modules[candidate] != nil { return candidate }
      if names.popLast() == nil { return nil }
    }
  }
}
