import NeuralNetworks

/// The Weibull distribution with the distribution function 1 − exp(−(x/scale)ᵏ), where k is the concentration (PyTorch's
/// `Weibull`). The log probability below 0 is −∞.
public struct Weibull: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The positive factor of the values.
  public let scale: Tensor
  /// The positive exponent k, the shape of the distribution.
  public let concentration: Tensor

  /// Creates distributions from positive scales and concentrations, which are broadcast.
  public init(scale: Tensor, concentration: Tensor) {
    (self.scale, self.concentration) = broadcast(scale, concentration)
  }

  public var batchShape: [Int] { scale.shape }
  public var mean: Tensor { scale * moment(1) }
  public var variance: Tensor { scale.squared() * (moment(2) - moment(1).squared()) }
  public var entropy: Tensor {
    (1 - concentration.reciprocal()) * eulerConstant + (scale / concentration).log() + 1
  }
  /// The mean of (x/scale)ⁿ.
  private func moment(_ order: Double) -> Tensor { (1 + order / concentration).logGamma().exp() }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: scale.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let isOutside = value .< 0
    let x = value.replacing(with: 1, where: isOutside) / scale
    let logarithm = (concentration / scale).log() + (concentration - 1).xlogy(x) - x.power(concentration)
    return logarithm.replacing(with: -.infinity, where: isOutside)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    -(-(value.relu() / scale).power(concentration)).expMinusOne()
  }

  public func quantile(of probability: Tensor) -> Tensor {
    scale * (-(-probability).logOnePlus()).power(concentration.reciprocal())
  }

  public func klDivergence(to other: Weibull) -> Tensor {
    let (k, ratio) = (other.concentration, (scale / other.scale).log())
    let power = k * ratio + (1 + k / concentration).logGamma()
    return (concentration / k).log() - k * ratio + (k / concentration - 1) * eulerConstant + power.exp() - 1
  }
}
