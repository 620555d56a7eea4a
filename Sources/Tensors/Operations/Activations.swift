import BackendCore

// Activation functions that are compositions of other operations. Those of one operation are in Elementwise.swift and
// Softmax.swift.

extension Tensor {
  /// Returns x for x > 0, alpha·(e^(x/alpha) − 1) otherwise. The gradient at 0 is 1.
  /// - Parameter alpha: The negative of the limit at −∞; above 0.
  public func celu(_ alpha: Double = 1) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.celu(alpha) } }
      try Checks.floatingPoint("celu", self)
      try Checks.positive("celu", "alpha", alpha)
      let low = minimum(0)  // the exponential must not overflow where it is replaced
      return (low / alpha).elu(alpha).replacing(with: self, where: self .> 0)
    }
  }

  /// Returns x − tanh x, accurate near 0, where it is about x³/3.
  public func tanhShrink() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.tanhShrink() } }
      try Checks.floatingPoint("tanhShrink", self)
      // The difference would cancel; the series is exact to double precision here.
      let border = 0.2
      let x = clamped(to: -border...border)
      let square = x.squared()
      let coefficients: [Double] = [  // 2/15, 17/315, 62/2835, …
        0.13333333333333333, 0.05396825396825397, 0.021869488536155203, 0.008863235529902197, 0.003592128036572481,
        0.0014558343870513183, 0.000590027440945586, 0.00023912911424355248, 9.691537956929451e-05,
      ]
      var sum = Tensor.zeros(like: x)
      for coefficient in coefficients.reversed() { sum = square * (coefficient - sum) }
      let series = x * square * (1.0 / 3 - sum)
      return (self - tanh()).replacing(with: series, where: detached().magnitude() .<= border)
    }
  }

  /// Returns x − lambda for x > lambda, x + lambda for x < −lambda, and 0 between. The gradient at ±lambda is 0
  /// (PyTorch).
  /// - Parameter lambda: The threshold, 0 or above.
  public func softShrink(_ lambda: Double = 0.5) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.softShrink(lambda) } }
      try Checks.floatingPoint("softShrink", self)
      try Checks.notNegative("softShrink", "lambda", lambda)
      return self - clamped(to: -lambda...lambda)
    }
  }

  /// Returns x for |x| > lambda, and 0 otherwise. The gradient at ±lambda is 0 (PyTorch).
  /// - Parameter lambda: The threshold, 0 or above.
  public func hardShrink(_ lambda: Double = 0.5) -> Tensor {
    checked {
      try Checks.floatingPoint("hardShrink", self)
      try Checks.notNegative("hardShrink", "lambda", lambda)
      return replacing(with: 0, where: detached().magnitude() .<= lambda)
    }
  }

  /// Returns x for x > threshold, and `value` otherwise; NaN stays NaN. The gradient at the threshold is 0 (PyTorch).
  public func thresholded(at threshold: Double, value: Double = 0) -> Tensor {
    replacing(with: value, where: self .<= threshold)
  }

  /// Returns (x + √(x² + b))/2, which is smooth and close to max(x, 0). Negative x have no difference that cancels.
  /// - Parameter b: The width of the bend at 0; above 0. The default is that of Keras.
  public func squarePlus(_ b: Double = 4) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.squarePlus(b) } }
      try Checks.floatingPoint("squarePlus", self)
      try Checks.positive("squarePlus", "b", b)
      // Far from 0, b is too small to count, and the square would overflow.
      let bound = 1e9 * b.squareRoot()
      let root = (clamped(to: -bound...bound).squared() + b).squareRoot()
      let size = root.replacing(with: magnitude(), where: detached().magnitude() .> bound)
      // For x < 0, (√(x² + b) + x)·(√(x² + b) + |x|) = b.
      return ((size + self) / 2).replacing(with: b / 2 / (size + magnitude()), where: self .< 0)
    }
  }

  /// Returns a·sigmoid(b), where a and b are the two halves along an axis (gated linear unit).
  /// - Parameter axis: The axis to halve. Its extent must be even.
  public func glu(axis: Int = -1) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.glu(axis: axis) } }
      try Checks.floatingPoint("glu", self)
      let position = try Checks.axis("glu", axis, extents)
      if !extents[position].isMultiple(of: 2) {
        try Checks.fail("glu", "axis \(axis) of shape \(extents) has no two equal halves")
      }
      let halves = split(parts: 2, axis: position)
      return halves[0] * halves[1].sigmoid()
    }
  }

  /// Returns e⁻ˣ/Σe⁻ˣ along an axis, without overflow.
  public func softmin(axis: Int = -1) -> Tensor { (-self).softmax(axis: axis) }

  /// Returns the closest distribution along an axis: max(x − t, 0), where t makes the sum 1. Unlike with `softmax`,
  /// small elements become exactly 0 (Martins and Astudillo, From Softmax to Sparsemax, 2016).
  public func sparsemax(axis: Int = -1) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.sparsemax(axis: axis) } }
      try Checks.floatingPoint("sparsemax", self)
      let position = try Checks.axis("sparsemax", axis, extents)
      if position != rank - 1 {
        return transposed(position, -1).sparsemax().transposed(position, -1)
      }
      if count == 0 { return self }
      // Next to a large common offset, the digits of the sums would be lost.
      let shifted = self - detached().max(axis: -1, keepingRank: true)
      let sorted = shifted.detached().sorted(descending: true)
      let ranks = Tensor.range(1..<extents[-1] + 1, dtype: dtype, on: device)
      let threshold = sorted.sparsemaxThreshold(1 + ranks * sorted .> sorted.cumulativeSum(axis: -1))
      return (shifted - shifted.sparsemaxThreshold(shifted.detached() .> threshold)).relu()
    }
  }

  /// Returns the number whose difference from the elements of the support has the sum 1.
  private func sparsemaxThreshold(_ support: Tensor) -> Tensor {
    // Others can be −∞, whose product with 0 is NaN.
    let sum = replacing(with: 0, where: .!support).sum(axis: -1, keepingRank: true)
    return (sum - 1) / support.cast(to: dtype).sum(axis: -1, keepingRank: true)
  }
}
