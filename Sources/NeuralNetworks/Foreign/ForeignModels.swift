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
