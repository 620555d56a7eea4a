import NeuralNetworks

/// The Bernoulli distribution: 1 with a probability, else 0 (PyTorch's `Bernoulli`). Values and draws are floating point; draws
/// have no gradient.
public struct Bernoulli: EntropyDistribution, DivergenceDistribution {
  /// The probabilities of 1.
  public let probabilities: Tensor
  /// ln(p/(1 − p)).
  public let logits: Tensor

  /// Creates distributions from the probabilities of 1. For `logits`, they are limited to the range from 2⁻²³ to 1 − 2⁻²³
  /// (2⁻⁵² for float64), as in PyTorch.
  public init(probabilities: Tensor) {
    (self.probabilities, logits) = (probabilities, probabilities.limitedLogit)
  }

  /// Creates distributions from logits: p = sigmoid(logits).
  public init(logits: Tensor) { (probabilities, self.logits) = (logits.sigmoid(), logits) }

  public var batchShape: [Int] { logits.shape }
  public var mean: Tensor { probabilities }
  public var variance: Tensor { probabilities * (1 - probabilities) }
  public var entropy: Tensor { logits.softplus() - logits * probabilities }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let uniform = Tensor.uniform(shape + batchShape, using: random, dtype: logits.dtype, on: logits.device)
    return (uniform .< probabilities.detached()).cast(to: logits.dtype)
  }

  public func logProbability(of value: Tensor) -> Tensor { value * logits - logits.softplus() }

  public func klDivergence(to other: Bernoulli) -> Tensor {
    probabilities * (logits - other.logits) - logits.softplus() + other.logits.softplus()
  }
}

/// The geometric distribution: the number of failures before the first success (PyTorch's `Geometric`). Draws have no
/// gradient.
public struct Geometric: EntropyDistribution, DivergenceDistribution {
  private let success: Bernoulli

  /// Creates distributions from the probabilities of a success, which are above 0.
  public init(probabilities: Tensor) { success = Bernoulli(probabilities: probabilities) }
  /// Creates distributions from the logits of a success: p = sigmoid(logits).
  public init(logits: Tensor) { success = Bernoulli(logits: logits) }

  /// The probabilities of a success.
  public var probabilities: Tensor { success.probabilities }
  /// ln(p/(1 − p)).
  public var logits: Tensor { success.logits }
  public var batchShape: [Int] { success.batchShape }
  public var mean: Tensor { probabilities.reciprocal() - 1 }
  public var variance: Tensor { mean / probabilities }
  public var entropy: Tensor { success.entropy / probabilities }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let failure = (-probabilities.detached()).logOnePlus()
    return (probabilities.openUniform(shape, random).log() / failure).floor()
  }

  public func logProbability(of value: Tensor) -> Tensor { logits.logSigmoid() - value * logits.softplus() }

  public func klDivergence(to other: Geometric) -> Tensor {
    other.logits.softplus() / probabilities - entropy - other.logits
  }
}

/// The binomial distribution: the number of successes in `totalCount` independent trials (PyTorch's `Binomial`). Draws have no
/// gradient; they take memory for each trial.
public struct Binomial: EntropyDistribution {
  /// The number of trials.
  public let totalCount: Int
  private let success: Bernoulli

  /// Creates distributions from a number of trials and the probabilities of a success.
  public init(totalCount: Int, probabilities: Tensor) {
    requireCount("Binomial", totalCount)
    (self.totalCount, success) = (totalCount, Bernoulli(probabilities: probabilities))
  }

  /// Creates distributions from a number of trials and the logits of a success: p = sigmoid(logits).
  public init(totalCount: Int, logits: Tensor) {
    requireCount("Binomial", totalCount)
    (self.totalCount, success) = (totalCount, Bernoulli(logits: logits))
  }

  /// The probabilities of a success.
  public var probabilities: Tensor { success.probabilities }
  /// ln(p/(1 − p)).
  public var logits: Tensor { success.logits }
  public var batchShape: [Int] { success.batchShape }
  public var mean: Tensor { probabilities * Double(totalCount) }
  public var variance: Tensor { success.variance * Double(totalCount) }
  /// The entropy, as a sum over all values.
  public var entropy: Tensor {
    let terms = logProbabilitiesOfCounts()
    return -(terms.exp() * terms).sum(axis: 0)
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    success.sample([totalCount] + shape, using: random).sum(axis: 0)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let choices =
      logFactorial(Double(totalCount), like: value) - (value + 1).logGamma()
      - (Double(totalCount + 1) - value).logGamma()
    return choices + value * logits - Double(totalCount) * logits.softplus()
  }

  /// Returns KL(self ‖ other) for the same number of trials.
  public func klDivergence(to other: Binomial) -> Tensor {
    if totalCount != other.totalCount {
      ProgrammerError.end("Binomial: the total counts are \(totalCount) and \(other.totalCount), expected equal ones")
    }
    return success.klDivergence(to: other.success) * Double(totalCount)
  }

  /// The log probabilities of 0, 1, …, as the first axis before the batch shape.
  func logProbabilitiesOfCounts() -> Tensor {
    let counts = Tensor.range(0..<totalCount + 1, dtype: logits.dtype, on: logits.device)
    return logProbability(of: counts.reshaped([totalCount + 1] + logits.shape.map { _ in 1 }))
  }
}

/// ln n!, as a number of the element type and device of a tensor.
func logFactorial(_ n: Double, like x: Tensor) -> Tensor {
  Tensor.full([], n + 1, dtype: x.dtype, on: x.device).logGamma()
}

/// The Poisson distribution of counts with the probabilities rateᵏ·exp(−rate)/k! (PyTorch's `Poisson`). Draws have no gradient.
public struct Poisson: DivergenceDistribution {
  /// The mean.
  public let rate: Tensor

  /// Creates distributions from positive rates, which are the means.
  public init(rate: Tensor) { self.rate = rate }

  public var batchShape: [Int] { rate.shape }
  public var mean: Tensor { rate }
  public var variance: Tensor { rate }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    .poisson(rates: rate.broadcast(to: shape + batchShape), using: random)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    value.xlogy(rate) - rate - (value + 1).logGamma()
  }

  public func klDivergence(to other: Poisson) -> Tensor {
    rate * (rate / other.rate).log() - (rate - other.rate)
  }
}
