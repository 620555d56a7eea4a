import NeuralNetworks

/// The exponential distribution with density rate·exp(−rate·x) (PyTorch's `Exponential`). The log probability below 0 is −∞.
public struct Exponential: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The inverse of the mean.
  public let rate: Tensor

  /// Creates distributions from positive rates, which are the inverses of the means.
  public init(rate: Tensor) { self.rate = rate }

  public var batchShape: [Int] { rate.shape }
  public var mean: Tensor { rate.reciprocal() }
  public var variance: Tensor { mean.squared() }
  public var entropy: Tensor { 1 - rate.log() }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: .uniform(shape + batchShape, using: random, dtype: rate.dtype, on: rate.device))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (rate.log() - rate * value).replacing(with: -.infinity, where: value .< 0)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { -(-rate * value.relu()).expMinusOne() }
  public func quantile(of probability: Tensor) -> Tensor { -(-probability).logOnePlus() / rate }

  public func klDivergence(to other: Exponential) -> Tensor {
    let ratio = other.rate / rate
    return ratio - ratio.log() - 1
  }
}
