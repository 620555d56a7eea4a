import NeuralNetworks

/// The Pareto distribution with density α·scaleᵅ/xᵅ⁺¹ for x ≥ scale (PyTorch's `Pareto`). The log probability below the scale is
/// −∞.
///
/// The mean is infinite for α ≤ 1, and the variance for α ≤ 2.
public struct Pareto: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The smallest value.
  public let scale: Tensor
  /// The positive exponent α.
  public let alpha: Tensor

  /// Creates distributions from positive smallest values and exponents, which are broadcast.
  public init(scale: Tensor, alpha: Tensor) { (self.scale, self.alpha) = broadcast(scale, alpha) }

  public var batchShape: [Int] { scale.shape }
  public var mean: Tensor { (scale * alpha / (alpha - 1)).replacing(with: .infinity, where: alpha .<= 1) }
  public var variance: Tensor {
    (scale.squared() * alpha / ((alpha - 1).squared() * (alpha - 2))).replacing(
      with: .infinity, where: alpha .<= 2)
  }
  public var entropy: Tensor { (scale / alpha).log() + alpha.reciprocal() + 1 }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: .uniform(shape + batchShape, using: random, dtype: scale.dtype, on: scale.device))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (alpha.log() - scale.log() - (alpha + 1) * logarithm(value)).replacing(with: -.infinity, where: value .< scale)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { -(-alpha * logarithm(value)).expMinusOne() }
  public func quantile(of probability: Tensor) -> Tensor { scale * (-(-probability).logOnePlus() / alpha).exp() }

  /// Returns KL(self ‖ other), which is ∞ if the scale is below the other one.
  public func klDivergence(to other: Pareto) -> Tensor {
    let ratio = other.alpha / alpha
    return (other.alpha * (scale / other.scale).log() + ratio - ratio.log() - 1).replacing(
      with: .infinity, where: scale .< other.scale)
  }

  /// ln(x/scale), and 0 below the scale.
  private func logarithm(_ value: Tensor) -> Tensor { (value.maximum(scale) / scale).log() }
}
