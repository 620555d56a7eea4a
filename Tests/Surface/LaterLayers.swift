// Declarations of layers that the package does not have yet, so that programs which name them can be type-checked
// against the rest of the surface. Each goes when the package brings the real one.
import Datasets
import NeuralNetworks

public class Later: Layer {
  public func forward(_ input: Tensor, _ context: Context) -> Tensor { fatalError("declared only") }
}
public final class BatchNorm: Later { public override init() {} }
public final class LayerNorm: Later { public override init() {} }
public final class Embedding: Later { public init(_ tokens: Int, _ width: Int, padding: Int? = nil) {} }
public final class Residual: Later { public init(@LayerBuilder _ layers: () -> [any Layer]) {} }
public final class LSTM: Later {
  public struct State: Sendable { public var hidden, cell: Tensor }
  public init(_ units: Int, returnsSequence: Bool = false) {}
  public func callAsFunction(_ input: Tensor, from state: State?, _ context: Context) -> (output: Tensor, state: State)
  {
    fatalError("declared only")
  }
}
public final class Bidirectional: Later { public init(_ make: () -> LSTM) {} }
public final class MultiHeadAttention: Module {
  public init(heads: Int, width: Int) {}
  public func callAsFunction(
    _ query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, _ context: Context
  ) -> Tensor { fatalError("declared only") }
}
public final class Node: Sendable {
  public static func input(_ shape: [Int]) -> Node { Node() }
}
public final class Concatenate {
  public init() {}
  public func callAsFunction(_ nodes: Node...) -> Node { Node() }
}
extension Layer {
  public func callAsFunction(_ node: Node) -> Node { node }
}
public final class Graph {
  public init(inputs: KeyValuePairs<String, Node>, outputs: KeyValuePairs<String, Node>) {}
  public func compile(optimizer: Optimizer, loss: Loss, metrics: [Metric] = []) {}
  public func predict(_ inputs: [Tensor]) throws -> [Tensor] { inputs }
}
public struct TextDataset: Sendable { public let train, test: TensorDataset }
public enum LabelledText {
  public static func load(tsv: String, vocabulary: Int, length: Int) throws -> TextDataset {
    fatalError("declared only")
  }
}
