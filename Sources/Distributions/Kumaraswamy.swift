import NeuralNetworks

/// The Kumaraswamy distribution on the numbers from 0 to 1 with the distribution function 1 − (1 − xᵅ)ᵝ, which resembles the
/// beta distribution (PyTorch's `Kumaraswamy`).
public struct Kumaraswamy: EntropyDistribution, CumulativeDistribution {
  /// The positive exponent α (PyTorch's `concentration1`).
  public let alpha: Tensor
  /// The positive exponent β (PyTorch's `concentration0`).
  public let beta: Tensor

  /// Creates distributions from positive α and β, which are broadcast.
  public init(alpha: Tensor, beta: Tensor) { (self.alpha, self.beta) = broadcast(alpha, beta) }

  public var batchShape: [Int] { alpha.shape }
  public var mean: Tensor { moment(1) }
  public var variance: Tensor { moment(2) - mean.squared() }
  public var entropy: Tensor {
    let harmonic = (beta + 1).digamma() + eulerConstant
    return 1 - beta.reciprocal() + (1 - alpha.reciprocal()) * harmonic - alpha.log() - beta.log()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    quantile(of: alpha.openUniform(shape, random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    alpha.log() + beta.log() + (alpha - 1).xlogy(value) + (beta - 1).xlogy(complement(value))
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor {
    -(beta * complement(value).log()).expMinusOne()
  }

  public func quantile(of probability: Tensor) -> Tensor {
    (-((-probability).logOnePlus() / beta).expMinusOne()).power(alpha.reciprocal())
  }

  /// 1 − xᵅ.
  private func complement(_ value: Tensor) -> Tensor { -(alpha * value.log()).expMinusOne() }

  /// The mean of xⁿ, β·B(1 + n/α, β).
  private func moment(_ order: Double) -> Tensor {
    let a = 1 + order / alpha
    return beta * (a.logGamma() + beta.logGamma() - (a + beta).logGamma()).exp()
  }
}
