import BackendCore

extension Tensor {
  /// Returns the modified Bessel function of the first kind and order 0, I₀(x) = Σ (x/2)²ᵏ/(k!)² over k ≥ 0 (NumPy's and
  /// PyTorch's `i0`). The gradient is I₁(x), which can overflow in float32 for |x| > 88.
  ///
  /// It is composed of the first terms of the sum for |x| ≤ 8, and of a polynomial in 8/|x| for larger numbers. The relative
  /// error is at most about 2e-12 in float64 and 1e-6 in float32.
  public func besselI0() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.besselI0() } }
      try Checks.floatingPoint("besselI0", self)
      let parts = BesselI0(self)
      // In two factors, exp(x)/√x does not overflow before the result.
      let root = (parts.x / 2).exp() * parts.x.reciprocalSquareRoot().squareRoot()
      return parts.chosen(parts.series, root * parts.polynomial * root)
        .replacing(with: .infinity, where: detached().magnitude() .== Double.infinity)
    }
  }

  /// Returns ln(exp(−x)·I₀(x)) for x ≥ 0.
  package func logScaledBesselI0() -> Tensor {
    let parts = BesselI0(self)
    return parts.chosen(parts.series.log() - parts.smallX, parts.polynomial.log() - 0.5 * parts.x.log())
  }

  /// Returns 1 − I₁(x)/I₀(x) for x ≥ 0, with the quotient of the first terms of both sums for x ≤ 8, and of a polynomial in
  /// 8/x and x for larger numbers. The relative error is at most about 1e-11 in float64.
  package func besselRatioComplement() -> Tensor {
    let parts = BesselI0(self)
    let ratio = parts.smallX / 2 * BesselI0.series(parts.square) { $0 * ($0 + 1) } / parts.series
    return parts.chosen(1 - ratio, BesselI0.polynomial(BesselI0.ratioCoefficients, 8 / parts.x) / parts.x)
  }
}

/// The parts of I₀(x) for small and large numbers.
private struct BesselI0 {
  private let isLarge: Tensor
  /// x, and 0 instead of large numbers.
  let smallX: Tensor
  /// (x/2)² of them.
  let square: Tensor
  /// The first terms of the sum.
  let series: Tensor
  /// |x|, and 8 instead of small numbers.
  let x: Tensor
  /// √x·exp(−x)·I₀(x) of them.
  let polynomial: Tensor

  init(_ number: Tensor) {
    isLarge = (number.detached().magnitude() .> 8)
    smallX = number.replacing(with: 0, where: isLarge)
    square = (smallX / 2).squared()
    series = BesselI0.series(square) { $0 * $0 }
    x = number.magnitude().replacing(with: 8, where: .!isLarge)
    polynomial = BesselI0.polynomial(BesselI0.scaledCoefficients, 8 / x)
  }

  /// Returns the elements for small numbers, and those for large ones.
  func chosen(_ small: Tensor, _ large: Tensor) -> Tensor { small.replacing(with: large, where: isLarge) }

  /// Returns 1 + square/d(1)·(1 + square/d(2)·(1 + …)).
  static func series(_ square: Tensor, _ divisor: (Int) -> Int) -> Tensor {
    (1...18).reversed().reduce(Tensor.ones(like: square)) { 1 + square * $0 / Double(divisor($1)) }
  }

  static func polynomial(_ coefficients: [Double], _ x: Tensor) -> Tensor {
    coefficients.dropLast().reversed().reduce(Tensor.full(like: x, coefficients.last ?? 0)) { $0 * x + $1 }
  }

  /// The polynomial for √x·exp(−x)·I₀(x) in 8/x from 0 to 1, interpolated at Chebyshev nodes.
  private static let scaledCoefficients = [
    0.3989422804017272, 0.006233473032038732, 0.0004382965485288187, 5.695236119935361e-05, 1.219885507398956e-05,
    -5.368755965504371e-06, 3.3379344122885e-05, -8.404163831596202e-05, 0.0001436994744835431, -0.0001575034639455798,
    0.0001061214824022342, -3.903922022622813e-05, 5.89393314638849e-06,
  ]
  /// The polynomial for x·(1 − I₁(x)/I₀(x)) in 8/x from 0 to 1, interpolated in the same way.
  static let ratioCoefficients = [
    0.49999999999951544, 0.015625000192480226, 0.0019531116667647868, 0.00038184822293158303, 9.344055773178547e-05,
    8.45536207009349e-05, -0.00029771847199269356, 0.0012243132169605273, -0.003242644394066039, 0.005844230933482156,
    -0.006960028123503094, 0.005215758702165497, -0.0022010061382232915, 0.0003951917855966491,
  ]
}
