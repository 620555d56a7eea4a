import NeuralNetworks

/// An invertible function of numbers, for `TransformedDistribution` (PyTorch's `Transform`).
public struct DistributionTransform: Sendable {
  /// Returns y = f(x).
  let forward: @Sendable (Tensor) -> Tensor
  /// Returns x for y = f(x).
  let inverse: @Sendable (Tensor) -> Tensor
  /// Returns ln |f′(x)| for x, in its shape.
  let logDerivative: @Sendable (Tensor) -> Tensor
  /// Whether f decreases; nil if it always increases.
  let isDecreasing: Tensor?
  /// The shape of the parameters.
  let shape: [Int]

  private init(
    isDecreasing: Tensor?, shape: [Int], forward: @escaping @Sendable (Tensor) -> Tensor,
    inverse: @escaping @Sendable (Tensor) -> Tensor, logDerivative: @escaping @Sendable (Tensor) -> Tensor
  ) {
    (self.isDecreasing, self.shape, self.forward) = (isDecreasing, shape, forward)
    (self.inverse, self.logDerivative) = (inverse, logDerivative)
  }

  /// Creates an increasing function that has no parameters with axes.
  /// - Parameters:
  ///   - forward: Returns y = f(x).
  ///   - inverse: Returns x for y = f(x).
  ///   - logDerivative: Returns ln f′(x) for x, in its shape.
  public init(
    forward: @escaping @Sendable (Tensor) -> Tensor, inverse: @escaping @Sendable (Tensor) -> Tensor,
    logDerivative: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.init(isDecreasing: nil, shape: [], forward: forward, inverse: inverse, logDerivative: logDerivative)
  }

  /// eˣ (PyTorch's `ExpTransform`).
  public static let exp = DistributionTransform {
    $0.exp()
  } inverse: {
    $0.log()
  } logDerivative: {
    $0
  }

  /// sigmoid(x) (PyTorch's `SigmoidTransform`).
  public static let sigmoid = DistributionTransform {
    $0.sigmoid()
  } inverse: {
    $0.logit()
  } logDerivative: {
    $0.logSigmoid() + (-$0).logSigmoid()
  }

  /// tanh(x) (PyTorch's `TanhTransform`).
  public static let tanh = DistributionTransform {
    $0.tanh()
  } inverse: {
    $0.atanh()
  } logDerivative: {
    2 * (logOfTwo - $0 - (-2 * $0).softplus())
  }

  /// Returns location + scale·x (PyTorch's `AffineTransform`). The scale is not 0; both are broadcast to the draws.
  public static func affine(location: Tensor, scale: Tensor) -> DistributionTransform {
    let shape = broadcastShape(location.shape, scale.shape)
    return DistributionTransform(isDecreasing: scale.detached() .< 0, shape: shape) {
      location + scale * $0
    } inverse: {
      ($0 - location) / scale
    } logDerivative: {
      scale.magnitude().log().broadcast(to: broadcastShape(shape, $0.shape))
    }
  }
}

/// The distribution of a function of draws: each transform is applied in turn, elementwise (PyTorch's
/// `TransformedDistribution`). Draws have gradients with respect to the parameters of the transforms, and those of the base.
///
/// ```swift
/// let position = TransformedDistribution(
///   Normal(mean: Tensor(0), standardDeviation: Tensor(1)), .sigmoid, .affine(location: Tensor(2), scale: Tensor(-3)))
/// ```
///
/// Log probabilities invert the transforms. The mean and the variance have no closed form and are NaN.
public struct TransformedDistribution<Base: Distribution>: Distribution {
  /// The distribution before the transforms.
  public let base: Base
  /// The transforms, in the order in which they are applied to draws.
  public let transforms: [DistributionTransform]

  /// Creates the distribution of draws after all transforms, whose parameters are broadcast to the draws.
  public init(_ base: Base, _ transforms: DistributionTransform...) {
    let shape = base.batchShape + base.eventShape
    for transform in transforms where broadcastShape(transform.shape, shape) != shape {
      ProgrammerError.end(
        "TransformedDistribution: a transform with parameters of shape \(transform.shape) for draws of shape \(shape)")
    }
    (self.base, self.transforms) = (base, transforms)
  }

  public var batchShape: [Int] { base.batchShape }
  public var eventShape: [Int] { base.eventShape }
  public var mean: Tensor { .full(like: base.mean, .nan) }
  public var variance: Tensor { mean }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    transformed(base.sample(shape, using: random))
  }

  public func logProbability(of value: Tensor) -> Tensor {
    var (x, logDerivatives) = (value, [Tensor]())
    for transform in transforms.reversed() {
      x = transform.inverse(x)
      logDerivatives.append(transform.logDerivative(x).sumOfLastAxes(eventShape.count))
    }
    return logDerivatives.reduce(base.logProbability(of: x), -)
  }

  private func transformed(_ x: Tensor) -> Tensor { transforms.reduce(x) { $1.forward($0) } }
}

extension TransformedDistribution: CumulativeDistribution where Base: CumulativeDistribution {
  public func cumulativeProbability(of value: Tensor) -> Tensor {
    oriented(base.cumulativeProbability(of: transforms.reversed().reduce(value) { $1.inverse($0) }))
  }

  public func quantile(of probability: Tensor) -> Tensor {
    transformed(base.quantile(of: oriented(probability)))
  }

  /// Replaces probabilities p by 1 − p where an odd number of transforms decreases.
  private func oriented(_ probability: Tensor) -> Tensor {
    transforms.compactMap(\.isDecreasing).reduce(probability) { $0.replacing(with: 1 - $0, where: $1) }
  }
}
