import NeuralNetworks

/// The normal distribution N(μ, σ²) with density exp(−(x − μ)²/(2σ²))/(σ·√(2π)) (PyTorch's `Normal`).
public struct Normal: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The means μ.
  public let mean: Tensor
  /// The standard deviations σ.
  public let standardDeviation: Tensor

  /// Creates normal distributions from means and positive standard deviations, which are broadcast.
  public init(mean: Tensor, standardDeviation: Tensor) {
    (self.mean, self.standardDeviation) = broadcast(mean, standardDeviation)
  }

  public var batchShape: [Int] { mean.shape }
  public var variance: Tensor { standardDeviation.squared() }
  public var entropy: Tensor { standardDeviation.log() + (1 + logTwoPi) / 2 }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    mean + standardDeviation * mean.standardNormal(shape, random)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    -0.5 * standardized(value).squared() - standardDeviation.log() - logTwoPi / 2
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    0.5 * (standardized(value) * -0.5.squareRoot()).erfc()
  }

  public func quantile(of probability: Tensor) -> Tensor {
    mean + standardDeviation * ((2 * probability - 1).erfInverse() * 2.0.squareRoot())
  }

  public func klDivergence(to other: Normal) -> Tensor {
    let ratio = standardDeviation / other.standardDeviation
    let distance = (mean - other.mean) / other.standardDeviation
    return 0.5 * (ratio.squared() + distance.squared() - 1) - ratio.log()
  }

  private func standardized(_ value: Tensor) -> Tensor { (value - mean) / standardDeviation }
}

/// ln 2π.
let logTwoPi = 1.8378770664093453

/// The distribution of eˣ for a normal x (PyTorch's `LogNormal`).
public struct LogNormal: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The distribution of the logarithms.
  public let logarithm: Normal

  /// Creates distributions from the mean and the positive standard deviation of the logarithms.
  public init(mean: Tensor, standardDeviation: Tensor) {
    logarithm = Normal(mean: mean, standardDeviation: standardDeviation)
  }

  public var batchShape: [Int] { logarithm.batchShape }
  public var mean: Tensor { (logarithm.mean + logarithm.variance / 2).exp() }
  public var variance: Tensor { logarithm.variance.expMinusOne() * mean.squared() }
  public var entropy: Tensor { logarithm.entropy + logarithm.mean }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    logarithm.sample(shape, using: random).exp()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let x = value.log()
    return logarithm.logProbability(of: x) - x
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { logarithm.cumulativeProbability(of: value.log()) }
  public func quantile(of probability: Tensor) -> Tensor { logarithm.quantile(of: probability).exp() }
  public func klDivergence(to other: LogNormal) -> Tensor { logarithm.klDivergence(to: other.logarithm) }
}

/// The distribution of |x| for a normal x with mean 0 (PyTorch's `HalfNormal`). The log probability below 0 is −∞.
public struct HalfNormal: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The standard deviation of the normal distribution.
  public let scale: Tensor

  /// Creates distributions from the positive standard deviation of x.
  public init(scale: Tensor) { self.scale = scale }

  public var batchShape: [Int] { scale.shape }
  public var mean: Tensor { scale * (2 / Double.pi).squareRoot() }
  public var variance: Tensor { scale.squared() * (1 - 2 / Double.pi) }
  public var entropy: Tensor { scale.log() + 0.5 * (logPi - logOfTwo + 1) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    scale * scale.standardNormal(shape, random).magnitude()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (-0.5 * (value / scale).squared() - scale.log() + 0.5 * (logOfTwo - logPi)).replacing(
      with: -.infinity, where: value .< 0)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    (value.relu() / scale * 0.5.squareRoot()).erf()
  }

  public func quantile(of probability: Tensor) -> Tensor { scale * (probability.erfInverse() * 2.0.squareRoot()) }

  public func klDivergence(to other: HalfNormal) -> Tensor {
    let ratio = scale / other.scale
    return 0.5 * (ratio.squared() - 1) - ratio.log()
  }
}

/// ln 2.
let logOfTwo = 0.6931471805599453
