import BackendCore

// Reductions composed of other reductions, which determine their gradients.

extension Tensor {
  /// Returns Σ (x − mean)² / (n − correction). A correction of 1 gives the unbiased estimate (PyTorch's default; here
  /// it is 0).
  ///
  /// If n − correction is 0 or less, the divisor is 0: the variance is infinite, or NaN for equal numbers, and its
  /// gradient is infinite, or NaN for elements that equal the mean (PyTorch).
  public func variance(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.variance(axes: axes, correction: correction, keepingRank: keepingRank) }
      }
      try Checks.floatingPoint("variance", self)
      let deviations = self - mean(axes: axes, keepingRank: true)
      let sum = deviations.squared().sum(axes: axes, keepingRank: keepingRank)
      // In Double, because the difference may be out of range for Int.
      let divisor = Double(count / Swift.max(sum.count, 1)) - Double(correction)
      return divisor > 0 ? sum / divisor : undividedVariance(sum.detached(), axes)
    }
  }

  /// Returns the sum divided by 0, with the corresponding gradient.
  private func undividedVariance(_ sum: Tensor, _ axes: [Int]?) -> Tensor {
    withCustomGradient(of: self) { _ in
      sum / 0
    } backward: { dy, x, _ in
      let mean = x.mean(axes: axes, keepingRank: true)
      let derivatives = Tensor.full(like: x, .infinity).replacing(with: .nan, where: x .== mean)
      return dy.reshaped(to: mean.extents) * derivatives
    }
  }
  /// Returns Σ (x − mean)² / (n − correction) along one axis.
  public func variance(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    variance(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// Returns the square root of `variance`, even if the variance itself is too large or too small for the element type.
  /// The gradient is 0 if all numbers are equal (PyTorch).
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.standardDeviation(axes: axes, correction: correction, keepingRank: keepingRank) }
      }
      try Checks.floatingPoint("standardDeviation", self)
      let scale = squaringScale(axes: axes)
      let variance = (self * scale).variance(axes: axes, correction: correction, keepingRank: keepingRank)
      return variance.gentleSquareRoot() / scale.reshaped(variance.shape)
    }
  }
  /// Returns the square root of `variance` along one axis.
  public func standardDeviation(axis: Int, correction: Int = 0, keepingRank: Bool = false) -> Tensor {
    standardDeviation(axes: [axis], correction: correction, keepingRank: keepingRank)
  }

  /// Returns ln Σ eˣ, without overflow: the largest element is subtracted first.
  public func logSumExp(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.logSumExp(axes: axes, keepingRank: keepingRank) } }
      try Checks.floatingPoint("logSumExp", self)
      let shift = largestFinite(axes: axes)
      let result = (self - shift).exp().sum(axes: axes, keepingRank: true).log() + shift
      if keepingRank { return result }
      let mask = try axes.map { try Checks.axes("logSumExp", $0, extents) } ?? AxisMask(all: rank)
      return result.reshaped(to: result.extents.removing(mask))
    }
  }
  /// Returns ln Σ eˣ along one axis.
  public func logSumExp(axis: Int, keepingRank: Bool = false) -> Tensor {
    logSumExp(axes: [axis], keepingRank: keepingRank)
  }

  /// Returns the largest element along the axes, which are kept with extent 1, as a constant to be subtracted before an
  /// exponential; 0 where it is infinite or NaN.
  func largestFinite(axes: [Int]?) -> Tensor {
    let largest = detached().max(axes: axes, keepingRank: true)
    return largest.replacing(with: 0, where: .!largest.isFinite())
  }
}

// MARK: Squares

extension Tensor {
  /// Returns a constant factor by which numbers are multiplied before they are squared: 4 divided by the largest
  /// magnitude along the axes (kept with extent 1) where its square might overflow or underflow, and 1 elsewhere. (1
  /// divided by it might not be a normal number.)
  /// - Parameter epsilon: The number added to the squares. Squares that are negligible compared to it need no scaling.
  package func squaringScale(axes: [Int]?, epsilon: Double = 0) -> Tensor {
    let x = detached()
    let largest = x.max(axes: axes, keepingRank: true).maximum(-x.min(axes: axes, keepingRank: true))
    let isLarge = (largest .> 1e15) .& largest.isFinite()
    let isSmall = (largest .< 1e-15) .& (largest .> leastScaled)
    let isExtreme = epsilon < 1e-20 ? isLarge .| isSmall : isLarge
    return Tensor.full(like: largest, 1).replacing(with: 4 / largest, where: isExtreme)
  }

  /// The least magnitude by which numbers are scaled: 4 divided by it is representable.
  var leastScaled: Double { dtype == .float64 ? 2.3e-308 : 1.2e-38 }

  /// Returns a constant factor by which numbers are multiplied before they are added or subtracted: a power of two
  /// where sums might overflow, and 1 elsewhere.
  package func summingScale(axes: [Int]?) -> Tensor {
    let x = detached()
    let largest = x.max(axes: axes, keepingRank: true).maximum(-x.min(axes: axes, keepingRank: true))
    return Tensor.full(like: largest, 1).replacing(with: 0x1p-40, where: (largest .> 1e30) .& largest.isFinite())
  }

  /// Returns the number to add instead of epsilon to squares of numbers multiplied by this scale: at least 1e-37 unless
  /// epsilon is 0, so that equal numbers are not divided by 0.
  package func scaledEpsilon(_ epsilon: Double) -> Tensor {
    let scaled = epsilon * self * self
    return epsilon > 0 ? scaled.maximum(1e-37) : scaled
  }

  /// Returns √x with a gradient of 0 at 0, where the derivative of the root is infinite.
  package func gentleSquareRoot() -> Tensor {
    let isZero = detached() .== 0
    return replacing(with: 1, where: isZero).squareRoot().replacing(with: 0, where: isZero)
  }
}
