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

  public var mean: Tensor { diagonalMatrix(withFirst: 1, diagonalMoments.mean) }

  public var variance: Tensor {
    let one = Tensor.ones(eventShape, dtype: concentration.dtype, on: concentration.device)
    return diagonalMatrix(withFirst: 0, diagonalMoments.variance)
      + one.lowerTriangle(diagonal: -1) / (2 * total).expanded(axis: -1)
  }

  /// The square of the diagonal element of row i has a beta distribution with β = i/2 and this α = η + (d − 1 − i)/2,
  /// `[..., d − 1]`, for i from 1 on.
  private var restOfSquares: Tensor {
    concentration.expanded(axis: -1) + (Double(dimension - 1) / 2 - squares)
  }
  /// i/2.
  private var squares: Tensor {
    .range(1..<dimension, dtype: concentration.dtype, on: concentration.device) / 2
  }
  /// The sum of both, η + (d − 1)/2, `[..., 1]`.
  private var total: Tensor { concentration.expanded(axis: -1) + Double(dimension - 1) / 2 }

  /// The means and variances of the diagonal elements from the second one on, `[..., d − 1]`.
  ///
  /// With α and the sum τ = α + i/2, the mean of the square is α/τ, and the square of the mean is α/τ·q for
  /// q = R(α)/R(τ), R(x) = (Γ(x + ½)/Γ(x))²/x. For a large α, q is nearly 1, so that differences of logarithms of gamma
  /// functions, and 1 − q, would lose all digits of float32. Therefore q and 1 − q are computed next to each other: for
  /// α + 8 and τ + 8 by a series, and from there by steps of R(x)/R(x + 1) = 4·x·(x + 1)/(2·x + 1)², in which all terms of
  /// 1 − q are positive.
  private var diagonalMoments: (mean: Tensor, variance: Tensor) {
    let (rest, total) = (restOfSquares, total)
    let logarithm = logarithmOfShiftedQuotient(rest, total)
    var (quotient, complement) = (logarithm.exp(), -logarithm.expMinusOne())
    for k in 0..<Self.shift {
      let (a, b) = (rest + k, total + k)
      let (odd, oddOfTotal) = (2 * a + 1, 2 * b + 1)
      quotient = quotient * (a / b) * ((a + 1) / (b + 1)) * (oddOfTotal / odd).squared()
      // 1 − the factor of the quotient.
      let step = (squares / b) * ((a + b + 1) / (b + 1)) / odd.squared()
      complement = complement + step * (1 - complement)
    }
    let share = rest / total
    return (share.squareRoot() * quotient.squareRoot(), share * complement)
  }

  /// The distance from which the series has an error of at most 3·10⁻¹⁵.
  private static let shift = 8
  /// The coefficients of x⁻¹, x⁻³, and so on in the asymptotic series of ln R(x): with Bernoulli polynomials, they are
  /// 2·(Bₙ(½) − Bₙ(0))/(n·(n − 1)) for n = 2, 4, … (DLMF 5.11.8).
  private static let coefficients = [
    -1.0 / 4, 1.0 / 96, -1.0 / 320, 17.0 / 7168, -31.0 / 9216, 691.0 / 90112, -5461.0 / 212_992,
  ]

  /// ln R(a + 8) − ln R(b + 8). With u = 1/(a + 8), v = 1/(b + 8), and ln R = u·p(u²), it is
  /// (u − v)·(p(v²) + u·(u + v)·(p(u²) − p(v²))/(u² − v²)). Horner's method gives p(v²) and this quotient.
  private func logarithmOfShiftedQuotient(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (u, v) = ((a + Self.shift).reciprocal(), (b + Self.shift).reciprocal())
    let (uu, vv) = (u.squared(), v.squared())
    var (value, slope) = (Tensor.full(like: v, Self.coefficients.last ?? 0), Tensor.zeros(like: v))
    for coefficient in Self.coefficients.dropLast().reversed() {
      slope = slope * uu + value
      value = value * vv + coefficient
    }
    let difference = squares * u * v  // u − v
    return difference * (value + u * (u + v) * slope)
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
