/// Self-attention, as a layer: `MultiHeadAttention` of a sequence to itself, `[N, T, C]` → `[N, T, width]`.
public final class SelfAttention: Layer {
  /// The attention module. The paths of its parameters contain the name of this property.
  public let attention: MultiHeadAttention
  /// Whether position i attends only to positions up to i.
  public let isCausal: Bool

  /// Creates a self-attention layer.
  /// - Parameters:
  ///   - heads: The number of heads. Must divide the width.
  ///   - width: The size of the last axis of the result.
  ///   - isCausal: Whether position i attends only to positions up to i.
  ///   - dropout: The dropout probability of attention weights during training.
  public init(heads: Int, width: Int, isCausal: Bool = false, dropout: Double = 0) {
    attention = MultiHeadAttention(heads: heads, width: width, dropout: dropout)
    self.isCausal = isCausal
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    attention(input, key: input, value: input, isCausal: isCausal, context)
  }

  public var allowsReplay: Bool { true }
}

extension SelfAttention: ConfigurableLayer {
  /// The configuration of a `SelfAttention` in a model description. All settings except `heads` and `width` are
  /// optional.
  public struct Configuration: Codable, Sendable {
    /// The number of heads.
    public var heads: Int
    /// The size of the last axis of the result.
    public var width: Int
    /// Whether position i attends only to positions up to i.
    public var isCausal: Bool
    /// The dropout probability of attention weights during training.
    public var dropout: Double

    private enum CodingKeys: String, CodingKey, CaseIterable { case heads, width, isCausal, dropout }

    public init(heads: Int, width: Int, isCausal: Bool = false, dropout: Double = 0) {
      self.heads = heads
      self.width = width
      self.isCausal = isCausal
      self.dropout = dropout
    }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      heads = try container.decode(Int.self, forKey: .heads)
      width = try container.decode(Int.self, forKey: .width)
      isCausal = try container.decodeIfPresent(Bool.self, forKey: .isCausal) ?? false
      dropout = try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0
    }
  }

  public var configuration: Configuration {
    Configuration(heads: attention.heads, width: attention.width, isCausal: isCausal, dropout: attention.dropout)
  }

  public convenience init(configuration: Configuration) {
    self.init(
      heads: configuration.heads, width: configuration.width, isCausal: configuration.isCausal,
      dropout: configuration.dropout)
  }
}
