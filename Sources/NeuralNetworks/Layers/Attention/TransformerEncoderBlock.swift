/// A Transformer encoder block: self-attention and two dense layers, each with a skip connection and layer
/// normalization, `[N, T, width]` → the same (Vaswani et al. 2017; PyTorch's `TransformerEncoderLayer`). The defaults
/// match PyTorch, except for the width of the dense layers.
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
  /// The layer normalization of the attention (PyTorch's `norm1`).
  public let attentionNorm: LayerNorm
  /// The dense layer to the hidden width (PyTorch's `linear1`).
  public let expansion: Dense
  /// The dense layer back to the width (PyTorch's `linear2`).
  public let contraction: Dense
  /// The layer normalization of the dense layers (PyTorch's `norm2`).
  public let denseNorm: LayerNorm
  /// All settings.
  public let configuration: Configuration
  private let dropout: Dropout

  /// Creates an encoder block.
  /// - Parameters:
  ///   - heads: The number of attention heads. Must divide the width.
  ///   - width: The size of the last axis of the input and the output.
  ///   - hidden: The width between the two dense layers; 4·width by default.
  ///   - activation: The activation function between the two dense layers.
  ///   - dropout: The dropout probability during training. Dropout is applied to attention weights, between the dense
  ///     layers, and to the results before they are added to the skip connection.
  ///   - normalizesFirst: Whether to normalize the inputs of the attention and the dense layers instead of the sums
  ///     after them.
  ///   - isCausal: Whether position i attends only to positions up to i.
  ///   - epsilon: The constant that the layer normalizations add to the variance.
  public convenience init(
    heads: Int, width: Int, hidden: Int? = nil, activation: ActivationFunction = .relu, dropout: Double = 0.1,
    normalizesFirst: Bool = false, isCausal: Bool = false, epsilon: Double = 1e-5
  ) {
    self.init(
      configuration: Configuration(
        heads: heads, width: width, hidden: hidden ?? Self.usualHidden(width), activation: activation, dropout: dropout,
        normalizesFirst: normalizesFirst, isCausal: isCausal, epsilon: epsilon))
  }

  /// Returns 4·width. A width that is too large is rejected when the layer is prepared.
  static func usualHidden(_ width: Int) -> Int {
    let (hidden, overflows) = width.multipliedReportingOverflow(by: 4)
    return overflows ? width : hidden
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    let width = configuration.width
    attention = MultiHeadAttention(heads: configuration.heads, width: width, dropout: configuration.dropout)
    attentionNorm = LayerNorm(epsilon: configuration.epsilon)
    expansion = Dense(configuration.hidden ?? Self.usualHidden(width), activation: configuration.activation)
    contraction = Dense(width)
    denseNorm = LayerNorm(epsilon: configuration.epsilon)
    dropout = Dropout(configuration.dropout)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { self(input, mask: nil, context) }

  /// Returns the output for sequences with padding.
  /// - Parameters:
  ///   - input: `[N, T, width]`.
  ///   - mask: A bool mask, `[N, T]`, true for positions to attend to, or `[N, T, T]`.
  ///   - context: The context: training or inference.
  public func callAsFunction(_ input: Tensor, mask: Tensor?, _ context: Context) -> Tensor {
    let input = input.inPrecision(with: .current)
    guard input.shape.last == configuration.width else {
      return ShapeTrace.refuse(
        self, "the last axis of the input \(input.shape) is not the width, \(configuration.width)", instead: input)
    }
    if configuration.normalizesFirst {
      let x = input + attended(attentionNorm(input, context), mask, context)
      return x + transformed(denseNorm(x, context), context)
    }
    let x = attentionNorm(input + attended(input, mask, context), context)
    return denseNorm(x + transformed(x, context), context)
  }

  private func attended(_ x: Tensor, _ mask: Tensor?, _ context: Context) -> Tensor {
    dropout(attention(x, key: x, value: x, mask: mask, isCausal: configuration.isCausal, context), context)
  }

  private func transformed(_ x: Tensor, _ context: Context) -> Tensor {
    dropout(contraction(dropout(expansion(x, context), context), context), context)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

extension TransformerEncoderBlock: ConfigurableLayer {
  /// The configuration of a block in a model description. All settings except `heads` and `width` are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of heads.
    public var heads: Int
    /// The size of the last axis of the input and the output.
    public var width: Int
    /// The width between the two dense layers; 4·width if nil.
    public var hidden: Int?
    /// The activation function between the two dense layers.
    public var activation: ActivationFunction = .relu
    /// The dropout probability during training.
    public var dropout = 0.1
    /// Whether to normalize the inputs of the attention and the dense layers instead of the sums after them.
    public var normalizesFirst = false
    /// Whether position i attends only to positions up to i.
    public var isCausal = false
    /// The constant that the layer normalizations add to the variance.
    public var epsilon = 1e-5

    static var template: Self { Self(heads: 1, width: 1) }
    static let required: Set = ["heads", "width"]
  }
}
