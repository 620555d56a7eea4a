/// Multi-head attention: queries, keys, and values are projected, each head attends to its part of them, and the
/// results are concatenated and projected again (Vaswani et al. 2017; Keras' `MultiHeadAttention`, and PyTorch's with
/// `batch_first`).
///
/// ```swift
/// let attention = MultiHeadAttention(heads: 4, width: 128)
/// let y = attention(x, key: memory, value: memory, mask: memoryIsWord, context)      // [N, T, 128]
/// ```
///
/// Parameters: `query`, `key`, `value`, and `output`, each a `Dense` layer with a weight of shape `[inputs, width]`.
public final class MultiHeadAttention: Module {
  /// The projections of queries, keys, values, and the concatenated results.
  public let query, key, value, output: Dense
  /// The number of heads.
  public let heads: Int
  /// The size of the last axis of the result. Each head uses width/heads of it.
  public let width: Int
  /// The number of heads of keys and values, each of which serves heads/keyValueHeads neighboring heads of queries.
  public let keyValueHeads: Int
  /// The dropout probability of attention weights during training.
  public let dropout: Double

  /// Creates a multi-head attention module.
  /// - Parameters:
  ///   - heads: The number of heads. Must divide the width.
  ///   - width: The size of the last axis of the result.
  ///   - dropout: The dropout probability of attention weights during training.
  ///   - useBias: Whether the projections have a bias.
  ///   - keyValueHeads: The number of heads of keys and values, which divides the number of heads; as many by default.
  ///     Fewer ones need less memory (grouped-query attention, Ainslie et al. 2023; Keras' `GroupedQueryAttention`).
  public init(heads: Int, width: Int, dropout: Double = 0, useBias: Bool = true, keyValueHeads: Int? = nil) {
    self.heads = heads
    self.width = width
    self.dropout = dropout
    self.keyValueHeads = keyValueHeads ?? heads
    func projection(_ width: Int) -> Dense { Dense(width, useBias: useBias, initializer: .glorotUniform) }
    // Invalid numbers are rejected when the module is called.
    let (share, overflows) = (heads > 0 ? width / heads : 0).multipliedReportingOverflow(by: self.keyValueHeads)
    let shared = overflows ? 0 : share
    (query, key, value, output) = (projection(width), projection(shared), projection(shared), projection(width))
  }

  /// Returns the attention of queries to keys and values.
  /// - Parameters:
  ///   - query: The queries, `[N, T, …]`.
  ///   - key: The keys, `[N, S, …]`.
  ///   - value: The values, `[N, S, …]`.
  ///   - mask: A bool mask: `[N, S]`, true for keys to attend to (words, not padding), or `[N, T, S]` for each query
  ///     separately.
  ///   - isCausal: Whether query i attends only to keys up to i + S − T.
  ///   - context: The context: inference or training.
  /// - Returns: `[N, T, width]`.
  public func callAsFunction(
    _ query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, _ context: Context
  ) -> Tensor {
    outputAndWeights(query, key: key, value: value, mask: mask, isCausal: isCausal, context).output
  }

  /// Returns the attention of queries to keys and values, and the weights of the keys in each head before dropout (Keras'
  /// `return_attention_scores`; PyTorch's `need_weights` and `average_attn_weights=False`). `weights.mean(axis: 1)` is the
  /// average over the heads, which PyTorch returns by default.
  /// - Parameters:
  ///   - query: The queries, `[N, T, …]`.
  ///   - key: The keys, `[N, S, …]`.
  ///   - value: The values, `[N, S, …]`.
  ///   - mask: A bool mask as in a call.
  ///   - isCausal: Whether query i attends only to keys up to i + S − T.
  ///   - context: The context: inference or training.
  /// - Returns: `[N, T, width]` and `[N, heads, T, S]`.
  public func outputAndWeights(
    _ query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, _ context: Context
  ) -> (output: Tensor, weights: Tensor) {
    if let reason = fault(query, key, value, mask) {
      let refused = ShapeTrace.refuse(self, reason, instead: query)
      return (refused, refused)
    }
    let weights = attentionWeights(
      divided(self.query(query, context), heads), key: divided(self.key(key, context), keyValueHeads),
      mask: mask.map(broadcastable), isCausal: isCausal)
    let weighted = applyAttention(
      weights, to: divided(self.value(value, context), keyValueHeads), dropout: dropout, context)
    let joined = weighted.permuted([0, 2, 1, 3]).reshaped(Array(query.shape.prefix(2)) + [width])
    return (output(joined, context), weights)
  }

  /// Splits the last axis among heads: `[N, T, heads·size]` → `[N, heads, T, size]`.
  private func divided(_ x: Tensor, _ heads: Int) -> Tensor {
    x.reshaped(Array(x.shape.prefix(2)) + [heads, width / self.heads]).permuted([0, 2, 1, 3])
  }

  /// Returns the mask with an axis for the heads and an axis for the queries.
  private func broadcastable(_ mask: Tensor) -> Tensor {
    mask.rank == 2 ? mask.expanded(axis: 1).expanded(axis: 1) : mask.expanded(axis: 1)
  }

  private func fault(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?) -> String? {
    guard heads > 0, width > 0, width % heads == 0 else {
      return "\(heads) heads do not divide a width of \(width)"
    }
    guard keyValueHeads > 0, heads % keyValueHeads == 0 else {
      return "\(keyValueHeads) heads of keys and values do not divide \(heads) heads"
    }
    guard width <= SizeLimit.setting else { return "a width of \(width); at most \(SizeLimit.setting) is possible" }
    guard dropout >= 0, dropout <= 1 else { return "a dropout of \(dropout) is not a probability" }
    for (name, tensor) in [("query", query), ("key", key), ("value", value)] where tensor.rank != 3 {
      return "the \(name) has the shape \(tensor.shape); it is a sequence of vectors, [N, length, width]"
    }
    let (n, t, s) = (query.shape[0], query.shape[1], key.shape[1])
    guard key.shape[0] == n, value.shape.prefix(2) == key.shape.prefix(2) else {
      return "query, key and value have shapes \(query.shape), \(key.shape) and \(value.shape), which do not fit"
    }
    guard let mask else { return nil }
    guard mask.dtype == .bool else { return "the mask is \(mask.dtype); it is bool, true where may be looked" }
    let shapes = [[n, s], [1, s], [n, t, s], [1, t, s]]
    return shapes.contains(mask.shape)
      ? nil : "a mask of shape \(mask.shape) does not fit; it is [\(n), \(s)] or [\(n), \(t), \(s)]"
  }
}

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
