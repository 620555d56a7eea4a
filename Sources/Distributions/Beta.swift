import NeuralNetworks

/// The beta distribution with density xᵅ⁻¹·(1 − x)ᵝ⁻¹/B(α, β) on the numbers from 0 to 1 (PyTorch's `Beta`). Draws have
/// gradients, as those of `Gamma`.
public struct Beta: EntropyDistribution, DivergenceDistribution {
  /// The positive exponent α (PyTorch's `concentration1`).
  public let alpha: Tensor
  /// The positive exponent β (PyTorch's `concentration0`).
  public let beta: Tensor

  /// Creates distributions from positive α and β, which are broadcast.
  public init(alpha: Tensor, beta: Tensor) { (self.alpha, self.beta) = broadcast(alpha, beta) }

  public var batchShape: [Int] { alpha.shape }
  public var mean: Tensor { alpha / total }
  public var variance: Tensor { mean * (beta / total) / (total + 1) }
  public var entropy: Tensor {
    logBeta - (alpha - 1) * alpha.digamma() - (beta - 1) * beta.digamma() + (total - 2) * total.digamma()
  }
  private var total: Tensor { alpha + beta }
  /// ln B(α, β).
  private var logBeta: Tensor { alpha.logGamma() + beta.logGamma() - total.logGamma() }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    (Gamma.logarithmOfStandardDraw(alpha, shape, random) - Gamma.logarithmOfStandardDraw(beta, shape, random)).sigmoid()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (alpha - 1).xlogy(value) + (beta - 1).xlogy(1 - value) - logBeta
  }

  public func klDivergence(to other: Beta) -> Tensor {
    other.logBeta - logBeta + (alpha - other.alpha) * alpha.digamma() + (beta - other.beta) * beta.digamma()
      + (other.total - total) * total.digamma()
  }
}

/// The Dirichlet distribution of K shares with the sum 1, with density proportional to the product of xₖ^(αₖ − 1)
/// (PyTorch's `Dirichlet`). Draws have gradients, as those of `Gamma`.
public struct Dirichlet: EntropyDistribution, DivergenceDistribution {
  /// The positive concentrations α, `[..., K]`.
  public let concentration: Tensor

  /// Creates distributions from positive concentrations, `[..., K]`.
  public init(concentration: Tensor) {
    requireClasses("Dirichlet", concentration)
    self.concentration = concentration
  }

  public var batchShape: [Int] { concentration.shape.dropLast() }
  public var eventShape: [Int] { concentration.shape.suffix(1) }
  public var mean: Tensor { concentration / concentration.sum(axis: -1, keepingRank: true) }
  public var variance: Tensor {
    mean * (1 - mean) / (concentration.sum(axis: -1, keepingRank: true) + 1)
  }
  public var entropy: Tensor {
    logNormalizer + (total - Double(concentration.shape.last ?? 0)) * total.digamma()
      - ((concentration - 1) * concentration.digamma()).sum(axis: -1)
  }
  private var total: Tensor { concentration.sum(axis: -1) }
  private var logNormalizer: Tensor { concentration.logGamma().sum(axis: -1) - total.logGamma() }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    Gamma.logarithmOfStandardDraw(concentration, shape, random).softmax()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    (concentration - 1).xlogy(value).sum(axis: -1) - logNormalizer
  }

  public func klDivergence(to other: Dirichlet) -> Tensor {
    let difference = concentration - other.concentration
    let digamma = concentration.digamma() - total.digamma().expanded(axis: -1)
    return other.logNormalizer - logNormalizer + (difference * digamma).sum(axis: -1)
  }
}
