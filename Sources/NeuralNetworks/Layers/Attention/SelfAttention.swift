/// Self-attention, as a layer: `MultiHeadAttention` of a sequence to itself, `[N, T, C]` → `[N, T, width]`.
public final class SelfAttention: Layer {
  /// The attention module. The paths of its parameters contain the name of this property.
  public let attention: MultiHeadAttention
  /// Whether position i attends only to positions up to i.
  public var isCausal: Bool { configuration.isCausal }
  /// All settings.
  public let configuration: Configuration

  /// Creates a self-attention layer.
  /// - Parameters:
  ///   - heads: The number of heads. Must divide the width.
  ///   - width: The size of the last axis of the result.
  ///   - isCausal: Whether position i attends only to positions up to i.
  ///   - dropout: The dropout probability of attention weights during training.
  public convenience init(heads: Int, width: Int, isCausal: Bool = false, dropout: Double = 0) {
    self.init(configuration: Configuration(heads: heads, width: width, isCausal: isCausal, dropout: dropout))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    attention = MultiHeadAttention(
      heads: configuration.heads, width: configuration.width, dropout: configuration.dropout)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    attention(input, key: input, value: input, isCausal: isCausal, context)
  }

  public var allowsReplay: Bool { true }
}

extension SelfAttention: ConfigurableLayer {
  /// The configuration of a `SelfAttention` in a model description. All settings except `heads` and `width` are
  /// optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of heads.
    public var heads: Int
    /// The size of the last axis of the result.
    public var width: Int
    /// Whether position i attends only to positions up to i.
    public var isCausal = false
    /// The dropout probability of attention weights during training.
    public var dropout = 0.0

    static var template: Self { Self(heads: 1, width: 1) }
    static let required: Set = ["heads", "width"]
  }
}
