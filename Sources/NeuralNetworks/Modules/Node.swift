import BackendCore

/// A symbolic tensor in the description of a `Graph`: an input, or the output of a layer for other nodes.
///
/// ```swift
/// let image = Node.input([28, 28]), extra = Node.input([4])
/// let features = Sequential { Flatten(); Dense(64, activation: .relu) }(image, name: "features")
/// let merged = Concatenate()(features, Dense(16)(extra))
/// ```
///
/// A layer that is applied to several nodes has one set of parameters.
public final class Node {
  /// The source of the tensor.
  enum Source {
    /// Without the batch axis.
    case input(shape: [Int], dtype: DType)
    case layer(any Layer)
    case merge(any MergeLayer)
  }

  let source: Source
  let parents: [Node]
  /// The start of the layer's parameter paths; nil to use its position.
  let name: String?

  init(_ source: Source, _ parents: [Node], name: String?) {
    self.source = source
    self.parents = parents
    self.name = name
  }

  /// Creates an input of a graph.
  /// - Parameters:
  ///   - shape: The shape of one example, without the batch axis, with `anyLength` for sizes that vary.
  ///   - dtype: The element type; int32 for token ids.
  public static func input(_ shape: [Int], dtype: DType = .float32) -> Node {
    Node(.input(shape: shape, dtype: dtype), [], name: nil)
  }

  /// The layer of either kind; nil for an input.
  var module: (any Module)? {
    switch source {
    case .input: nil
    case .layer(let layer): layer
    case .merge(let merge): merge
    }
  }

  var allowsReplay: Bool {
    switch source {
    case .input: true
    case .layer(let layer): layer.allowsReplay
    case .merge(let merge): merge.allowsReplay
    }
  }
}

extension Layer {
  /// Returns the layer's output for a node of a graph.
  /// - Parameters:
  ///   - node: The input.
  ///   - name: The start of the layer's parameter paths in the graph; by default, its position.
  public func callAsFunction(_ node: Node, name: String? = nil) -> Node { Node(.layer(self), [node], name: name) }
}
