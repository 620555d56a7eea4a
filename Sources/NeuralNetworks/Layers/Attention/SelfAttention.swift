/// `MultiHeadAttention` of a sequence to itself, as a layer: `[N, T, C]` → `[N, T, width]`.
public final class SelfAttention: Layer {
  /// What does the work; its parameters are found under this name.
  public let attention: MultiHeadAttention
  /// Position i looks at the positions up to i alone.
  public let isCausal: Bool

  /// - Parameters:
  ///   - heads: How many heads there are; divides the width.
  ///   - width: The extent of the last axis of the result.
  ///   - isCausal: Whether position i looks at the positions up to i alone.
  ///   - dropout: How likely a weight of the attention is dropped while training.
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
  /// The settings of a `SelfAttention` in a description of a model; all but `heads` and `width` may be left out.
  public struct Configuration: Codable, Sendable {
    /// How many heads look at the sequence.
    public var heads: Int
    /// How many numbers a position has.
    public var width: Int
    /// True where a position sees itself and earlier ones only.
    public var isCausal: Bool
    /// The probability with which a number is dropped in training.
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
