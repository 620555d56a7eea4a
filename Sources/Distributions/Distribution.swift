import NeuralNetworks

/// A family of probability distributions with its parameters, which are tensors of one device and element type: one distribution
/// for each element of the batch shape, as in `torch.distributions`.
///
/// ```swift
/// let prior = Normal(mean: Tensor([0, 1]), standardDeviation: Tensor(2))  // batch shape [2]
/// let draws = prior.sample([100], using: random)                          // [100, 2]
/// let logProbability = prior.logProbability(of: draws)                    // [100, 2]
/// ```
///
/// Everything is composed of tensor operations: it runs on every device, can be recorded, and has gradients of every order
/// with respect to the parameters and values. The numbers in parameters are not checked, because this would wait for the
/// device: parameters out of range give NaN. Values outside of the support have a log probability of −∞ or NaN; the
/// types say where it is −∞.
public protocol Distribution: Sendable {
  /// The shape of the parameters after broadcasting.
  var batchShape: [Int] { get }
  /// The shape of one draw: empty for a number.
  var eventShape: [Int] { get }
  /// The means, with the batch shape and event shape; NaN or infinite if there are none, and NaN if the type says that they
  /// have no closed form.
  var mean: Tensor { get }
  /// The variances of the elements, with the batch shape and event shape; NaN or infinite in the same cases.
  var variance: Tensor { get }
  /// Returns independent draws, of the given shape followed by the batch shape and the event shape. They are functions of
  /// the parameters with gradients (PyTorch's `rsample`) unless the type says that its draws have none.
  func sample(_ shape: [Int], using random: RandomStream) -> Tensor
  /// Returns the natural logarithms of the probabilities of values, or of their densities (PyTorch's `log_prob`). The
  /// values and the parameters are broadcast; the axes of the event are not in the result.
  func logProbability(of value: Tensor) -> Tensor
}

extension Distribution {
  public var eventShape: [Int] { [] }
  /// The square roots of the variances (PyTorch's `stddev`).
  public var standardDeviation: Tensor { variance.squareRoot() }
  /// Returns one draw for each element of the batch.
  public func sample(using random: RandomStream) -> Tensor { sample([], using: random) }
}

/// A distribution whose entropy has a closed form.
public protocol EntropyDistribution: Distribution {
  /// The entropy in nats, with the batch shape: the mean of −`logProbability`.
  var entropy: Tensor { get }
}

/// A distribution of numbers whose distribution function and its inverse have closed forms.
public protocol CumulativeDistribution: Distribution {
  /// Returns the probability of a draw that is at most a value (PyTorch's `cdf`).
  func cumulativeProbability(of value: Tensor) -> Tensor
  /// Returns the value with a cumulative probability (PyTorch's `icdf`).
  func quantile(of probability: Tensor) -> Tensor
}

/// A distribution whose divergence from another one of its family has a closed form.
public protocol DivergenceDistribution: Distribution {
  /// Returns the Kullback–Leibler divergence KL(self ‖ other) in nats, with the broadcast batch shape: the mean, over the
  /// draws of this distribution, of its log probability minus the other one's (PyTorch's `kl_divergence`).
  func klDivergence(to other: Self) -> Tensor
}

/// Ends the program unless the draws of two distributions have the same shape.
func requireSameEvent(_ a: some Distribution, _ b: some Distribution) {
  if a.eventShape != b.eventShape {
    ProgrammerError.end(
      "\(type(of: a)): the divergence between draws of shapes \(a.eventShape) and \(b.eventShape), expected equal ones")
  }
}

/// Euler's constant γ = −ψ(1).
let eulerConstant = 0.5772156649015329
/// ln π.
let logPi = 1.1447298858494002

/// The shape of two operands after broadcasting. Extents that do not fit are reported by the broadcast to this shape.
func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
  let rank = max(a.count, b.count)
  func aligned(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
  return zip(aligned(a), aligned(b)).map { $0 == 1 ? $1 : $0 }
}

/// Two parameters with their common shape.
func broadcast(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
  let shape = broadcastShape(a.shape, b.shape)
  return (a.broadcast(to: shape), b.broadcast(to: shape))
}

extension Tensor {
  /// Uniform draws from the open interval from 0 to 1, of a shape followed by the shape of this tensor.
  func openUniform(_ shape: [Int], _ random: RandomStream) -> Tensor {
    .uniform(shape + self.shape, in: 0x1p-25..<1, using: random, dtype: dtype, on: device)
  }

  /// Standard normal draws, in the same way.
  func standardNormal(_ shape: [Int], _ random: RandomStream) -> Tensor {
    .normal(shape + self.shape, using: random, dtype: dtype, on: device)
  }

  /// Sums the last axes.
  func sumOfLastAxes(_ count: Int) -> Tensor {
    count == 0 ? self : sum(axes: Array(rank - count..<rank))
  }
}
