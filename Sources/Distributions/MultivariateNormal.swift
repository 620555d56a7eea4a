import NeuralNetworks

/// The normal distribution of vectors with density proportional to exp(−(x − μ)ᵀ·Σ⁻¹·(x − μ)/2) (PyTorch's
/// `MultivariateNormal`). Draws have gradients.
///
/// The covariance Σ is given as its Cholesky factor, the lower triangular matrix L with Σ = L·Lᵀ, or factored first. Factors and
/// systems of equations take a few tensor operations for each of the d elements, on every device: this is for up to about
/// a hundred of them.
public struct MultivariateNormal: EntropyDistribution, DivergenceDistribution {
  /// The means, `[..., d]`.
  public let mean: Tensor
  /// The Cholesky factors L, `[..., d, d]`.
  public let scaleTriangle: Tensor

  /// Creates distributions from means, `[..., d]`, and lower triangular matrices with a positive diagonal, `[..., d, d]`. The
  /// elements above the diagonal are ignored. Both are broadcast.
  public init(mean: Tensor, scaleTriangle: Tensor) {
    self.init(mean, factor: scaleTriangle.lowerTriangle())
  }

  /// Creates distributions from means, `[..., d]`, and symmetric positive definite covariances, `[..., d, d]`, of which
  /// the lower triangle is read. Other matrices give NaN.
  public init(mean: Tensor, covariance: Tensor) {
    requireSquare(mean, covariance)
    self.init(mean, factor: choleskyFactor(covariance))
  }

  private init(_ mean: Tensor, factor: Tensor) {
    requireSquare(mean, factor)
    let batch = broadcastShape(mean.shape.dropLast(), factor.shape.dropLast(2))
    self.mean = mean.broadcast(to: batch + mean.shape.suffix(1))
    scaleTriangle = factor.broadcast(to: batch + factor.shape.suffix(2))
  }

  public var batchShape: [Int] { mean.shape.dropLast() }
  public var eventShape: [Int] { mean.shape.suffix(1) }
  /// The covariances, `[..., d, d]`.
  public var covariance: Tensor { scaleTriangle.matmul(scaleTriangle, transposingRight: true) }
  public var variance: Tensor { scaleTriangle.squared().sum(axis: -1) }
  public var entropy: Tensor { halfLogDeterminant + Double(size) * (1 + logTwoPi) / 2 }
  private var size: Int { mean.shape.last ?? 0 }
  /// ln det L.
  private var halfLogDeterminant: Tensor { scaleTriangle.diagonal().log().sum(axis: -1) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let normal = mean.standardNormal(shape, random)
    return mean + (scaleTriangle * normal.expanded(axis: -2)).sum(axis: -1)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let standardized = solution(of: scaleTriangle, value - mean)
    return -0.5 * (standardized.squared().sum(axis: -1) + Double(size) * logTwoPi) - halfLogDeterminant
  }

  public func klDivergence(to other: MultivariateNormal) -> Tensor {
    // The columns of L as vectors: the trace of Σ₂⁻¹·Σ₁ is the sum of the squares of L₂⁻¹·L₁.
    let columns = solution(of: other.scaleTriangle.expanded(axis: -3), scaleTriangle.transposed())
    let distance = solution(of: other.scaleTriangle, other.mean - mean)
    let trace = columns.squared().sum(axes: [-2, -1])
    return other.halfLogDeterminant - halfLogDeterminant
      + 0.5 * (trace + distance.squared().sum(axis: -1) - Double(size))
  }
}

/// Ends the program unless matrices fit vectors.
private func requireSquare(_ mean: Tensor, _ matrix: Tensor) {
  guard let size = mean.shape.last, size > 0, matrix.shape.suffix(2) == [size, size] else {
    ProgrammerError.end(
      "MultivariateNormal: means of shape \(mean.shape) and matrices of shape \(matrix.shape), expected [..., d] and [..., d, d]"
    )
  }
}

/// The lower triangular L with L·Lᵀ = Σ, column by column; each is subtracted from the rest of the matrix.
private func choleskyFactor(_ covariance: Tensor) -> Tensor {
  let size = covariance.shape.last ?? 0
  var (rest, columns) = (covariance, [Tensor]())
  for j in 0..<size {
    let column = rest[.ellipsis, 0]
    let scaled = column * column[.ellipsis, 0..<1].reciprocalSquareRoot()
    columns.append(j == 0 ? scaled : .concatenated([.zeros(like: columns[0][.ellipsis, 0..<j]), scaled], axis: -1))
    let below = scaled[.ellipsis, 1...]
    if j + 1 < size { rest = rest[.ellipsis, 1..., 1...] - below.expanded(axis: -1) * below.expanded(axis: -2) }
  }
  return .stacked(columns, axis: -1)
}

/// The vectors y with L·y = b, element by element; both operands are broadcast.
private func solution(of triangle: Tensor, _ b: Tensor) -> Tensor {
  let size = triangle.shape.last ?? 0
  var (rest, elements) = (b, [Tensor]())
  for j in 0..<size {
    let column = triangle[.ellipsis, j]
    elements.append(rest[.ellipsis, 0..<1] / column[.ellipsis, j..<j + 1])
    if j + 1 < size { rest = rest[.ellipsis, 1...] - column[.ellipsis, (j + 1)...] * elements[j] }
  }
  return .concatenated(elements, axis: -1)
}
