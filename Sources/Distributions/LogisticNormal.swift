import NeuralNetworks

/// The logistic-normal distribution of K shares with the sum 1 (PyTorch's `LogisticNormal`): each of K − 1 normal numbers
/// determines which fraction of the rest one share takes (stick breaking), so that numbers of 0 give equal shares. Draws have
/// gradients.
///
/// The mean and the variance have no closed form and are NaN.
public struct LogisticNormal: Distribution {
  /// The distribution of the K − 1 numbers.
  public let numbers: Normal

  /// Creates distributions from the means and the positive standard deviations of the normal numbers, `[..., K − 1]`, which
  /// are broadcast.
  public init(mean: Tensor, standardDeviation: Tensor) {
    numbers = Normal(mean: mean, standardDeviation: standardDeviation)
    guard let count = numbers.batchShape.last, count > 0 else {
      ProgrammerError.end("LogisticNormal: parameters of shape \(numbers.batchShape), expected [..., shares − 1]")
    }
  }

  public var batchShape: [Int] { numbers.batchShape.dropLast() }
  public var eventShape: [Int] { [count + 1] }
  public var mean: Tensor { .full(batchShape + eventShape, .nan, dtype: numbers.mean.dtype, on: numbers.mean.device) }
  public var variance: Tensor { mean }
  private var count: Int { numbers.batchShape.last ?? 0 }
  /// ln(K − 1), …, ln 1: the logarithms of the numbers of shares that follow.
  private var logarithmsOfFollowers: Tensor {
    let steps = Tensor.range(0..<count, dtype: numbers.mean.dtype, on: numbers.mean.device)
    return (Double(count) - steps).log()
  }

  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let x = numbers.sample(shape, using: random) - logarithmsOfFollowers
    let none = Tensor.zeros(like: x[.ellipsis, 0..<1])
    let rest = (-x).logSigmoid().cumulativeSum(axis: -1)
    let fractions = Tensor.concatenated([x.logSigmoid(), none], axis: -1)
    return (fractions + .concatenated([none, rest], axis: -1)).exp()
  }

  public func logProbability(of value: Tensor) -> Tensor {
    let rest = value[.ellipsis, 1...].cumulativeSum(axis: -1, reversed: true)
    let x = value[.ellipsis, 0..<count].log() - rest.log() + logarithmsOfFollowers
    // The derivatives of the shares by the numbers form a triangle, whose determinant is the product of all shares.
    return numbers.logProbability(of: x).sum(axis: -1) - value.log().sum(axis: -1)
  }
}
