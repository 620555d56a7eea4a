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
    requireVectors(mean, covariance)
    self.init(mean, factor: choleskyFactor(covariance))
  }

  private init(_ mean: Tensor, factor: Tensor) {
    requireVectors(mean, factor)
    let batch = broadcastShape(mean.shape.dropLast(), factor.shape.dropLast(2))
    self.mean = mean.broadcast(to: batch + mean.shape.suffix(1))
    scaleTriangle = factor.broadcast(to: batch + factor.shape.suffix(2))
  }

  public var batchShape: [Int] { mean.shape.dropLast() }
  public var eventShape: [Int] { mean.shape.suffix(1) }
  /// The covariances, `[..., d, d]`.
  public var covariance: Tensor { scaleTriangle.matmul(scaleTriangle, transposingRight: true) }
  public var variance: Tensor { scaleTriangle.squared().sum(axis: -1) }
  public var entropy: Tensor { normalEntropy }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let normal = mean.standardNormal(shape, random)
    return mean + (scaleTriangle * normal.expanded(axis: -2)).sum(axis: -1)
  }

  public func logProbability(of value: Tensor) -> Tensor { normalLogProbability(value) }
  public func klDivergence(to other: MultivariateNormal) -> Tensor { divergence(from: other) }

  /// Returns the divergence from a distribution whose covariance has another form.
  public func klDivergence(to other: LowRankMultivariateNormal) -> Tensor { divergence(from: other) }
}

extension MultivariateNormal: NormalVectors {
  var covarianceRows: Tensor { scaleTriangle.transposed() }
  var halfLogDeterminant: Tensor { scaleTriangle.diagonal().log().sum(axis: -1) }

  func squaredDistances(_ rows: Tensor) -> Tensor {
    solution(of: scaleTriangle.expanded(axis: -3), rows).squared().sum(axis: -1)
  }
}

/// Ends the program unless matrices fit vectors.
private func requireVectors(_ mean: Tensor, _ matrix: Tensor) {
  guard let size = mean.shape.last, size > 0, matrix.shape.suffix(2) == [size, size] else {
    ProgrammerError.end(
      "MultivariateNormal: means of shape \(mean.shape) and matrices of shape \(matrix.shape), expected [..., d] and [..., d, d]"
    )
  }
}
