import HostSystem
import BackendCore

/// Adds a sinusoidal position code to each vector of a sequence: sin(t·10000^(−2i/C)) to element 2i and the cosine to
/// element 2i + 1 (Vaswani et al. 2017). `[N, T, C]` → the same. The layer has no trainable parameters, and sequences
/// can have any length.
public final class PositionalEncoding: Layer {
  /// The dropout applied to the sum during training.
  public let dropout: Dropout

  /// Creates a positional encoding.
  /// - Parameter dropout: The dropout probability of the sum during training.
  public init(dropout: Double = 0) { self.dropout = Dropout(dropout) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard input.rank == 3, input.shape[2] % 2 == 0 else {
      return ShapeTrace.refuse(
        self, "the input has the shape \(input.shape); it is [N, length, width] with an even width", instead: input)
    }
    let (length, width) = (input.shape[1], input.shape[2])
    let frequencies = (0..<width / 2).map { pow(10_000, -2 * Double($0) / Double(width)) }
    let positions = Tensor.range(0..<length, dtype: input.dtype, on: input.device).reshaped([length, 1])
    let angles = positions * Tensor(frequencies, shape: [1, width / 2], dtype: input.dtype, on: input.device)
    let code = Tensor.stacked([angles.sin(), angles.cos()], axis: 2).reshaped([length, width])
    return dropout(input + code, context)
  }

  public var allowsReplay: Bool { true }
}

extension PositionalEncoding: ConfigurableLayer {
  public var configuration: Dropout.Configuration { dropout.configuration }

  public convenience init(configuration: Dropout.Configuration) { self.init(dropout: configuration.probability) }
}
