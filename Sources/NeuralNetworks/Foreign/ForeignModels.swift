// Models as they are built in Keras. They do not compile; the error message names the replacement.

extension Sequential {
  @available(
    *, unavailable, message: "the layers are lines of a closure, or an array: Sequential { … }, Sequential([ … ])"
  )
  public convenience init() { fatalError("unavailable") }
  @available(
    *, unavailable, message: "the layers are given when the model is made: Sequential { … }, or Sequential(layers)"
  )
  public func add(_ layer: any Layer) { fatalError("unavailable") }
}

extension Concatenate {
  @available(*, unavailable, message: "a merge is called with nodes: Concatenate()(a, b)")
  public convenience init(_ nodes: [Node]) { fatalError("unavailable") }
}

extension MergeLayer {
  @available(*, unavailable, message: "the nodes are no array: Concatenate()(a, b)")
  public func callAsFunction(_ nodes: [Node]) -> Node { fatalError("unavailable") }
}

extension Node {
  @available(*, unavailable, message: "nodes are added by a layer: Add()(a, b)")
  public static func + (a: Node, b: Node) -> Node { fatalError("unavailable") }
  @available(*, unavailable, message: "nodes are multiplied by a layer: Multiply()(a, b)")
  public static func * (a: Node, b: Node) -> Node { fatalError("unavailable") }
  @available(*, unavailable, message: "an activation is a layer: Activation(.relu)(node)")
  public func relu() -> Node { fatalError("unavailable") }
}

extension Graph {
  @available(*, unavailable, message: "inputs and outputs have names: Graph(inputs: [\"x\": x], outputs: [\"y\": y])")
  public convenience init(inputs: [Node], outputs: [Node]) { fatalError("unavailable") }
}

// Properties and methods of models, layers, and parameters in PyTorch and Keras. They do not compile; the error message
// names the replacement.

extension Model {
  @available(
    *, unavailable, message: "write try model.predict(x); in valueAndGradient(at:), model(x, .training(random))"
  )
  public func callAsFunction(_ input: Tensor) -> Tensor { fatalError("unavailable") }
}

extension Module {
  @available(
    *, unavailable, message: "each call says it: model(x, .training(random)); fit and predict know it themselves"
  )
  public func train() { fatalError("unavailable") }
  @available(*, unavailable, message: "each call says it: model(x, .inference); fit and predict know it themselves")
  public func eval() { fatalError("unavailable") }
  @available(*, unavailable, renamed: "move(to:)")
  public func to(_ device: Device) { fatalError("unavailable") }
  @available(*, unavailable, message: "write freeze(statistics: true), unfreeze()")
  public var trainable: Bool {
    get { fatalError("unavailable") }
    set { fatalError("unavailable") }
  }
}

extension Parameter {
  @available(*, unavailable, message: "the shape has no label: Parameter([3], .zeros)")
  public convenience init(shape: [Int]) { fatalError("unavailable") }
  @available(*, unavailable, message: "a parameter has a shape and an initializer: Parameter([3], .zeros)")
  public convenience init(_ value: Tensor) { fatalError("unavailable") }
  @available(*, unavailable, message: "the tensor of a parameter is its value: x * w.value")
  public static func * (a: Tensor, b: Parameter) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the tensor of a parameter is its value: w.value * x")
  public static func * (a: Parameter, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the tensor of a parameter is its value: x + b.value")
  public static func + (a: Tensor, b: Parameter) -> Tensor { fatalError("unavailable") }
}

extension Tensor {
  @available(*, unavailable, message: "the tensor of a parameter is its value: x.matmul(w.value)")
  public func matmul(_ other: Parameter) -> Tensor { fatalError("unavailable") }
}

@available(
  *, unavailable, message: "reading a batch may throw: var batches = …; while let batch = try batches.next() { … }"
)
extension Batches: Sequence {
  public func makeIterator() -> AnyIterator<Batch> { fatalError("unavailable") }
}

@available(
  *, unavailable,
  message:
    "examples are read in batches: var batches = data.batches(of: 32); while let batch = try batches.next() { … }"
)
extension TensorDataset: Sequence {
  public func makeIterator() -> AnyIterator<(Tensor, Tensor)> { fatalError("unavailable") }
}
