import NeuralNetworks

/// A distribution whose last batch axes become axes of the event: one draw consists of independent numbers, whose log
/// probabilities are added (PyTorch's `Independent`).
///
/// ```swift
/// let noise = Independent(Normal(mean: means, standardDeviation: deviations), axes: 1)  // of vectors
/// ```
public struct Independent<Base: Distribution>: Distribution {
  /// The distribution of the elements.
  public let base: Base
  /// The number of batch axes that belong to the event.
  public let axes: Int

  /// Creates the distribution from that of the elements and a number of its batch axes.
  public init(_ base: Base, axes: Int) {
    guard 0...base.batchShape.count ~= axes else {
      ProgrammerError.end("Independent: \(axes) axes of the batch shape \(base.batchShape)")
    }
    (self.base, self.axes) = (base, axes)
  }

  public var batchShape: [Int] { base.batchShape.dropLast(axes) }
  public var eventShape: [Int] { base.batchShape.suffix(axes) + base.eventShape }
  public var mean: Tensor { base.mean }
  public var variance: Tensor { base.variance }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor { base.sample(shape, using: random) }
  public func logProbability(of value: Tensor) -> Tensor { base.logProbability(of: value).sumOfLastAxes(axes) }
}

extension Independent: EntropyDistribution where Base: EntropyDistribution {
  public var entropy: Tensor { base.entropy.sumOfLastAxes(axes) }
}

extension Independent: DivergenceDistribution where Base: DivergenceDistribution {
  public func klDivergence(to other: Independent) -> Tensor {
    if axes != other.axes {
      ProgrammerError.end("Independent: \(axes) and \(other.axes) axes of events, expected equal ones")
    }
    return base.klDivergence(to: other.base).sumOfLastAxes(axes)
  }
}

/// A mixture: a component, drawn from a categorical distribution, is the distribution of the draw (PyTorch's
/// `MixtureSameFamily`). The last batch axis of the components is that of the classes.
///
/// Draws have gradients with respect to the components, but not to the weights.
public struct Mixture<Component: Distribution>: Distribution {
  /// The distribution of the class.
  public let weights: Categorical
  /// The distributions of the classes, with the batch shape `[..., classes]`.
  public let components: Component

  /// Creates mixtures from weights and the distributions of the classes, whose batch shape is that of the logits.
  public init(weights: Categorical, components: Component) {
    if components.batchShape != weights.logits.shape {
      ProgrammerError.end(
        "Mixture: weights of shape \(weights.logits.shape) for components of the batch shape \(components.batchShape)")
    }
    (self.weights, self.components) = (weights, components)
  }

  public var batchShape: [Int] { weights.batchShape }
  public var eventShape: [Int] { components.eventShape }
  public var mean: Tensor { weighted(components.mean, weights.probabilities) }
  public var variance: Tensor {
    weighted(components.variance + components.mean.squared(), weights.probabilities) - mean.squared()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let classes = weights.logits.shape.last ?? 0
    let draws = components.sample(shape, using: random)
    let chosen = weights.sample(shape, using: random).oneHot(classes: classes)
    // A product with 0 would make infinite draws of the other classes NaN.
    let isOther = chosen.reshaped(chosen.shape + eventShape.map { _ in 1 }) .== 0
    return draws.replacing(with: 0, where: isOther).sum(axis: -1 - eventShape.count)
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let axis = value.rank - eventShape.count
    return (components.logProbability(of: value.expanded(axis: axis)) + weights.logits).logSumExp(axis: -1)
  }

  /// The sum over the classes of elements `[..., classes, event]` times shares `[..., classes]`.
  private func weighted(_ elements: Tensor, _ shares: Tensor) -> Tensor {
    let aligned = shares.reshaped(shares.shape + eventShape.map { _ in 1 })
    return (elements * aligned).sum(axis: -1 - eventShape.count)
  }
}
