import BackendCore

/// softmax(q·kᵀ·scale + mask)·v over the last two axes (Vaswani et al. 2017; PyTorch's function of this name).
///
/// ```swift
/// let y = scaledDotProductAttention(q, key: k, value: v, isCausal: true)      // [N, heads, T, d]
/// ```
/// - Parameters:
///   - query: `[..., T, d]`.
///   - key: `[..., S, d]`.
///   - value: `[..., S, e]`.
///   - mask: Bool, broadcast to `[..., T, S]`: true where a query may look. A query that may look nowhere gets the mean of
///     the values.
///   - isCausal: Lets query i look at the keys up to i + S − T alone: the last query sees all. (PyTorch lets it look up to i,
///     the first key's place; the two agree where T = S.)
///   - scale: What the products are multiplied by; 1/√d unless given.
///   - dropout: How likely a weight is dropped while training.
///   - context: Says whether this is training.
/// - Returns: `[..., T, e]`.
public func scaledDotProductAttention(
  _ query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil,
  dropout: Double = 0, _ context: Context = .inference
) -> Tensor {
  let depth = query.shape.last ?? 1
  var scores = (query * (scale ?? 1 / Double(depth).squareRoot())).matmul(key, transposingRight: true)
  if let mask { scores = scores.replacing(with: hidden, where: .!mask) }
  if isCausal {
    let (queries, keys) = (query.shape[query.rank - 2], key.shape[key.rank - 2])
    scores = scores.replacing(with: hidden, where: later(queries, keys, on: query.device))
  }
  var weights = scores.softmax()
  if context.isTraining && dropout > 0 { weights = weights.dropout(dropout, context.random.nextSource()) }
  return weights.matmul(value)
}

/// What takes the place of a product that is not looked at: its exponential is 0, and it is finite, so that a row of nothing
/// else has no NaN.
private let hidden = -1e9

/// `[T, S]`, true where a key comes after what its query may see.
private func later(_ queries: Int, _ keys: Int, on device: Device) -> Tensor {
  let query = Tensor.range(keys - queries..<keys, on: device).reshaped([queries, 1])
  return Tensor.range(0..<keys, on: device).reshaped([1, keys]) .> query
}
