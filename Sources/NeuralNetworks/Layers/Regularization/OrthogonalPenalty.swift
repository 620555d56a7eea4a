/// A penalty on rows or columns of a matrix that are not orthogonal: factor times the mean of |cos α| over all pairs, where
/// α is the angle between two of them (Keras' `OrthogonalRegularizer`).
///
/// A weight with more than two axes is a matrix with `shape[0]` rows, such as one for each filter of a convolution. A
/// vector of zeros is orthogonal to all others, and fewer than two vectors have the penalty 0.
public struct OrthogonalPenalty: Sendable, Hashable, Codable {
  /// The vectors of a matrix that should be orthogonal.
  public enum Vectors: String, Sendable, Hashable, Codable { case rows, columns }

  /// The factor of the mean.
  public let factor: Double
  /// The vectors that should be orthogonal.
  public let vectors: Vectors

  private enum CodingKeys: String, CodingKey, CaseIterable { case factor, vectors }

  init(factor: Double, vectors: Vectors) {
    self.factor = factor
    self.vectors = vectors
  }

  /// Decodes a penalty. If `vectors` is omitted, it is `rows`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    factor = try container.decode(Double.self, forKey: .factor)
    vectors = try container.decodeIfPresent(Vectors.self, forKey: .vectors) ?? .rows
  }

  /// Returns the penalty of a tensor, as a scalar.
  func callAsFunction(_ weight: Tensor) -> Tensor {
    let rows = weight.rank < 2 ? 1 : weight.shape[0]
    let matrix = weight.reshaped([rows, weight.count / max(rows, 1)])
    let vectors = vectors == .rows ? matrix : matrix.transposed()
    let count = Double(vectors.shape[0])
    if count < 2 { return .zeros([], dtype: weight.dtype, on: weight.device) }
    let directions = vectors.unitNormalized()
    let cosines = directions.matmul(directions.transposed()).upperTriangle(diagonal: 1)
    return cosines.magnitude().sum() * (factor / (count * (count - 1) / 2))
  }
}
