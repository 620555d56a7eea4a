import NeuralNetworks

/// The gamma distribution with density rateᵅ·xᵅ⁻¹·exp(−rate·x)/Γ(α), where α is the concentration (PyTorch's `Gamma`).
///
/// Draws have gradients with respect to both parameters. A draw is a differentiable function of its parameters and of one
/// normal and eight uniform numbers, so that these gradients estimate the gradients of expected values without bias. They
/// vary more than PyTorch's for small concentrations.
public struct Gamma: EntropyDistribution, DivergenceDistribution {
  /// The positive concentration α.
  public let concentration: Tensor
  /// The positive rate, the inverse of a scale.
  public let rate: Tensor

  /// Creates distributions from positive concentrations and rates, which are broadcast.
  public init(concentration: Tensor, rate: Tensor) {
    (self.concentration, self.rate) = broadcast(concentration, rate)
  }

  public var batchShape: [Int] { concentration.shape }
  public var mean: Tensor { concentration / rate }
  public var variance: Tensor { concentration / rate.squared() }
  public var entropy: Tensor {
    concentration - rate.log() + concentration.logGamma() + (1 - concentration) * concentration.digamma()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    Gamma.standardDraw(concentration, shape, random) / rate
  }

  public func logProbability(of value: Tensor) -> Tensor {
    concentration * rate.log() + (concentration - 1).xlogy(value) - rate * value - concentration.logGamma()
  }

  public func klDivergence(to other: Gamma) -> Tensor {
    other.concentration * (rate / other.rate).log() + other.concentration.logGamma() - concentration.logGamma()
      + (concentration - other.concentration) * concentration.digamma() + (other.rate - rate) * mean
  }
}

/// The chi-squared distribution: the sum of the squares of `degreesOfFreedom` standard normal numbers (PyTorch's `Chi2`).
/// Draws have gradients, as those of `Gamma`.
public struct ChiSquared: EntropyDistribution, DivergenceDistribution {
  /// The positive number of degrees of freedom.
  public let degreesOfFreedom: Tensor

  /// Creates distributions from positive degrees of freedom, which need not be whole numbers.
  public init(degreesOfFreedom: Tensor) { self.degreesOfFreedom = degreesOfFreedom }

  public var batchShape: [Int] { degreesOfFreedom.shape }
  public var mean: Tensor { degreesOfFreedom }
  public var variance: Tensor { 2 * degreesOfFreedom }
  public var entropy: Tensor { gamma.entropy }
  private var gamma: Gamma {
    Gamma(concentration: degreesOfFreedom / 2, rate: .full(like: degreesOfFreedom, 0.5))
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor { gamma.sample(shape, using: random) }
  public func logProbability(of value: Tensor) -> Tensor { gamma.logProbability(of: value) }
  public func klDivergence(to other: ChiSquared) -> Tensor { gamma.klDivergence(to: other.gamma) }
}

/// Student's t distribution of location + scale·t, with density proportional to (1 + t²/ν)^(−(ν + 1)/2) for ν degrees of
/// freedom (PyTorch's `StudentT`). Draws have gradients with respect to all parameters.
///
/// The mean is NaN for ν ≤ 1; the variance is infinite for 1 < ν ≤ 2, and NaN for ν ≤ 1.
public struct StudentT: EntropyDistribution {
  /// The positive number of degrees of freedom.
  public let degreesOfFreedom: Tensor
  /// The value for t = 0.
  public let location: Tensor
  /// The positive factor of t.
  public let scale: Tensor

  /// Creates distributions from positive degrees of freedom, locations, and positive scales, which are broadcast.
  public init(degreesOfFreedom: Tensor, location: Tensor, scale: Tensor) {
    let (location, scale) = broadcast(location, scale)
    (self.degreesOfFreedom, self.location) = broadcast(degreesOfFreedom, location)
    (_, self.scale) = broadcast(degreesOfFreedom, scale)
  }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { location.replacing(with: .nan, where: degreesOfFreedom .<= 1) }
  public var variance: Tensor {
    (scale.squared() * degreesOfFreedom / (degreesOfFreedom - 2)).replacing(
      with: .infinity, where: degreesOfFreedom .<= 2
    ).replacing(with: .nan, where: degreesOfFreedom .<= 1)
  }
  public var entropy: Tensor {
    let half = degreesOfFreedom / 2
    return scale.log() + (half + 0.5) * ((half + 0.5).digamma() - half.digamma()) + 0.5 * degreesOfFreedom.log()
      + half.logGamma() + 0.5 * logPi - (half + 0.5).logGamma()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let half = degreesOfFreedom / 2
    let share = Gamma.standardDraw(half, shape, random) / half
    return location + scale * location.standardNormal(shape, random) * share.reciprocalSquareRoot()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let (half, t) = (degreesOfFreedom / 2, (value - location) / scale)
    return (half + 0.5).logGamma() - half.logGamma() - scale.log() - 0.5 * (degreesOfFreedom.log() + logPi)
      - (half + 0.5) * (t.squared() / degreesOfFreedom).logOnePlus()
  }
}
