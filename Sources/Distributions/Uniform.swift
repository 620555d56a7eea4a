import NeuralNetworks

/// The uniform distribution on the numbers from `low` up to, but not including, `high` (PyTorch's `Uniform`). The log
/// probability elsewhere is −∞.
public struct Uniform: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The smallest value.
  public let low: Tensor
  /// The upper bound, which is not a value.
  public let high: Tensor

  /// Creates distributions from bounds, which are broadcast; the upper one is larger.
  public init(low: Tensor, high: Tensor) { (self.low, self.high) = broadcast(low, high) }

  public var batchShape: [Int] { low.shape }
  public var mean: Tensor { (low + high) / 2 }
  public var variance: Tensor { width.squared() / 12 }
  public var entropy: Tensor { width.log() }
  var width: Tensor { high - low }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    low + width * Tensor.uniform(shape + batchShape, using: random, dtype: low.dtype, on: low.device)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let isInside = (value .>= low) .& (value .< high)
    return (-width.log()).replacing(with: -.infinity, where: .!isInside)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { ((value - low) / width).clamped(to: 0...1) }
  public func quantile(of probability: Tensor) -> Tensor { low + width * probability }

  /// Returns ln(other width/width), or ∞ if this range is not inside of the other one.
  public func klDivergence(to other: Uniform) -> Tensor {
    (other.width / width).log().replacing(with: .infinity, where: (other.low .> low) .| (other.high .< high))
  }

  /// Returns KL(self ‖ other) of a normal distribution.
  public func klDivergence(to other: Normal) -> Tensor {
    let square = width.squared() / 12 + (mean - other.mean).squared()
    return 0.5 * (square / other.variance + logTwoPi) + (other.standardDeviation / width).log()
  }
}
