import NeuralNetworks

/// The distribution of 1/x for a gamma x, with density rateᵅ·x⁻ᵅ⁻¹·exp(−rate/x)/Γ(α), where α is the concentration (PyTorch's
/// `InverseGamma`). Draws have gradients, as those of `Gamma`.
///
/// The mean is infinite for α ≤ 1, and the variance for α ≤ 2.
public struct InverseGamma: EntropyDistribution, DivergenceDistribution {
  /// The distribution of the inverses.
  private let inverse: Gamma

  /// Creates distributions from positive concentrations and rates, which are broadcast.
  public init(concentration: Tensor, rate: Tensor) { inverse = Gamma(concentration: concentration, rate: rate) }

  /// The positive concentration α.
  public var concentration: Tensor { inverse.concentration }
  /// The positive rate of the gamma distribution, the scale of this one.
  public var rate: Tensor { inverse.rate }
  public var batchShape: [Int] { inverse.batchShape }
  public var mean: Tensor { (rate / (concentration - 1)).replacing(with: .infinity, where: concentration .<= 1) }
  public var variance: Tensor {
    ((rate / (concentration - 1)).squared() / (concentration - 2)).replacing(
      with: .infinity, where: concentration .<= 2)
  }
  public var entropy: Tensor {
    concentration + rate.log() + concentration.logGamma() - (1 + concentration) * concentration.digamma()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    rate * (-Gamma.logarithmOfStandardDraw(concentration, shape, random)).exp()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    concentration * rate.log() - (concentration + 1) * value.log() - rate / value - concentration.logGamma()
  }

  public func klDivergence(to other: InverseGamma) -> Tensor { inverse.klDivergence(to: other.inverse) }
}

/// The F distribution: the ratio of two chi-squared numbers, each divided by its degrees of freedom (PyTorch's
/// `FisherSnedecor`). Draws have gradients, as those of `Gamma`.
///
/// The mean is NaN for up to 2 degrees of freedom of the denominator, and the variance for up to 4, as in PyTorch.
public struct FisherSnedecor: EntropyDistribution {
  /// The positive degrees of freedom of the numerator (PyTorch's `df1`).
  public let numerator: Tensor
  /// The positive degrees of freedom of the denominator (PyTorch's `df2`).
  public let denominator: Tensor

  /// Creates distributions from positive degrees of freedom, which are broadcast.
  /// - Parameters:
  ///   - numerator: The degrees of freedom of the numerator.
  ///   - denominator: The degrees of freedom of the denominator.
  public init(numerator: Tensor, denominator: Tensor) {
    (self.numerator, self.denominator) = broadcast(numerator, denominator)
  }

  public var batchShape: [Int] { numerator.shape }
  public var mean: Tensor { (denominator / (denominator - 2)).replacing(with: .nan, where: denominator .<= 2) }
  public var variance: Tensor {
    let ratio = denominator / (denominator - 2)
    return (2 * ratio.squared() * (numerator + denominator - 2) / (numerator * (denominator - 4))).replacing(
      with: .nan, where: denominator .<= 4)
  }
  public var entropy: Tensor {
    let (a, b) = (numerator / 2, denominator / 2)
    return logBeta + (b / a).log() - (a - 1) * a.digamma() - (b + 1) * b.digamma() + (a + b) * (a + b).digamma()
  }
  /// ln B(a, b) of half the degrees of freedom.
  private var logBeta: Tensor {
    (numerator / 2).logGamma() + (denominator / 2).logGamma() - ((numerator + denominator) / 2).logGamma()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let logarithm =
      Gamma.logarithmOfStandardDraw(numerator / 2, shape, random)
      - Gamma.logarithmOfStandardDraw(denominator / 2, shape, random)
    return denominator / numerator * logarithm.exp()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let (a, b, ratio) = (numerator / 2, denominator / 2, numerator / denominator)
    return a * ratio.log() + (a - 1).xlogy(value) - (a + b) * (ratio * value).logOnePlus() - logBeta
  }
}
