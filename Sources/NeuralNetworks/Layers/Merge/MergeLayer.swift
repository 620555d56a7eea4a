/// A module from several tensors to one: `Concatenate`, `Add`, or one of one's own, in a `Graph` or called.
///
/// ```swift
/// final class Distance: MergeLayer {
///   func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
///     (inputs[0] - inputs[1]).squared().sum(axis: -1, keepingRank: true).squareRoot()
///   }
/// }
/// let distance = Distance()(encoder(left), encoder(right))      // nodes of a graph
/// ```
public protocol MergeLayer: Module {
  /// The output for inputs with the batch axis first.
  func forward(_ inputs: [Tensor], _ context: Context) -> Tensor

  /// Refuses inputs that the layer cannot take. The default takes all.
  /// - Parameter inputShapes: Without the batch axis.
  /// - Throws: `ModelError.invalidConfiguration`.
  func prepare(inputShapes: [[Int]]) throws

  /// True when a recording of `forward` may be replayed for other inputs of the same shapes, as for `Layer`.
  var allowsReplay: Bool { get }
}

extension MergeLayer {
  public func prepare(inputShapes: [[Int]]) throws {}

  public var allowsReplay: Bool { false }

  /// The output for inputs with the batch axis first.
  public func callAsFunction(_ inputs: [Tensor], _ context: Context) -> Tensor {
    if let trace = LayerThread.current.trace { return trace.call(self, inputs, context) }
    return forward(inputs, context)
  }

  /// The output for nodes of a graph.
  public func callAsFunction(_ nodes: Node..., name: String? = nil) -> Node { Node(.merge(self), nodes, name: name) }
}

/// Puts its inputs one after the other along an axis.
public final class Concatenate: MergeLayer {
  /// The axis; the batch is axis 0, and −1 is the last one.
  public let axis: Int

  /// - Parameter axis: Not the batch's, which is axis 0; negative ones count from the end.
  public init(axis: Int = -1) { self.axis = axis }

  public func prepare(inputShapes: [[Int]]) throws {
    guard let first = inputShapes.first else {
      throw ModelError.invalidConfiguration(layer: "Concatenate", reason: "there is nothing to join")
    }
    let position = axis < 0 ? first.count + axis : axis - 1
    guard first.indices.contains(position) else {
      throw ModelError.invalidConfiguration(
        layer: "Concatenate", reason: "axis \(axis) is none of an example of shape \(first) (axis 0 is the batch)")
    }
    for shape in inputShapes {
      let fits = shape.count == first.count && shape.indices.allSatisfy { $0 == position || shape[$0] == first[$0] }
      guard fits else {
        throw ModelError.invalidConfiguration(
          layer: "Concatenate", reason: "the shapes \(first) and \(shape) differ beside axis \(axis)")
      }
    }
  }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    refusal(of: inputs) ?? Tensor.concatenated(inputs, axis: axis)
  }

  public var allowsReplay: Bool { true }
}

/// Adds its inputs, which have one shape.
public final class Add: MergeLayer {
  public init() {}

  public func prepare(inputShapes: [[Int]]) throws { try inputShapes.checkEqual("Add") }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    refusal(of: inputs, whereBool: true) ?? inputs.dropFirst().reduce(inputs[0], +)
  }

  public var allowsReplay: Bool { true }
}

/// Multiplies its inputs element by element; they have one shape.
public final class Multiply: MergeLayer {
  public init() {}

  public func prepare(inputShapes: [[Int]]) throws { try inputShapes.checkEqual("Multiply") }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    refusal(of: inputs, whereBool: true) ?? inputs.dropFirst().reduce(inputs[0], *)
  }

  public var allowsReplay: Bool { true }
}

extension MergeLayer {
  /// What is returned for inputs whose elements are of several types, or bool where those are no numbers.
  fileprivate func refusal(of inputs: [Tensor], whereBool: Bool = false) -> Tensor? {
    let types = inputs.map(\.dtype)
    if let other = types.first(where: { $0 != types[0] }) {
      return ShapeTrace.refuse(self, "the inputs have elements of types \(types[0]) and \(other)", instead: inputs[0])
    }
    guard whereBool, types.first == .bool else { return nil }
    return ShapeTrace.refuse(self, "the inputs have elements of type bool, which are no numbers", instead: inputs[0])
  }
}

extension [[Int]] {
  fileprivate func checkEqual(_ layer: String) throws {
    guard let first else {
      throw ModelError.invalidConfiguration(layer: layer, reason: "there are no inputs")
    }
    for shape in self where shape != first {
      throw ModelError.invalidConfiguration(layer: layer, reason: "the inputs have shapes \(first) and \(shape)")
    }
  }
}
