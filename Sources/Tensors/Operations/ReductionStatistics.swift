import BackendCore

// Reductions composed of others; their gradients follow from those.

extension Tensor {
  /// Σ (x − mean)² / (n − correction). A correction of 1 gives the unbiased estimate (PyTorch's default; here it is 0).
  ///
  /// Where n − correction is 0 or less the divisor is 0: the variance is infinite, NaN of equal numbers, and so is its gradient,
  /// NaN for elements that equal the mean (PyTorch).
  public func variance(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    checked {
      try Checks.floatingPoint("variance", self)
      let deviations = self - mean(axes: axes, keepingRank: true)
      let sum = deviations.squared().sum(axes: axes, keepingRank: keepingRank)
      // In Double: the difference may be beyond an Int.
      let divisor = Double(count / Swift.max(sum.count, 1)) - Double(correction)
      return divisor > 0 ? sum / divisor : undividedVariance(sum.detached(), axes)
    }
  }

  /// The sum over 0, and the gradient of that.
  private func undividedVariance(_ sum: Tensor, _ axes: [Int]?) -> Tensor {
    withCustomGradient(of: self) { _ in
      sum / 0
    } backward: { dy, x, _ in
      let mean = x.mean(axes: axes, keepingRank: true)
      let slopes = Tensor.full(like: x, .infinity).replacing(with: .nan, where: x .== mean)
      return dy.reshaped(to: mean.extents) * slopes
    }
  }
  /// Σ (x − mean)² / (n − correction) along one axis.
  public func variance(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    variance(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// The square root of `variance`, also where the variance itself is too large or too small for the element type. The
  /// gradient is 0 where all numbers are equal (PyTorch).
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    checked {
      try Checks.floatingPoint("standardDeviation", self)
      let scale = squaringScale(axes: axes)
      let variance = (self * scale).variance(axes: axes, correction: correction, keepingRank: keepingRank)
      return variance.gentleSquareRoot() / scale.reshaped(variance.shape)
    }
  }
  /// The square root of `variance` along one axis.
  public func standardDeviation(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    standardDeviation(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// ln Σ eˣ, without overflow: the largest is subtracted first.
  public func logSumExp(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked {
      try Checks.floatingPoint("logSumExp", self)
      let shift = largestFinite(axes: axes)
      let result = (self - shift).exp().sum(axes: axes, keepingRank: true).log() + shift
      if keepingRank { return result }
      let mask = try axes.map { try Checks.axes("logSumExp", $0, extents) } ?? AxisMask(all: rank)
      return result.reshaped(to: result.extents.removing(mask))
    }
  }
  /// ln Σ eˣ along one axis.
  public func logSumExp(axis: Int, keepingRank: Bool = false) -> Tensor {
    logSumExp(axes: [axis], keepingRank: keepingRank)
  }

  /// The largest along the axes, of extent 1 then, as a constant: what is subtracted before an exponential. 0 where it is
  /// infinite or NaN.
  func largestFinite(axes: [Int]?) -> Tensor {
    let largest = detached().max(axes: axes, keepingRank: true)
    return largest.replacing(with: 0, where: .!largest.isFinite())
  }
}

// MARK: Squares

extension Tensor {
  /// What numbers are multiplied by before they are squared, as a constant: 4 over the largest magnitude along the axes, of
  /// extent 1 then, where its square might overflow or vanish, and 1 everywhere else. (1 over it may be no normal number.)
  /// - Parameter epsilon: What is added to the squares: those that vanish beside it need no care.
  package func squaringScale(axes: [Int]?, epsilon: Double = 0) -> Tensor {
    let x = detached()
    let largest = x.max(axes: axes, keepingRank: true).maximum(-x.min(axes: axes, keepingRank: true))
    let isLarge = (largest .> 1e15) .& largest.isFinite()
    let isSmall = (largest .< 1e-15) .& (largest .> 1.2e-38)
    let isExtreme = epsilon < 1e-20 ? isLarge .| isSmall : isLarge
    return Tensor.full(like: largest, 1).replacing(with: 4 / largest, where: isExtreme)
  }

  /// What numbers are multiplied by before they are added or subtracted, as a constant: a power of two where sums might overflow,
  /// and 1 everywhere else.
  package func summingScale(axes: [Int]?) -> Tensor {
    let x = detached()
    let largest = x.max(axes: axes, keepingRank: true).maximum(-x.min(axes: axes, keepingRank: true))
    return Tensor.full(like: largest, 1).replacing(with: 0x1p-40, where: (largest .> 1e30) .& largest.isFinite())
  }

  /// What is added to squares of numbers that were multiplied by this scale, in place of epsilon: at least 1e-37 unless epsilon
  /// is 0, so that equal numbers are not divided by 0.
  package func scaledEpsilon(_ epsilon: Double) -> Tensor {
    let scaled = epsilon * self * self
    return epsilon > 0 ? scaled.maximum(1e-37) : scaled
  }

  /// √x with a gradient of 0 at 0, where the root is infinitely steep.
  package func gentleSquareRoot() -> Tensor {
    let isZero = detached() .== 0
    return replacing(with: 1, where: isZero).squareRoot().replacing(with: 0, where: isZero)
  }
}
