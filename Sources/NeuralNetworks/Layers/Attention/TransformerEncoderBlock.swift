/// A block of a Transformer encoder: attention of a sequence to itself and two dense layers, each with a way past it and layer
/// normalization: `[N, T, width]` → the same (Vaswani et al. 2017; PyTorch's `TransformerEncoderLayer`, whose defaults are
/// followed but for the width of the dense layers).
///
/// ```swift
/// Sequential(inputShape: [64, 128]) {
///   PositionalEncoding()
///   for _ in 0..<2 { TransformerEncoderBlock(heads: 4, width: 128) }
/// }
/// ```
public final class TransformerEncoderBlock: Layer {
  /// The self-attention (PyTorch's `self_attn`).
  public let attention: MultiHeadAttention
  /// The normalization at the attention (PyTorch's `norm1`).
  public let attentionNorm: LayerNorm
  /// The dense layer to the hidden width (PyTorch's `linear1`).
  public let expansion: Dense
  /// The dense layer back to the width (PyTorch's `linear2`).
  public let contraction: Dense
  /// The normalization at the dense layers (PyTorch's `norm2`).
  public let denseNorm: LayerNorm
  private let dropout: Dropout
  private let settings: Configuration

  /// - Parameters:
  ///   - heads: How many heads the attention has; divides the width.
  ///   - width: The extent of the last axis of input and output.
  ///   - hidden: The width between the two dense layers; four times the width unless given.
  ///   - activation: What is applied between them.
  ///   - dropout: How likely a number is dropped while training: weights of the attention, between the dense layers, and before
  ///     what is added.
  ///   - normalizesFirst: Normalizes what goes into attention and dense layers, not the sums after them.
  ///   - isCausal: Whether position i looks at the positions up to i alone.
  public convenience init(
    heads: Int, width: Int, hidden: Int? = nil, activation: ActivationFunction = .relu, dropout: Double = 0.1,
    normalizesFirst: Bool = false, isCausal: Bool = false
  ) {
    var settings = Configuration(heads: heads, width: width)
    settings.hidden = hidden ?? Self.usualHidden(width)
    settings.activation = activation
    settings.dropout = dropout
    settings.normalizesFirst = normalizesFirst
    settings.isCausal = isCausal
    self.init(configuration: settings)
  }

  /// An unbounded width is rejected when the layer is prepared.
  private static func usualHidden(_ width: Int) -> Int {
    let (hidden, overflows) = width.multipliedReportingOverflow(by: 4)
    return overflows ? width : hidden
  }

  public init(configuration: Configuration) {
    settings = configuration
    let width = configuration.width
    attention = MultiHeadAttention(heads: configuration.heads, width: width, dropout: configuration.dropout)
    attentionNorm = LayerNorm()
    expansion = Dense(configuration.hidden ?? Self.usualHidden(width), activation: configuration.activation)
    contraction = Dense(width)
    denseNorm = LayerNorm()
    dropout = Dropout(configuration.dropout)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { self(input, mask: nil, context) }

  /// The output for sequences with padding.
  /// - Parameters:
  ///   - input: `[N, T, width]`.
  ///   - mask: A bool mask, `[N, T]`, true for positions to attend to, or `[N, T, T]`.
  ///   - context: The context: training or inference.
  public func callAsFunction(_ input: Tensor, mask: Tensor?, _ context: Context) -> Tensor {
    guard input.shape.last == settings.width else {
      return ShapeTrace.refuse(
        self, "the last axis of the input \(input.shape) is not the width, \(settings.width)", instead: input)
    }
    if settings.normalizesFirst {
      let x = input + attended(attentionNorm(input, context), mask, context)
      return x + transformed(denseNorm(x, context), context)
    }
    let x = attentionNorm(input + attended(input, mask, context), context)
    return denseNorm(x + transformed(x, context), context)
  }

  private func attended(_ x: Tensor, _ mask: Tensor?, _ context: Context) -> Tensor {
    dropout(attention(x, key: x, value: x, mask: mask, isCausal: settings.isCausal, context), context)
  }

  private func transformed(_ x: Tensor, _ context: Context) -> Tensor {
    dropout(contraction(dropout(expansion(x, context), context), context), context)
  }

  public var allowsReplay: Bool { settings.activation.allowsReplay }
}

extension TransformerEncoderBlock: ConfigurableLayer {
  /// The configuration of a block in a model description. All settings except `heads` and `width` are optional.
  public struct Configuration: Codable, Sendable {
    /// The number of heads.
    public var heads: Int
    /// The size of the vector at each position.
    public var width: Int
    /// The width between the two dense layers; 4·width if nil.
    public var hidden: Int?
    /// The activation function between the two dense layers.
    public var activation: ActivationFunction = .relu
    /// The dropout probability during training.
    public var dropout = 0.1
    /// True: the normalization stands before each part, false: behind it.
    public var normalizesFirst = false
    /// Whether a position attends only to itself and earlier ones.
    public var isCausal = false

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case heads, width, hidden, activation, dropout, normalizesFirst, isCausal
    }

    public init(heads: Int, width: Int) {
      self.heads = heads
      self.width = width
    }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        heads: try container.decode(Int.self, forKey: .heads), width: try container.decode(Int.self, forKey: .width))
      hidden = try container.decodeIfPresent(Int.self, forKey: .hidden)
      activation = try container.decodeIfPresent(ActivationFunction.self, forKey: .activation) ?? activation
      dropout = try container.decodeIfPresent(Double.self, forKey: .dropout) ?? dropout
      normalizesFirst = try container.decodeIfPresent(Bool.self, forKey: .normalizesFirst) ?? normalizesFirst
      isCausal = try container.decodeIfPresent(Bool.self, forKey: .isCausal) ?? isCausal
    }
  }

  public var configuration: Configuration { settings }
}
