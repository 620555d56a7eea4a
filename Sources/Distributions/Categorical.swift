import NeuralNetworks

/// The distribution of class indices (PyTorch's `Categorical`). Values and draws are int32; draws have no gradient.
/// Classes have no order, so the mean and the variance are NaN.
public struct Categorical: EntropyDistribution, DivergenceDistribution {
  /// The logarithms of the probabilities, `[..., classes]`.
  public let logits: Tensor

  /// Creates distributions from numbers proportional to the probabilities, `[..., classes]`, with a positive sum.
  public init(probabilities: Tensor) {
    requireClasses("Categorical", probabilities)
    let shares = probabilities / probabilities.sum(axis: -1, keepingRank: true)
    // The logarithm of 0 would make the entropy NaN.
    logits = shares.maximum(Double(Float.leastNormalMagnitude)).log()
  }

  /// Creates distributions from unnormalized logarithms of probabilities, `[..., classes]`.
  public init(logits: Tensor) {
    requireClasses("Categorical", logits)
    self.logits = logits.logSoftmax()
  }

  /// The probabilities, `[..., classes]`.
  public var probabilities: Tensor { logits.exp() }
  public var batchShape: [Int] { logits.shape.dropLast() }
  public var mean: Tensor { .full(batchShape, .nan, dtype: logits.dtype, on: logits.device) }
  public var variance: Tensor { mean }
  public var entropy: Tensor { -(probabilities * ofPossible(logits)).sum(axis: -1) }

  /// Logarithms with 0 for classes of the probability 0: they count nothing in a mean, and −∞ would make it NaN.
  private func ofPossible(_ logits: Tensor) -> Tensor { logits.replacing(with: 0, where: probabilities .== 0) }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    .categorical(logits: logits.broadcast(to: shape + logits.shape), using: random)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let shape = broadcastShape(value.shape, batchShape)
    let logits = logits.broadcast(to: shape + [self.logits.shape.last ?? 0])
    let index = value.broadcast(to: shape).expanded(axis: -1)
    return logits.gathered(index, axis: -1).squeezed(axis: -1)
  }

  public func klDivergence(to other: Categorical) -> Tensor {
    (probabilities * (ofPossible(logits) - ofPossible(other.logits))).sum(axis: -1)
  }
}

/// The distribution of classes as vectors of zeros and a 1 (PyTorch's `OneHotCategorical`). Draws have no gradient.
public struct OneHotCategorical: EntropyDistribution, DivergenceDistribution {
  /// The distribution of the positions of the 1.
  public let categorical: Categorical

  /// Creates distributions from numbers proportional to the probabilities, `[..., classes]`, with a positive sum.
  public init(probabilities: Tensor) { categorical = Categorical(probabilities: probabilities) }
  /// Creates distributions from unnormalized logarithms of probabilities, `[..., classes]`.
  public init(logits: Tensor) { categorical = Categorical(logits: logits) }

  public var batchShape: [Int] { categorical.batchShape }
  public var eventShape: [Int] { categorical.logits.shape.suffix(1) }
  public var mean: Tensor { categorical.probabilities }
  public var variance: Tensor { mean * (1 - mean) }
  public var entropy: Tensor { categorical.entropy }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    categorical.sample(shape, using: random).oneHot(classes: eventShape.last ?? 0).cast(to: mean.dtype)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let logits = categorical.logits
    // Classes that do not occur count nothing, even if they are impossible.
    let isAbsent = (value .== 0) .& (logits .== -Double.infinity)
    return (value * logits.replacing(with: 0, where: isAbsent)).sum(axis: -1)
  }

  public func klDivergence(to other: OneHotCategorical) -> Tensor {
    categorical.klDivergence(to: other.categorical)
  }
}

/// The multinomial distribution: how often each class occurs in `totalCount` independent draws (PyTorch's `Multinomial`).
/// Values and draws are floating point, `[..., classes]`. Draws have no gradient; they take memory for each trial and class.
public struct Multinomial: EntropyDistribution {
  /// The number of trials.
  public let totalCount: Int
  private let trial: OneHotCategorical

  /// Creates distributions from a number of trials and numbers proportional to the probabilities, `[..., classes]`.
  public init(totalCount: Int, probabilities: Tensor) {
    requireCount("Multinomial", totalCount)
    (self.totalCount, trial) = (totalCount, OneHotCategorical(probabilities: probabilities))
  }

  /// Creates distributions from a number of trials and unnormalized logarithms of probabilities, `[..., classes]`.
  public init(totalCount: Int, logits: Tensor) {
    requireCount("Multinomial", totalCount)
    (self.totalCount, trial) = (totalCount, OneHotCategorical(logits: logits))
  }

  /// The probabilities, `[..., classes]`.
  public var probabilities: Tensor { trial.mean }
  /// The logarithms of the probabilities, `[..., classes]`.
  public var logits: Tensor { trial.categorical.logits }
  public var batchShape: [Int] { trial.batchShape }
  public var eventShape: [Int] { trial.eventShape }
  public var mean: Tensor { trial.mean * Double(totalCount) }
  public var variance: Tensor { trial.variance * Double(totalCount) }
  /// The entropy, as a sum over the counts of each class.
  public var entropy: Tensor {
    let counts = Binomial(totalCount: totalCount, probabilities: probabilities).logProbabilitiesOfCounts().exp()
    let factorials = (Tensor.range(0..<totalCount + 1, dtype: counts.dtype, on: counts.device) + 1).logGamma()
    let weights = factorials.reshaped([totalCount + 1] + logits.shape.map { _ in 1 })
    return trial.entropy * Double(totalCount) - logFactorial(Double(totalCount), like: logits)
      + (counts * weights).sum(axes: [0, -1])
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    trial.sample([totalCount] + shape, using: random).sum(axis: 0)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    trial.logProbability(of: value) + logFactorial(Double(totalCount), like: value)
      - (value + 1).logGamma().sum(axis: -1)
  }
}
