import NeuralNetworks

extension Gamma {
  /// Draws for a rate of 1, of a shape followed by that of the concentrations.
  static func standardDraw(_ concentration: Tensor, _ shape: [Int], _ random: RandomStream) -> Tensor {
    (concentration + shift) * logarithmOfShiftedDraw(concentration, shape, random).exp()
  }

  /// The logarithms of such draws, which are finite even where the draws are too small for float32.
  ///
  /// A draw is a differentiable function of α and of numbers whose distribution does not depend on α, so its gradient
  /// estimates the gradient of an expected value without bias (reparameterization): a draw for α + 8, which is its quantile for
  /// a normal number, times the product of uᵢ^(1/(α + i)) over i = 0..<8 for uniform numbers uᵢ.
  static func logarithmOfStandardDraw(_ concentration: Tensor, _ shape: [Int], _ random: RandomStream) -> Tensor {
    (concentration + shift).log() + logarithmOfShiftedDraw(concentration, shape, random)
  }

  private static let shift = 8

  private static func logarithmOfShiftedDraw(
    _ concentration: Tensor, _ shape: [Int], _ random: RandomStream
  ) -> Tensor {
    let logarithms = concentration.openUniform([shift] + shape, random).log()
    let steps = Tensor.range(0..<shift, dtype: concentration.dtype, on: concentration.device).reshaped(
      [shift] + Array(repeating: 1, count: concentration.rank + shape.count))
    let logarithm = (logarithms / (concentration + steps)).sum(axis: 0)
    return logarithm + logarithmOfQuantile(concentration + shift, concentration.standardNormal(shape, random))
  }

  /// ln(x/a), where x is the quantile of the gamma distribution with concentration a ≥ 8 at the normal distribution function
  /// of z: a series in s = z/√a and 1/a (Temme, Asymptotic inversion of incomplete gamma functions, 1992), whose
  /// coefficients are fits for |z| < 5.6. The distance from z to the exact normal quantile is at most 2·10⁻⁶.
  private static func logarithmOfQuantile(_ a: Tensor, _ z: Tensor) -> Tensor {
    func polynomial(_ coefficients: [Double], _ s: Tensor) -> Tensor {
      coefficients.dropLast().reversed().reduce(Tensor.full(like: s, coefficients.last ?? 0)) { $0 * s + $1 }
    }
    let s = z * a.reciprocalSquareRoot()
    let first = polynomial(
      [
        0.9999997671, -0.1666652576, 0.02777914657, -0.003707107974, 0.0002278916513, 6.322001242e-05,
        -2.305088843e-05, 2.811527241e-06, -1.206390932e-06, 2.883429165e-07, 1.907372673e-07, -4.530201317e-08,
      ], s)
    let second = polynomial(
      [
        -0.3333462917, 0.1389077344, -0.03641931673, 0.005994583429, -0.0001642867465, -0.0003208991069,
        0.0001352413245, -3.221079298e-06, -8.058638263e-06,
      ], s)
    let third = polynomial(
      [-0.03551664139, 0.01491165089, -0.001626702279, -0.001240469813, 0.0008669098877, -0.0002454747816], s)
    return s * first + (second + third / a) / a
  }
}
