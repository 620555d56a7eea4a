import BackendCore

/// Returns softmax(q·kᵀ·scale + mask)·v over the last two axes (Vaswani et al. 2017; PyTorch's function of the same
/// name).
///
/// ```swift
/// let y = scaledDotProductAttention(q, key: k, value: v, isCausal: true)      // [N, heads, T, d]
/// ```
/// - Parameters:
///   - query: `[..., heads, T, d]`.
///   - key: `[..., heads, S, d]`. If there are fewer heads of keys and values than of queries, each one serves as many
///     neighboring heads of queries (grouped-query attention, Ainslie et al. 2023; PyTorch's `enable_gqa`). This needs
///     a batch axis: the first of three axes is the batch.
///   - value: `[..., heads, S, e]`.
///   - mask: A mask, broadcast to `[..., T, S]`: bool, true where a query may attend, or numbers that are added to the
///     scaled products, with −∞ where it may not. A query with no keys to attend to gets the mean of the values.
///   - isCausal: Whether query i attends only to keys up to i + S − T, so that the last query sees all keys. (PyTorch
///     lets it attend up to i, counted from the first key. The two agree if T = S.)
///   - scale: The factor for the products; 1/√d by default.
///   - dropout: The dropout probability of the weights during training.
///   - context: The context: training or inference.
/// - Returns: `[..., T, e]`.
public func scaledDotProductAttention(
  _ query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil,
  dropout: Double = 0, _ context: Context = .inference
) -> Tensor {
  checked {
    if query.rank < 2 || key.rank < 2 || value.rank < 2 {
      try ProgrammerError.refuse(
        "scaledDotProductAttention: query, key and value have the shapes \(query.shape), \(key.shape) and \(value.shape), "
          + "expected [..., T, d], [..., S, d] and [..., S, e]")
    }
    if key.rank >= 4 && value.rank >= 4 {
      let heads = (key.shape[key.rank - 3], value.shape[value.rank - 3])
      if heads.0 != heads.1 && heads.0 > 1 && heads.1 > 1 {
        try ProgrammerError.refuse(
          "scaledDotProductAttention: key and value have the shapes \(key.shape) and \(value.shape), expected the same "
            + "number of heads")
      }
    }
    let weights = attentionWeights(query, key: key, mask: mask, isCausal: isCausal, scale: scale)
    return applyAttention(weights, to: value, dropout: dropout, context)
  }
}

/// Returns the weights with which `scaledDotProductAttention` averages the values, softmax(q·kᵀ·scale + mask), before
/// dropout.
///
/// ```swift
/// let weights = attentionWeights(q, key: k)                                    // [N, heads, T, S]
/// ```
/// - Parameters:
///   - query: `[..., heads, T, d]`.
///   - key: `[..., heads, S, d]`; with fewer heads as in `scaledDotProductAttention`.
///   - mask: A mask as in `scaledDotProductAttention`. The weights of a query with no keys to attend to are equal.
///   - isCausal: Whether query i attends only to keys up to i + S − T.
///   - scale: The factor for the products; 1/√d by default.
/// - Returns: `[..., heads, T, S]`; the weights of each query have the sum 1.
public func attentionWeights(
  _ query: Tensor, key: Tensor, mask: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil
) -> Tensor {
  checked {
    if query.rank < 2 || key.rank < 2 {
      try ProgrammerError.refuse(
        "attentionWeights: query and key have the shapes \(query.shape) and \(key.shape), expected [..., T, d] and "
          + "[..., S, d]")
    }
    let key = repeatingHeads(key, for: query)
    let depth = query.shape.last ?? 1
    var scores = (query * (scale ?? 1 / Double(depth).squareRoot())).matmul(key, transposingRight: true)
    var isHidden: Tensor?
    if let mask {
      let isBool = mask.dtype == .bool
      // Numbers that become −∞ in 16 bits hide a key, too.
      let mask = isBool ? mask : mask.cast(to: scores.dtype)
      let hidden = isBool ? .!mask : mask .== -Double.infinity
      if !isBool { scores = scores + mask.replacing(with: 0, where: hidden) }
      isHidden = hidden
    }
    let (queries, keys) = (query.shape[query.rank - 2], key.shape[key.rank - 2])
    if isCausal {
      let isLater = later(queries, keys, on: query.device)
      isHidden = isHidden.map { $0 .| isLater } ?? isLater
    }
    if let isHidden {
      // A row that contains only −∞ would give NaN. If a query attends to no key, all scores are set to 0, so all
      // weights are equal. Without a mask, this happens only if there are more queries than keys.
      let mayBeEmpty = mask != nil || queries > keys
      let hidden = Tensor.full([1], -.infinity, dtype: scores.dtype, on: scores.device)
      scores = scores.replacing(
        with: mayBeEmpty ? hidden.replacing(with: 0, where: isHidden.all(axis: -1, keepingRank: true)) : hidden,
        where: isHidden)
    }
    return scores.softmax()
  }
}

/// Returns the means of the values with these weights, some of which are dropped in training.
func applyAttention(_ weights: Tensor, to value: Tensor, dropout: Double, _ context: Context) -> Tensor {
  let isDropping = context.isTraining && dropout > 0
  let kept = isDropping ? weights.dropout(dropout, context.random.nextSource()) : weights
  return kept.matmul(repeatingHeads(value, for: weights))
}

/// Returns a mask `[T, S]`, true if a key comes after the last key that its query may attend to.
private func later(_ queries: Int, _ keys: Int, on device: Device) -> Tensor {
  let query = Tensor.range(keys - queries..<keys, on: device).reshaped([queries, 1])
  return Tensor.range(0..<keys, on: device).reshaped([1, keys]) .> query
}

/// Returns keys or values `[..., heads, S, d]` with as many heads as the queries or weights have, if that is a multiple.
/// With three axes, the first one is the batch.
private func repeatingHeads(_ x: Tensor, for query: Tensor) -> Tensor {
  guard query.rank >= 4, x.rank >= 4 else { return x }
  let (heads, queryHeads) = (x.shape[x.rank - 3], query.shape[query.rank - 3])
  guard heads > 1, queryHeads > heads, queryHeads % heads == 0 else { return x }
  return x.repeated(queryHeads / heads, axis: -3)
}
