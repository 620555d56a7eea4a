/// A model with an arbitrary acyclic structure: several inputs and outputs, branches, and shared layers. It corresponds
/// to Keras' functional model.
///
/// ```swift
/// let image = Node.input([28, 28]), extra = Node.input([4])
/// let merged = Concatenate()(encoder(image), Dense(16)(extra))
/// let graph = Graph(
///   inputs: ["image": image, "extra": extra], outputs: ["kind": Dense(10)(merged), "price": Dense(1)(merged)])
/// graph.compile(
///   optimizer: .adam(), loss: .perOutput(["kind": .crossEntropy(), "price": .meanSquaredError], weights: ["price": 0.1]))
/// ```
///
/// Batches have one tensor per input and one target per output, in the order given here. Parameter paths start with the
/// name given when the layer was applied, or with the position of the layer in the order of computation:
/// `features.0.weight`, `2.bias`.
public final class Graph: Model {
  /// The names of the inputs, in the order of the input tensors.
  public let inputNames: [String]
  private let names: [String]
  /// The nodes, each after its parents.
  let nodes: [Node]
  private let steps: [Step]
  let inputPositions: [Int]
  let outputPositions: [Int]
  private let fault: ModelError?

  /// The computation for one node.
  private struct Step {
    let parents: [Int]
    /// The nodes that are used for the last time in this step.
    var finished: [Int] = []
  }

  /// Creates a graph from its inputs and outputs.
  /// - Parameters:
  ///   - inputs: Every `Node.input` that the outputs depend on, by name.
  ///   - outputs: The outputs of the model, by name.
  public convenience init(inputs: KeyValuePairs<String, Node>, outputs: KeyValuePairs<String, Node>) {
    self.init(inputs: inputs.map { ($0.key, $0.value) }, outputs: outputs.map { ($0.key, $0.value) })
  }

  init(inputs: [(name: String, node: Node)], outputs: [(name: String, node: Node)]) {
    inputNames = inputs.map(\.name)
    names = outputs.map(\.name)
    var order = NodeOrder()
    for (_, node) in inputs { order.visit(node) }
    for (_, node) in outputs { order.visit(node) }
    nodes = order.nodes
    steps = Graph.steps(order, keeping: outputs.map(\.node))
    inputPositions = inputs.map { order.position(of: $0.node) }
    outputPositions = outputs.map { order.position(of: $0.node) }
    fault = Graph.fault(order, inputs, outputs)
    super.init(inputShapes: inputs.map(\.node.inputShape))
  }

  /// Returns an independent copy of the model; see `Model.copy()`.
  public override func copy() throws -> sending Graph { try ModuleCopier.copy(of: self) }

  // MARK: Computing

  public override func forward(_ input: Tensor, _ context: Context) -> Tensor { forward([input], context)[0] }

  public override func forward(_ inputs: [Tensor], _ context: Context) -> [Tensor] {
    if let fault { return refuse(fault, inputs) }
    if inputs.count != inputPositions.count {
      let reason =
        "it takes \(inputPositions.count) inputs (\(inputNames.joined(separator: ", "))), not \(inputs.count)"
      return refuse(.invalidConfiguration(layer: "Graph", reason: reason), inputs)
    }
    var values = [Tensor?](repeating: nil, count: nodes.count)
    for (position, input) in zip(inputPositions, inputs) { values[position] = input }
    for (position, step) in steps.enumerated() {
      let operands = step.parents.compactMap { values[$0] }
      switch nodes[position].source {
      case .input: break
      case .layer(let layer): values[position] = layer(operands[0], context)
      case .merge(let merge): values[position] = merge(operands, context)
      }
      for finished in step.finished { values[finished] = nil }
    }
    return outputPositions.compactMap { values[$0] }
  }

  private func refuse(_ fault: ModelError, _ inputs: [Tensor]) -> [Tensor] {
    guard let trace = LayerThread.current.trace, let first = inputs.first else { ProgrammerError.end("\(fault)") }
    trace.fail(fault)
    return names.map { _ in first }
  }

