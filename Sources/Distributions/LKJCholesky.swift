import NeuralNetworks

/// The distribution of Cholesky factors L of correlation matrices with d rows, whose density is proportional to
/// det(L·Lᵀ)^(η − 1), where η is the concentration (Lewandowski, Kurowicka, and Joe 2009; PyTorch's `LKJCholesky`). For η = 1,
/// all correlation matrices have the same density; for larger ones, small correlations are more likely.
///
/// Draws have gradients, as those of `Beta`. In row i from 1 on, the sum of the squares before the diagonal has a beta
/// distribution with α = i/2 and β = η + (d − 1 − i)/2, as in the article. PyTorch 2.15 draws it with α = i − 1/2, so that its
/// correlations are too large from the third row on.
public struct LKJCholesky: Distribution {
  /// The number of rows d.
  public let dimension: Int
  /// The positive concentration η.
  public let concentration: Tensor

  /// Creates distributions of matrices with at least 2 rows from positive concentrations.
  public init(dimension: Int, concentration: Tensor) {
    if dimension < 2 { ProgrammerError.end("LKJCholesky: the dimension is \(dimension), expected at least 2") }
    (self.dimension, self.concentration) = (dimension, concentration)
  }

  public var batchShape: [Int] { concentration.shape }
  public var eventShape: [Int] { [dimension, dimension] }

  public var mean: Tensor { diagonalMatrix(withFirst: 1, diagonalMean) }

  public var variance: Tensor {
    let diagonal = restOfSquares / total - diagonalMean.squared()
    let one = Tensor.ones(eventShape, dtype: concentration.dtype, on: concentration.device)
    return diagonalMatrix(withFirst: 0, diagonal)
      + one.lowerTriangle(diagonal: -1) / (2 * total).expanded(axis: -1)
  }

  /// The square of the diagonal element of row i has a beta distribution with β = i/2 and this α = η + (d − 1 − i)/2,
  /// `[..., d − 1]`, for i from 1 on.
  private var restOfSquares: Tensor { total - squares }
  /// i/2.
  private var squares: Tensor {
    .range(1..<dimension, dtype: concentration.dtype, on: concentration.device) / 2
  }
  /// The sum of both, η + (d − 1)/2, `[..., 1]`.
  private var total: Tensor { concentration.expanded(axis: -1) + Double(dimension - 1) / 2 }
  /// The means of the diagonal elements from the second one on.
  private var diagonalMean: Tensor {
    let (rest, total) = (restOfSquares, total)
    return ((rest + 0.5).logGamma() - rest.logGamma() + total.logGamma() - (total + 0.5).logGamma()).exp()
  }

  /// Returns diagonal matrices with a first element, followed by these.
  private func diagonalMatrix(withFirst first: Double, _ others: Tensor) -> Tensor {
    Tensor.concatenated([.full(like: others[.ellipsis, 0..<1], first), others], axis: -1).diagonalMatrix()
  }

  /// The onion method: the elements of a row before the diagonal have a direction, and a length whose square has a beta
  /// distribution.
  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let rest = restOfSquares
    let logit =
      Gamma.logarithmOfStandardDraw(squares.broadcast(to: rest.shape), shape, random)
      - Gamma.logarithmOfStandardDraw(rest, shape, random)
    let directions = Tensor.normal(
      shape + batchShape + [dimension - 1, dimension - 1], using: random, dtype: rest.dtype, on: rest.device
    ).lowerTriangle()
    let lengths = (0.5 * logit.logSigmoid()).exp().expanded(axis: -1)
    let rows = directions * directions.squared().sum(axis: -1, keepingRank: true).reciprocalSquareRoot() * lengths
    let kept = Array(repeating: (before: 0, after: 0), count: rows.rank - 2)
    return rows.padded(kept + [(1, 0), (0, 1)])
      + diagonalMatrix(withFirst: 1, (0.5 * (-logit).logSigmoid()).exp())
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let logarithms = value.diagonal()[.ellipsis, 1...].log()
    let half = concentration + Double(dimension - 1) / 2
    let normalization =
      (half - 0.5).multivariateLogGamma(dimension - 1) - Double(dimension - 1) * (half.logGamma() - logPi / 2)
    return (2 * (restOfSquares - 1) * logarithms).sum(axis: -1) - normalization
  }
}
