import NeuralNetworks

/// The Wishart distribution of symmetric positive definite matrices of p rows, with density proportional to
/// det(X)^((ν − p − 1)/2)·exp(−tr(Σ⁻¹·X)/2) for ν degrees of freedom (PyTorch's `Wishart`): the sum of the outer products
/// of ν normal vectors with the covariance Σ. Draws have gradients, as those of `Gamma`.
///
/// The log probability reads the lower triangle of a matrix, and is NaN unless the matrix is positive definite. Matrices are
/// factored with a few tensor operations for each row: this is for up to about a hundred of them.
public struct Wishart: EntropyDistribution, DivergenceDistribution {
  /// The degrees of freedom ν.
  public let degreesOfFreedom: Tensor
  /// The Cholesky factors L of Σ, `[..., p, p]`.
  public let scaleTriangle: Tensor

  /// Creates distributions from degrees of freedom above p − 1, and from lower triangular matrices with a positive diagonal,
  /// `[..., p, p]`. The elements above the diagonal are ignored. Both are broadcast.
  public init(degreesOfFreedom: Tensor, scaleTriangle: Tensor) {
    requireSquare(scaleTriangle)
    self.init(degreesOfFreedom, factor: scaleTriangle.lowerTriangle())
  }

  /// Creates distributions from degrees of freedom above p − 1, and from symmetric positive definite matrices Σ,
  /// `[..., p, p]`, of which the lower triangle is read. Other matrices give NaN.
  public init(degreesOfFreedom: Tensor, covariance: Tensor) {
    requireSquare(covariance)
    self.init(degreesOfFreedom, factor: choleskyFactor(covariance))
  }

  private init(_ degreesOfFreedom: Tensor, factor: Tensor) {
    let batch = broadcastShape(degreesOfFreedom.shape, factor.shape.dropLast(2))
    self.degreesOfFreedom = degreesOfFreedom.broadcast(to: batch)
    scaleTriangle = factor.broadcast(to: batch + factor.shape.suffix(2))
  }

  public var batchShape: [Int] { degreesOfFreedom.shape }
  public var eventShape: [Int] { scaleTriangle.shape.suffix(2) }
  /// The matrices Σ, `[..., p, p]`.
  public var covariance: Tensor { scaleTriangle.matmul(scaleTriangle, transposingRight: true) }
  public var mean: Tensor { degreesOfFreedom.asMatrices * covariance }
  public var variance: Tensor {
    let (covariance, diagonal) = (covariance, scaleTriangle.squared().sum(axis: -1))
    let products = diagonal.expanded(axis: -1) * diagonal.expanded(axis: -2)
    return degreesOfFreedom.asMatrices * (covariance.squared() + products)
  }
  public var entropy: Tensor {
    Double(size + 1) * (halfLogDeterminant + Double(size) * logOfTwo / 2) + logGamma
      - 0.5 * (degreesOfFreedom - Double(size + 1)) * digamma + 0.5 * Double(size) * degreesOfFreedom
  }
  private var size: Int { eventShape[0] }
  /// ln √det Σ.
  private var halfLogDeterminant: Tensor { scaleTriangle.diagonal().log().sum(axis: -1) }
  /// The logarithm of the multivariate gamma function of ν/2.
  private var logGamma: Tensor { (degreesOfFreedom / 2).multivariateLogGamma(size) }
  /// Its derivative: Σ ψ((ν − j)/2) over j = 0..<p.
  private var digamma: Tensor {
    ((degreesOfFreedom.expanded(axis: -1) - rowIndices) / 2).digamma().sum(axis: -1)
  }
  /// 0, …, p − 1.
  private var rowIndices: Tensor {
    .range(0..<size, dtype: degreesOfFreedom.dtype, on: degreesOfFreedom.device)
  }

  /// Bartlett's decomposition: X = (L·A)·(L·A)ᵀ, where A is lower triangular with normal numbers below a diagonal of roots of
  /// chi-squared numbers.
  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let half = (degreesOfFreedom.expanded(axis: -1) - rowIndices) / 2
    let diagonal = (2 * Gamma.standardDraw(half, shape, random)).squareRoot()
    let normal = scaleTriangle.standardNormal(shape, random).lowerTriangle(diagonal: -1)
    let factor = scaleTriangle.matmul(normal + diagonal.diagonalMatrix())
    return factor.matmul(factor, transposingRight: true)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let factor = choleskyFactor(value)
    let logDeterminant = 2 * factor.diagonal().log().sum(axis: -1)
    return 0.5 * (degreesOfFreedom - Double(size + 1)) * logDeterminant - 0.5 * trace(of: factor)
      - degreesOfFreedom * (halfLogDeterminant + Double(size) * logOfTwo / 2) - logGamma
  }

  public func klDivergence(to other: Wishart) -> Tensor {
    requireSameEvent(self, other)
    return other.degreesOfFreedom * (other.halfLogDeterminant - halfLogDeterminant) + other.logGamma - logGamma
      + 0.5 * (degreesOfFreedom - other.degreesOfFreedom) * digamma
      + 0.5 * degreesOfFreedom * (other.trace(of: scaleTriangle) - Double(size))
  }

  /// Returns tr(Σ⁻¹·F·Fᵀ): the sum of the squares of L⁻¹·F, whose columns are solutions of equations.
  private func trace(of factor: Tensor) -> Tensor {
    solution(of: scaleTriangle.expanded(axis: -3), factor.transposed()).squared().sum(axes: [-2, -1])
  }
}

extension Tensor {
  /// These numbers, `[...]`, as matrices of one element.
  fileprivate var asMatrices: Tensor { expanded(axis: -1).expanded(axis: -1) }
}

/// Ends the program unless the last axes are those of square matrices.
private func requireSquare(_ matrix: Tensor) {
  guard matrix.rank > 1, let size = matrix.shape.last, size > 0, matrix.shape.suffix(2) == [size, size] else {
    ProgrammerError.end("Wishart: matrices of shape \(matrix.shape), expected [..., p, p]")
  }
}
