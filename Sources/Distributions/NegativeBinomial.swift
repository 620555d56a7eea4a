import NeuralNetworks

/// The negative binomial distribution: the number of successes before `totalCount` failures (PyTorch's `NegativeBinomial`).
/// It is a Poisson distribution whose rate follows a gamma distribution, so the total count can be any positive number. Draws
/// have no gradient.
public struct NegativeBinomial: Distribution {
  /// The positive number of failures.
  public let totalCount: Tensor
  private let success: Bernoulli

  /// Creates distributions from positive numbers of failures and the probabilities of a success, which are below 1. Both are
  /// broadcast.
  public init(totalCount: Tensor, probabilities: Tensor) {
    let (totalCount, probabilities) = broadcast(totalCount, probabilities)
    (self.totalCount, success) = (totalCount, Bernoulli(probabilities: probabilities))
  }

  /// Creates distributions from positive numbers of failures and the logits of a success: p = sigmoid(logits). Both are
  /// broadcast.
  public init(totalCount: Tensor, logits: Tensor) {
    let (totalCount, logits) = broadcast(totalCount, logits)
    (self.totalCount, success) = (totalCount, Bernoulli(logits: logits))
  }

  /// The probabilities of a success.
  public var probabilities: Tensor { success.probabilities }
  /// ln(p/(1 − p)).
  public var logits: Tensor { success.logits }
  public var batchShape: [Int] { totalCount.shape }
  public var mean: Tensor { totalCount * logits.exp() }
  public var variance: Tensor { mean * (1 + logits.exp()) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let rates = Gamma.standardDraw(totalCount.detached(), shape, random) * logits.detached().exp()
    return .poisson(rates: rates, using: random)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let choices = (totalCount + value).logGamma() - (value + 1).logGamma() - totalCount.logGamma()
    return choices + value * logits.logSigmoid() - totalCount * logits.softplus()
  }
}
