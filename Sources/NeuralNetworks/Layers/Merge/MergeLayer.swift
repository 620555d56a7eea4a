/// A module that combines several tensors into one: `Concatenate`, `Add`, or a custom one. Use it in a `Graph` or call
/// it directly.
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
  /// Returns the output for inputs with the batch axis first.
  func forward(_ inputs: [Tensor], _ context: Context) -> Tensor

  /// Rejects inputs that the layer does not support. The default implementation accepts every input.
  /// - Parameter inputShapes: The input shapes without the batch axis.
  /// - Throws: `ModelError.invalidConfiguration`.
  func prepare(inputShapes: [[Int]]) throws

  /// Whether a recording of `forward` can be replayed for other inputs of the same shapes, as for `Layer`.
  var allowsReplay: Bool { get }
}

extension MergeLayer {
  public func prepare(inputShapes: [[Int]]) throws {}

  public var allowsReplay: Bool { false }

  /// Returns the output for inputs with the batch axis first.
  public func callAsFunction(_ inputs: [Tensor], _ context: Context) -> Tensor {
    let thread = LayerThread.current
    let inputs = inputs.map { $0.inPrecision(with: thread) }
    if let trace = thread.trace { return trace.call(self, inputs, context) }
    thread.calls.append(self)
    defer { thread.calls.removeLast() }
    return forward(inputs, context)
  }

  /// Returns the output for nodes of a graph.
  public func callAsFunction(_ nodes: Node..., name: String? = nil) -> Node { Node(.merge(self), nodes, name: name) }
}

/// Concatenates its inputs along an axis.
public final class Concatenate: MergeLayer {
  /// The axis. The batch axis is 0, and −1 is the last axis.
  public let axis: Int

  /// Creates a concatenation along an axis.
  /// - Parameter axis: Any axis except the batch axis 0. Negative values count from the end.
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
          layer: "Concatenate", reason: "the shapes \(first) and \(shape) differ in axes other than \(axis)")
      }
    }
  }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    refusal(of: inputs, ofOneShape: false) ?? Tensor.concatenated(inputs, axis: axis)
  }

  public var allowsReplay: Bool { true }
}

extension MergeLayer {
  /// Rejects inputs that differ in element type, that differ in shape (if `ofOneShape`), or that are not numbers.
  /// Returns a stand-in for the output; nil if the inputs are valid.
  func refusal(of inputs: [Tensor], ofOneShape: Bool) -> Tensor? {
    guard let first = inputs.first else { return ShapeTrace.refuse(self, "there are no inputs", instead: Tensor(0)) }
    if let other = inputs.first(where: { $0.dtype != first.dtype }) {
      return ShapeTrace.refuse(
        self, "the inputs have elements of types \(first.dtype) and \(other.dtype)", instead: first)
    }
    guard ofOneShape else { return nil }
    if let other = inputs.first(where: { $0.shape != first.shape }) {
      return ShapeTrace.refuse(self, "the inputs have the shapes \(first.shape) and \(other.shape)", instead: first)
    }
    guard first.dtype == .bool else { return nil }
    return ShapeTrace.refuse(self, "the inputs have elements of type bool, which are not numbers", instead: first)
  }
}

extension [[Int]] {
  func checkEqual(_ layer: String) throws {
    guard let first else {
      throw ModelError.invalidConfiguration(layer: layer, reason: "there are no inputs")
    }
    for shape in self where shape != first {
      throw ModelError.invalidConfiguration(layer: layer, reason: "the inputs have shapes \(first) and \(shape)")
    }
  }
}
