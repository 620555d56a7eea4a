/// A Transformer decoder block: causal self-attention, attention to the output of an encoder, and two dense layers, each
/// with a skip connection and layer normalization (Vaswani et al. 2017; PyTorch's `TransformerDecoderLayer` with a causal
/// mask). The defaults match PyTorch, except for the width of the dense layers.
///
/// It has two inputs, the target `[N, T, width]` and the memory `[N, S, …]`, and is used in a `Graph` or called directly:
/// ```swift
/// let encoded = TransformerEncoderBlock(heads: 4, width: 128)(source)
/// let decoded = TransformerDecoderBlock(heads: 4, width: 128)(target, encoded)
/// ```
public final class TransformerDecoderBlock: MergeLayer {
  /// The self-attention (PyTorch's `self_attn`).
  public let attention: MultiHeadAttention
  /// The layer normalization of the self-attention (PyTorch's `norm1`).
  public let attentionNorm: LayerNorm
  /// The attention to the memory (PyTorch's `multihead_attn`).
  public let memoryAttention: MultiHeadAttention
  /// The layer normalization of the attention to the memory (PyTorch's `norm2`).
  public let memoryNorm: LayerNorm
  /// The dense layer to the hidden width (PyTorch's `linear1`).
  public let expansion: Dense
  /// The dense layer back to the width (PyTorch's `linear2`).
  public let contraction: Dense
  /// The layer normalization of the dense layers (PyTorch's `norm3`).
  public let denseNorm: LayerNorm
  /// All settings.
  public let configuration: Configuration
  private let dropout: Dropout

  /// Creates a decoder block.
  /// - Parameters:
  ///   - heads: The number of attention heads. Must divide the width.
  ///   - width: The size of the last axis of the target and the output.
  ///   - hidden: The width between the two dense layers; 4·width by default.
  ///   - activation: The activation function between the two dense layers.
  ///   - dropout: The dropout probability during training, applied as in a `TransformerEncoderBlock`.
  ///   - normalizesFirst: Whether to normalize the inputs of the attentions and the dense layers instead of the sums
  ///     after them.
  ///   - isCausal: Whether position i of the target attends only to positions up to i.
  ///   - epsilon: The constant that the layer normalizations add to the variance.
  public convenience init(
    heads: Int, width: Int, hidden: Int? = nil, activation: ActivationFunction = .relu, dropout: Double = 0.1,
    normalizesFirst: Bool = false, isCausal: Bool = true, epsilon: Double = 1e-5
  ) {
    self.init(
      configuration: Configuration(
        heads: heads, width: width, hidden: hidden ?? TransformerEncoderBlock.usualHidden(width),
        activation: activation, dropout: dropout, normalizesFirst: normalizesFirst, isCausal: isCausal,
        epsilon: epsilon))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    let (width, dropout) = (configuration.width, configuration.dropout)
    attention = MultiHeadAttention(heads: configuration.heads, width: width, dropout: dropout)
    memoryAttention = MultiHeadAttention(heads: configuration.heads, width: width, dropout: dropout)
    expansion = Dense(
      configuration.hidden ?? TransformerEncoderBlock.usualHidden(width), activation: configuration.activation)
    contraction = Dense(width)
    func norm() -> LayerNorm { LayerNorm(epsilon: configuration.epsilon) }
    (attentionNorm, memoryNorm, denseNorm) = (norm(), norm(), norm())
    self.dropout = Dropout(dropout)
  }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    guard inputs.count == 2 else {
      return ShapeTrace.refuse(
        self, "there are \(inputs.count) inputs; they are the target and the memory", instead: inputs.first ?? Tensor(0)
      )
    }
    return self(inputs[0], memory: inputs[1], context)
  }

  /// Returns the output for sequences with padding.
  /// - Parameters:
  ///   - target: `[N, T, width]`.
  ///   - memory: The output of an encoder, `[N, S, …]`.
  ///   - mask: A mask for the target, `[N, T]` or `[N, T, T]`, as for `MultiHeadAttention`.
  ///   - memoryMask: A mask for the memory, `[N, S]` or `[N, T, S]`.
  ///   - context: The context: training or inference.
  /// - Returns: `[N, T, width]`.
  public func callAsFunction(
    _ target: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil, _ context: Context
  ) -> Tensor {
    let target = target.inPrecision(with: .current)
    guard target.shape.last == configuration.width else {
      return ShapeTrace.refuse(
        self, "the last axis of the target \(target.shape) is not the width, \(configuration.width)", instead: target)
    }
    func attended(_ x: Tensor) -> Tensor {
      dropout(attention(x, key: x, value: x, mask: mask, isCausal: configuration.isCausal, context), context)
    }
    func remembered(_ x: Tensor) -> Tensor {
      dropout(memoryAttention(x, key: memory, value: memory, mask: memoryMask, context), context)
    }
    func transformed(_ x: Tensor) -> Tensor {
      dropout(contraction(dropout(expansion(x, context), context), context), context)
    }
    if configuration.normalizesFirst {
      let x = target + attended(attentionNorm(target, context))
      let y = x + remembered(memoryNorm(x, context))
      return y + transformed(denseNorm(y, context))
    }
    let x = attentionNorm(target + attended(target), context)
    let y = memoryNorm(x + remembered(x), context)
    return denseNorm(y + transformed(y), context)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

extension TransformerDecoderBlock {
  /// The configuration of a block in a model description. All settings except `heads` and `width` are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of heads.
    public var heads: Int
    /// The size of the last axis of the target and the output.
    public var width: Int
    /// The width between the two dense layers; 4·width if nil.
    public var hidden: Int?
    /// The activation function between the two dense layers.
    public var activation: ActivationFunction = .relu
    /// The dropout probability during training.
    public var dropout = 0.1
    /// Whether to normalize the inputs of the attentions and the dense layers instead of the sums after them.
    public var normalizesFirst = false
    /// Whether position i of the target attends only to positions up to i.
    public var isCausal = true
    /// The constant that the layer normalizations add to the variance.
    public var epsilon = 1e-5

    static var template: Self { Self(heads: 1, width: 1) }
    static let required: Set = ["heads", "width"]
  }
}
