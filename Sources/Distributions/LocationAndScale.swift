import NeuralNetworks

// Distributions of location + scale·x, where x has a fixed distribution.

/// The Laplace distribution with density exp(−|x − location|/scale)/(2·scale) (PyTorch's `Laplace`).
public struct Laplace: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The value for x = 0.
  public let location: Tensor
  /// The positive factor of x.
  public let scale: Tensor

  /// Creates distributions from locations and positive scales, which are broadcast.
  public init(location: Tensor, scale: Tensor) { (self.location, self.scale) = broadcast(location, scale) }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { location }
  public var variance: Tensor { 2 * scale.squared() }
  public var entropy: Tensor { scale.log() + (1 + logOfTwo) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: location.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    -(value - location).magnitude() / scale - scale.log() - logOfTwo
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    let x = (value - location) / scale
    return 0.5 - 0.5 * x.sign() * (-x.magnitude()).expMinusOne()
  }

  public func quantile(of probability: Tensor) -> Tensor {
    let side = probability - 0.5
    return location - scale * side.sign() * (-2 * side.magnitude()).logOnePlus()
  }

  public func klDivergence(to other: Laplace) -> Tensor {
    let distance = (location - other.location).magnitude()
    let ratio = scale / other.scale
    return ratio * (-distance / scale).exp() + distance / other.scale - ratio.log() - 1
  }
}

/// The logistic distribution, whose distribution function is sigmoid((x − location)/scale).
public struct Logistic: EntropyDistribution, CumulativeDistribution {
  /// The value for x = 0.
  public let location: Tensor
  /// The positive factor of x.
  public let scale: Tensor

  /// Creates distributions from locations and positive scales, which are broadcast.
  public init(location: Tensor, scale: Tensor) { (self.location, self.scale) = broadcast(location, scale) }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { location }
  public var variance: Tensor { scale.squared() * (Double.pi * Double.pi / 3) }
  public var entropy: Tensor { scale.log() + 2 }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: location.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let x = (value - location) / scale
    return x.logSigmoid() + (-x).logSigmoid() - scale.log()
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { ((value - location) / scale).sigmoid() }
  public func quantile(of probability: Tensor) -> Tensor { location + scale * probability.logit() }
}

/// The Gumbel distribution, whose distribution function is exp(−exp(−(x − location)/scale)) (PyTorch's `Gumbel`).
public struct Gumbel: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The value for x = 0.
  public let location: Tensor
  /// The positive factor of x.
  public let scale: Tensor

  /// Creates distributions from locations and positive scales, which are broadcast.
  public init(location: Tensor, scale: Tensor) { (self.location, self.scale) = broadcast(location, scale) }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { location + scale * eulerConstant }
  public var variance: Tensor { scale.squared() * (Double.pi * Double.pi / 6) }
  public var entropy: Tensor { scale.log() + (1 + eulerConstant) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: location.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let x = (location - value) / scale
    return x - x.exp() - scale.log()
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { (-((location - value) / scale).exp()).exp() }
  public func quantile(of probability: Tensor) -> Tensor { location - scale * (-probability.log()).log() }

  public func klDivergence(to other: Gumbel) -> Tensor {
    let ratio = scale / other.scale
    let distance = (location - other.location) / other.scale
    return distance + ((1 + ratio).logGamma() - distance).exp() - ratio.log() + eulerConstant * ratio
      - (1 + eulerConstant)
  }
}

/// The Cauchy distribution with density 1/(π·scale·(1 + ((x − location)/scale)²)) (PyTorch's `Cauchy`). It has neither a mean
/// (NaN) nor a finite variance.
public struct Cauchy: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The value for x = 0.
  public let location: Tensor
  /// The positive factor of x.
  public let scale: Tensor

  /// Creates distributions from locations and positive scales, which are broadcast.
  public init(location: Tensor, scale: Tensor) { (self.location, self.scale) = broadcast(location, scale) }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { .full(like: location, .nan) }
  public var variance: Tensor { .full(like: location, .infinity) }
  public var entropy: Tensor { scale.log() + (2 * logOfTwo + logPi) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: location.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    -((value - location) / scale).squared().logOnePlus() - scale.log() - logPi
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    ((value - location) / scale).atan() / Double.pi + 0.5
  }

  public func quantile(of probability: Tensor) -> Tensor {
    location + scale * ((probability - 0.5) * Double.pi).tan()
  }

  public func klDivergence(to other: Cauchy) -> Tensor {
    let square = (scale + other.scale).squared() + (location - other.location).squared()
    return square.log() - scale.log() - other.scale.log() - 2 * logOfTwo
  }
}

/// The distribution of |x| for a Cauchy x with location 0 (PyTorch's `HalfCauchy`). The mean and the variance are infinite. The
/// log probability below 0 is −∞.
public struct HalfCauchy: EntropyDistribution, CumulativeDistribution, DivergenceDistribution {
  /// The scale of the Cauchy distribution.
  public let scale: Tensor

  /// Creates distributions from the positive scale of x.
  public init(scale: Tensor) { self.scale = scale }

  public var batchShape: [Int] { scale.shape }
  public var mean: Tensor { .full(like: scale, .infinity) }
  public var variance: Tensor { mean }
  public var entropy: Tensor { both.entropy - logOfTwo }
  /// The distribution of x.
  private var both: Cauchy { Cauchy(location: .zeros(like: scale), scale: scale) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    both.sample(shape, using: random).magnitude()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (both.logProbability(of: value) + logOfTwo).replacing(with: -.infinity, where: value .< 0)
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { (value.relu() / scale).atan() * (2 / Double.pi) }
  public func quantile(of probability: Tensor) -> Tensor { scale * (probability * (Double.pi / 2)).tan() }
  public func klDivergence(to other: HalfCauchy) -> Tensor { both.klDivergence(to: other.both) }
}
