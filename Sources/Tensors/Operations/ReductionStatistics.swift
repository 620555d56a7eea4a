import BackendCore

// Reductions composed of others; their gradients follow from those.

extension Tensor {
  /// Σ (x − mean)² / (n − correction). A correction of 1 gives the unbiased estimate (PyTorch's default; here it is 0).
  /// NaN where n − correction is 0 or less.
  public func variance(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    Checks.floatingPoint("variance", self)
    let deviations = self - mean(axes: axes, keepingRank: true)
    let sum = deviations.squared().sum(axes: axes, keepingRank: keepingRank)
    let folded = count / Swift.max(sum.count, 1)
    return sum / Double(Swift.max(folded - correction, 0))
  }
  /// Σ (x − mean)² / (n − correction) along one axis.
  public func variance(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    variance(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// The square root of `variance`.
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    variance(axes: axes, correction: correction, keepingRank: keepingRank).squareRoot()
  }
  /// The square root of `variance` along one axis.
  public func standardDeviation(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    standardDeviation(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// ln Σ eˣ, without overflow: the largest is subtracted first.
  public func logSumExp(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    Checks.floatingPoint("logSumExp", self)
    let largest = detached().max(axes: axes, keepingRank: true)
    let shift = largest.replacing(with: 0, where: .!largest.isFinite())
    let result = (self - shift).exp().sum(axes: axes, keepingRank: true).log() + shift
    if keepingRank { return result }
    let mask = axes.map { Checks.axes("logSumExp", $0, extents) } ?? AxisMask(all: rank)
    return result.reshaped(to: result.extents.removing(mask))
  }
  /// ln Σ eˣ along one axis.
  public func logSumExp(axis: Int, keepingRank: Bool = false) -> Tensor {
    logSumExp(axes: [axis], keepingRank: keepingRank)
  }
}
