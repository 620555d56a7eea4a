import BackendCore

extension Tensor {
  /// Returns the modified Bessel function of the first kind and order 0, I₀(x) = Σ (x/2)²ᵏ/(k!)² over k ≥ 0 (NumPy's and
  /// PyTorch's `i0`). The gradient is I₁(x), which can overflow in float32 for |x| > 88.
  ///
  /// It is composed of the first terms of the sum for |x| ≤ 8, and of a polynomial in 8/|x| for larger numbers. The relative
  /// error is at most about 2e-12 in float64 and 1e-6 in float32.
  public func besselI0() -> Tensor {
    checked {
      try Checks.floatingPoint("besselI0", self)
      let isLarge = detached().magnitude() .> 8
      let square = (replacing(with: 0, where: isLarge) / 2).squared()
      let small = (1...18).reversed().reduce(Tensor.ones(like: square)) { 1 + square * $0 / Double($1 * $1) }
      let x = magnitude().replacing(with: 8, where: .!isLarge)
      let inverse = 8 / x
      let coefficients = Tensor.scaledBesselCoefficients
      let polynomial = coefficients.dropLast().reversed().reduce(Tensor.full(like: x, coefficients.last ?? 0)) {
        $0 * inverse + $1
      }
      // In two factors, exp(x)/√x does not overflow before the result.
      let root = (x / 2).exp() * x.reciprocalSquareRoot().squareRoot()
      let large = root * polynomial * root
      return small.replacing(with: large, where: isLarge)
        .replacing(with: .infinity, where: detached().magnitude() .== Double.infinity)
    }
  }

  /// The polynomial for √x·exp(−x)·I₀(x) in 8/x from 0 to 1, interpolated at Chebyshev nodes.
  private static let scaledBesselCoefficients = [
    0.3989422804017272, 0.006233473032038732, 0.0004382965485288187, 5.695236119935361e-05, 1.219885507398956e-05,
    -5.368755965504371e-06, 3.3379344122885e-05, -8.404163831596202e-05, 0.0001436994744835431, -0.0001575034639455798,
    0.0001061214824022342, -3.903922022622813e-05, 5.89393314638849e-06,
  ]
}
