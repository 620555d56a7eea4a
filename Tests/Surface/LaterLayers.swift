// Declarations of layers that the package does not have yet, so that programs which name them can be type-checked
// against the rest of the surface. Each goes when the package brings the real one.
import Datasets
import NeuralNetworks

public class Later: Layer {
  public func forward(_ input: Tensor, _ context: Context) -> Tensor { fatalError("declared only") }
}
public final class Embedding: Later { public init(_ tokens: Int, _ width: Int, padding: Int? = nil) {} }
public final class LSTM: Later {
  public struct State: Sendable { public var hidden, cell: Tensor }
  public init(_ units: Int, returnsSequence: Bool = false) {}
  public func callAsFunction(_ input: Tensor, from state: State?, _ context: Context) -> (output: Tensor, state: State)
  {
    fatalError("declared only")
  }
}
public final class Bidirectional: Later { public init(_ make: () -> LSTM) {} }
public struct TextDataset: Sendable { public let train, test: TensorDataset }
public enum LabelledText {
  public static func load(tsv: String, vocabulary: Int, length: Int) throws -> TextDataset {
    fatalError("declared only")
  }
}
