import NeuralNetworks

/// The normal distribution of vectors with the covariance Σ = W·Wᵀ + D, for a matrix W of r columns and a diagonal matrix D
/// (PyTorch's `LowRankMultivariateNormal`): draws are μ + W·z + √D·e for standard normal z and e. Draws have gradients.
///
/// Only a matrix of r rows and columns is factored, I + Wᵀ·D⁻¹·W (Woodbury's identity), with a few tensor operations for
/// each of them: this is for long vectors with an r of up to about a hundred.
public struct LowRankMultivariateNormal: EntropyDistribution, DivergenceDistribution {
  /// The means μ, `[..., d]`.
  public let mean: Tensor
  /// W, `[..., d, r]`.
  public let covarianceFactor: Tensor
  /// The diagonal of D, `[..., d]`.
  public let covarianceDiagonal: Tensor
  /// D^(−1/2)·W.
  private let scaledFactor: Tensor
  /// The Cholesky factor of I + Wᵀ·D⁻¹·W.
  private let capacitanceTriangle: Tensor

  /// Creates distributions, whose leading axes are broadcast.
  /// - Parameters:
  ///   - mean: The means μ, `[..., d]`.
  ///   - covarianceFactor: W, `[..., d, r]`, with at least one column.
  ///   - covarianceDiagonal: The positive diagonal of D, `[..., d]`.
  public init(mean: Tensor, covarianceFactor: Tensor, covarianceDiagonal: Tensor) {
    guard let size = mean.shape.last, size > 0, covarianceFactor.rank > 1, let rank = covarianceFactor.shape.last,
      rank > 0, covarianceFactor.shape.suffix(2) == [size, rank], covarianceDiagonal.shape.suffix(1) == [size]
    else {
      ProgrammerError.end(
        "LowRankMultivariateNormal: means of shape \(mean.shape), factors of shape \(covarianceFactor.shape), and diagonals of "
          + "shape \(covarianceDiagonal.shape), expected [..., d], [..., d, r], and [..., d]")
    }
    let batch = broadcastShape(
      broadcastShape(mean.shape.dropLast(), covarianceFactor.shape.dropLast(2)), covarianceDiagonal.shape.dropLast())
    self.mean = mean.broadcast(to: batch + [size])
    self.covarianceFactor = covarianceFactor.broadcast(to: batch + [size, rank])
    self.covarianceDiagonal = covarianceDiagonal.broadcast(to: batch + [size])
    scaledFactor = covarianceFactor / covarianceDiagonal.squareRoot().expanded(axis: -1)
    let identity = Tensor.identity(rank, on: mean.device).cast(to: mean.dtype)
    capacitanceTriangle = choleskyFactor(scaledFactor.matmul(scaledFactor, transposingLeft: true) + identity)
  }

  public var batchShape: [Int] { mean.shape.dropLast() }
  public var eventShape: [Int] { mean.shape.suffix(1) }
  /// The covariances Σ, `[..., d, d]`.
  public var covariance: Tensor {
    covarianceFactor.matmul(covarianceFactor, transposingRight: true) + covarianceDiagonal.diagonalMatrix()
  }
  public var variance: Tensor { covarianceFactor.squared().sum(axis: -1) + covarianceDiagonal }
  public var entropy: Tensor { normalEntropy }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let common = covarianceFactor[.ellipsis, 0, .all].standardNormal(shape, random)
    let own = mean.standardNormal(shape, random)
    return mean + (covarianceFactor * common.expanded(axis: -2)).sum(axis: -1) + covarianceDiagonal.squareRoot() * own
  }

  public func logProbability(of value: Tensor) -> Tensor { normalLogProbability(value) }
  public func klDivergence(to other: LowRankMultivariateNormal) -> Tensor { divergence(from: other) }

  /// Returns the divergence from a distribution whose covariance has another form.
  public func klDivergence(to other: MultivariateNormal) -> Tensor { divergence(from: other) }
}

extension LowRankMultivariateNormal: NormalVectors {
  var covarianceRows: Tensor {
    .concatenated([covarianceFactor.transposed(), covarianceDiagonal.squareRoot().diagonalMatrix()], axis: -2)
  }

  var halfLogDeterminant: Tensor {
    capacitanceTriangle.diagonal().log().sum(axis: -1) + 0.5 * covarianceDiagonal.log().sum(axis: -1)
  }

  /// With s = D^(−1/2)·v, F = D^(−1/2)·W, and w = (I + Fᵀ·F)⁻¹·Fᵀ·s, this is |s − F·w|² + |w|². It equals
  /// |s|² − sᵀ·F·w, a difference of large numbers if D is small next to W·Wᵀ.
  func squaredDistances(_ rows: Tensor) -> Tensor {
    let standardized = rows / covarianceDiagonal.squareRoot().expanded(axis: -2)
    let triangle = capacitanceTriangle.expanded(axis: -3)
    let common = transposedSolution(of: triangle, solution(of: triangle, standardized.matmul(scaledFactor)))
    let own = standardized - common.matmul(scaledFactor, transposingRight: true)
    return own.squared().sum(axis: -1) + common.squared().sum(axis: -1)
  }
}