  /// Initializes all parameters. `fit` does this for a graph that is not built.
  /// - Parameters:
  ///   - device: The device for the parameters.
  ///   - seed: The seed for the initial values.
  /// - Throws: `ModelError` if the graph is invalid or a layer rejects its input; `DeviceError`.
  public func build(on device: Device = .cpu, seed: UInt64 = 0) throws {
    try inferShapes(inputShapes)
    try TrainingTrace.checkBuilding(self, inputShapes: inputShapes, dtypes: inputDTypes) { [self] inputs, context in
      forward(inputs, context)
    }
    try drawValues(on: device, seed: seed, dtype: .float32)
  }

  // MARK: Properties of the model

  public override var allowsReplay: Bool { nodes.allSatisfy(\.allowsReplay) }

  package override var outputNames: [String] { names }

  package override var displayName: String { "Graph" }

  override func inputName(_ index: Int) -> String { "Graph, \"\(inputNames[index])\"" }

  override var children: [(name: String, module: any Module)] {
    nodes.enumerated().compactMap { position, node in
      node.module.map { (node.name ?? "\(position - inputPositions.count)", $0) }
    }
  }

  override var inputDTypes: [DType]? { inputPositions.map { nodes[$0].inputDType } }

  // MARK: Construction

  private static func steps(_ order: NodeOrder, keeping outputs: [Node]) -> [Step] {
    var steps = order.nodes.map { node in Step(parents: node.parents.map { order.position(of: $0) }) }
    var lastUse: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      for parent in step.parents { lastUse[parent] = position }
    }
    for output in outputs { lastUse[order.position(of: output)] = nil }
    for (node, position) in lastUse { steps[position].finished.append(node) }
    return steps
  }

  /// Returns the problem with the description; nil if there is none.
  private static func fault(
    _ order: NodeOrder, _ inputs: [(name: String, node: Node)], _ outputs: [(name: String, node: Node)]
  ) -> ModelError? {
    func fault(_ reason: String) -> ModelError { .invalidConfiguration(layer: "Graph", reason: reason) }
    if inputs.isEmpty || outputs.isEmpty {
      return fault("it has \(inputs.count) inputs and \(outputs.count) outputs; at least 1 of each is needed")
    }
    for list in [inputs.map(\.name), outputs.map(\.name)] {
      var known: Set<String> = []
      if let twice = list.first(where: { !known.insert($0).inserted }) {
        return fault("two inputs or outputs are called \"\(twice)\"")
      }
    }
    for (name, node) in inputs where node.module != nil {
      return fault("\"\(name)\" is not an input, but what a layer makes")
    }
    let known = Set(inputs.map { ObjectIdentifier($0.node) })
    if order.nodes.contains(where: { $0.module == nil && !known.contains(ObjectIdentifier($0)) }) {
      return fault("an output is made from an input that is not among the inputs")
    }
    return nil
  }
}

/// Nodes, each after its parents: inputs first, then in depth-first order.
private struct NodeOrder {
  private(set) var nodes: [Node] = []
  private var positions: [ObjectIdentifier: Int] = [:]

  mutating func visit(_ node: Node) {
    // An explicit stack, because a deep graph could overflow the thread's stack.
    var stack: [(node: Node, next: Int)] = [(node, 0)]
    while let (node, next) = stack.last {
      if positions[ObjectIdentifier(node)] != nil {
        stack.removeLast()
      } else if next < node.parents.count {
        stack[stack.count - 1].next += 1
        stack.append((node.parents[next], 0))
      } else {
        positions[ObjectIdentifier(node)] = nodes.count
        nodes.append(node)
        stack.removeLast()
      }
    }
  }

  func position(of node: Node) -> Int { positions[ObjectIdentifier(node)]! }
}

extension Node {
  /// The declared shape of an input; empty for the output of a layer.
  fileprivate var inputShape: [Int] {
    if case .input(let shape, _) = source { shape } else { [] }
  }

  fileprivate var inputDType: DType {
    if case .input(_, let dtype) = source { dtype } else { .float32 }
  }
}
