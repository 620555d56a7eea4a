import NeuralNetworks

// Continuous distributions whose draws have gradients and are near those of distributions of classes (Maddison et al., The
// concrete distribution, 2017).

/// A relaxed Bernoulli distribution on the numbers between 0 and 1 (PyTorch's `RelaxedBernoulli`): the sigmoid of a logistic
/// number. Draws have gradients; the lower the temperature, the nearer they are to 0 or 1.
///
/// The mean and the variance have no closed form and are NaN.
public struct RelaxedBernoulli: CumulativeDistribution {
  /// The positive temperature.
  public let temperature: Tensor
  private let bernoulli: Bernoulli

  /// Creates distributions from positive temperatures and the probabilities of 1, which are broadcast.
  public init(temperature: Tensor, probabilities: Tensor) {
    let (temperature, probabilities) = broadcast(temperature, probabilities)
    (self.temperature, bernoulli) = (temperature, Bernoulli(probabilities: probabilities))
  }

  /// Creates distributions from positive temperatures and the logits of 1, which are broadcast.
  public init(temperature: Tensor, logits: Tensor) {
    let (temperature, logits) = broadcast(temperature, logits)
    (self.temperature, bernoulli) = (temperature, Bernoulli(logits: logits))
  }

  /// The probabilities of 1.
  public var probabilities: Tensor { bernoulli.probabilities }
  /// ln(p/(1 − p)).
  public var logits: Tensor { bernoulli.logits }
  public var batchShape: [Int] { temperature.shape }
  public var mean: Tensor { .full(like: temperature, .nan) }
  public var variance: Tensor { mean }
  /// The distribution of the logits of the values.
  private var logistic: Logistic { Logistic(location: logits / temperature, scale: temperature.reciprocal()) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    logistic.sample(shape, using: random).sigmoid()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    logistic.logProbability(of: value.logit()) - value.log() - (-value).logOnePlus()
  }

  public func cumulativeProbability(of value: Tensor) -> Tensor { logistic.cumulativeProbability(of: value.logit()) }
  public func quantile(of probability: Tensor) -> Tensor { logistic.quantile(of: probability).sigmoid() }
}

/// A relaxed distribution of classes as vectors of shares with the sum 1 (PyTorch's `RelaxedOneHotCategorical`): the softmax of
/// (logits + Gumbel numbers)/temperature. Draws have gradients; the lower the temperature, the nearer they are to vectors of
/// zeros and a 1.
///
/// The mean and the variance have no closed form and are NaN.
public struct RelaxedOneHotCategorical: Distribution {
  /// The positive temperature, with the batch shape.
  public let temperature: Tensor
  /// The logarithms of the probabilities, `[..., classes]`.
  public let logits: Tensor

  /// Creates distributions from positive temperatures and numbers proportional to the probabilities, `[..., classes]`.
  /// Temperatures are broadcast against the leading axes.
  public init(temperature: Tensor, probabilities: Tensor) {
    self.init(temperature, Categorical(probabilities: probabilities))
  }

  /// Creates distributions from positive temperatures and unnormalized logarithms of probabilities, `[..., classes]`.
  /// Temperatures are broadcast against the leading axes.
  public init(temperature: Tensor, logits: Tensor) { self.init(temperature, Categorical(logits: logits)) }

  private init(_ temperature: Tensor, _ categorical: Categorical) {
    let batch = broadcastShape(temperature.shape, categorical.batchShape)
    self.temperature = temperature.broadcast(to: batch)
    logits = categorical.logits.broadcast(to: batch + categorical.logits.shape.suffix(1))
  }

  /// The probabilities, `[..., classes]`.
  public var probabilities: Tensor { logits.exp() }
  public var batchShape: [Int] { temperature.shape }
  public var eventShape: [Int] { logits.shape.suffix(1) }
  public var mean: Tensor { .full(like: logits, .nan) }
  public var variance: Tensor { mean }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let gumbel = Gumbel(location: logits, scale: .ones(like: logits))
    return (gumbel.sample(shape, using: random) / temperature.expanded(axis: -1)).softmax()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let (logarithm, others) = (value.log(), Double(logits.shape.last ?? 1) - 1)
    let scores = (logits - temperature.expanded(axis: -1) * logarithm).logSoftmax()
    return (scores - logarithm).sum(axis: -1) + others * temperature.log() + logFactorial(others, like: temperature)
  }
}

/// The distribution of classes as vectors of zeros and a 1, whose draws have the gradient of the probabilities (PyTorch's
/// `OneHotCategoricalStraightThrough`; Bengio et al., Estimating or propagating gradients through stochastic neurons, 2013).
/// This gradient is biased, but it varies little.
public struct OneHotCategoricalStraightThrough: EntropyDistribution, DivergenceDistribution {
  /// The same distribution, whose draws have no gradient.
  public let oneHot: OneHotCategorical

  /// Creates distributions from numbers proportional to the probabilities, `[..., classes]`, with a positive sum.
  public init(probabilities: Tensor) { oneHot = OneHotCategorical(probabilities: probabilities) }
  /// Creates distributions from unnormalized logarithms of probabilities, `[..., classes]`.
  public init(logits: Tensor) { oneHot = OneHotCategorical(logits: logits) }

  public var batchShape: [Int] { oneHot.batchShape }
  public var eventShape: [Int] { oneHot.eventShape }
  public var mean: Tensor { oneHot.mean }
  public var variance: Tensor { oneHot.variance }
  public var entropy: Tensor { oneHot.entropy }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    oneHot.sample(shape, using: random) + (mean - mean.detached())
  }

  public func logProbability(of value: Tensor) -> Tensor { oneHot.logProbability(of: value) }
  public func klDivergence(to other: OneHotCategoricalStraightThrough) -> Tensor {
    oneHot.klDivergence(to: other.oneHot)
  }
}
