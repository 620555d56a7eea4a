import BackendCore

// Lengths of vectors, and what is measured with them. Numbers are scaled before they are raised to a power, so that the
// powers of normal numbers neither overflow nor underflow. Vectors of subnormal numbers are not scaled.

extension Tensor {
  /// Returns the p-norm along axes, (Σ |x|ᵖ)^(1/p); by default the Euclidean norm of all elements (PyTorch's
  /// `linalg.vector_norm`).
  ///
  /// - Parameters:
  ///   - p: 2 for the Euclidean norm, 1 for the sum of the magnitudes, 0 for the number of elements other than 0, ∞ and
  ///     −∞ for the largest and the smallest magnitude, or any other number except NaN.
  ///   - axes: The axes of each vector; all if nil. The norm of no elements is 0, or ∞ if p is negative.
  ///   - keepingRank: Whether the reduced axes remain, with extent 1.
  ///
  /// The gradient is 0 at elements that are 0, and for p = 0 everywhere (PyTorch). Equal largest or smallest magnitudes
  /// share it evenly.
  public func norm(_ p: Double = 2, axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.norm(p, axes: axes, keepingRank: keepingRank) } }
      try Checks.floatingPoint("norm", self)
      if p.isNaN { try Checks.fail("norm", "p is \(p) for shape \(extents)") }
      switch p {
      case 0: return (self .!= 0).cast(to: dtype).sum(axes: axes, keepingRank: keepingRank)
      case 1: return magnitude().sum(axes: axes, keepingRank: keepingRank)
      case 2: return euclideanNorm(axes, keepingRank: keepingRank)
      // The maximum of no elements is −∞.
      case .infinity: return magnitude().max(axes: axes, keepingRank: keepingRank).maximum(0)
      case -.infinity: return magnitude().min(axes: axes, keepingRank: keepingRank)
      default: return powerNorm(p, axes, keepingRank: keepingRank)
      }
    }
  }
  /// Returns the p-norm along one axis.
  public func norm(_ p: Double = 2, axis: Int, keepingRank: Bool = false) -> Tensor {
    norm(p, axes: [axis], keepingRank: keepingRank)
  }

  private func euclideanNorm(_ axes: [Int]?, keepingRank: Bool) -> Tensor {
    let scale = squaringScale(axes: axes)
    let sum = (self * scale).squared().sum(axes: axes, keepingRank: keepingRank)
    return sum.gentleSquareRoot() / scale.reshaped(to: sum.extents)
  }

  /// Returns m·(Σ |x/m|ᵖ)^(1/p), where m is the largest magnitude, or the smallest if p is negative.
  private func powerNorm(_ p: Double, _ axes: [Int]?, keepingRank: Bool) -> Tensor {
    let magnitudes = magnitude()
    let known = magnitudes.detached()
    let extreme = p > 0 ? known.max(axes: axes, keepingRank: true) : known.min(axes: axes, keepingRank: true)
    // Numbers too small for a quotient are not scaled.
    let isScale = (extreme .> leastScaled) .& extreme.isFinite()
    let scale = Tensor.full(like: extreme, 1).replacing(with: extreme, where: isScale)
    // Powers of 0 have infinite derivatives. They are replaced, in the sum and in the norm.
    let isZero = known .== 0
    let powers = (magnitudes / scale).replacing(with: 1, where: isZero).power(p)
    let sum = powers.replacing(with: p > 0 ? 0 : .infinity, where: isZero).sum(axes: axes, keepingRank: keepingRank)
    let hasNoLength = sum.detached() .== (p > 0 ? 0 : .infinity)
    let root = sum.replacing(with: 1, where: hasNoLength).power(1 / p).replacing(with: 0, where: hasNoLength)
    return root * scale.reshaped(to: sum.extents)
  }

  /// Returns x / max(‖x‖, ε) along an axis, a vector of length 1 (PyTorch's `F.normalize`, along the last axis by
  /// default). A vector shorter than epsilon is divided by epsilon.
  public func unitNormalized(_ p: Double = 2, axis: Int = -1, epsilon: Double = 1e-12) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.unitNormalized(p, axis: axis, epsilon: epsilon) } }
      try Checks.floatingPoint("unitNormalized", self)
      let axis = try Checks.axis("unitNormalized", axis, extents)
      return self / norm(p, axis: axis, keepingRank: true).maximum(epsilon)
    }
  }

  /// Returns the cosine of the angle between vectors along an axis, x·y / (max(‖x‖, ε)·max(‖y‖, ε)), with broadcasting
  /// along the other axes (PyTorch's `cosine_similarity`, along the last axis by default).
  public func cosineSimilarity(_ other: Tensor, axis: Int = -1, epsilon: Double = 1e-8) -> Tensor {
    checked {
      let name: StaticString = "cosineSimilarity"
      if dtype.isHalf { return try inFloat32(name, other) { $0.cosineSimilarity($1, axis: axis, epsilon: epsilon) } }
      try Checks.floatingPoint(name, self)
      try Checks.sameDType(name, self, other)
      _ = try Checks.sameDevice(name, self, other)
      let result = try Checks.broadcast(name, extents, other.extents)
      let fromEnd = try Checks.axis(name, axis, result) - result.rank
      let (size, otherSize) = (
        extents[try Checks.axis(name, fromEnd, extents)], other.extents[try Checks.axis(name, fromEnd, other.extents)]
      )
      if size != otherSize {
        try Checks.fail(name, "vectors of \(size) and \(otherSize) elements along axis \(axis) do not fit")
      }
      let direction = unitNormalized(axis: fromEnd, epsilon: epsilon)
      return (direction * other.unitNormalized(axis: fromEnd, epsilon: epsilon)).sum(axis: fromEnd)
    }
  }

  /// Returns the distances ‖x − y‖ₚ between all rows of two matrices, `[..., n, d]` and `[..., m, d]` → `[..., n, m]`
  /// (PyTorch's `cdist`). Leading axes are broadcast. The gradient of the distance of equal rows is 0.
  ///
  /// The distances are computed from n·m·d differences, without the cancellation of ‖x‖² − 2x·y + ‖y‖².
  public func distances(to other: Tensor, p: Double = 2) -> Tensor {
    checked {
      let name: StaticString = "distances"
      if dtype.isHalf { return try inFloat32(name, other) { $0.distances(to: $1, p: p) } }
      try Checks.floatingPoint(name, self)
      if rank < 2 || other.rank < 2 || extents[-1] != other.extents[-1] {
        try Checks.fail(
          name, "shapes \(extents) and \(other.extents) do not fit", hint: "they are [..., n, d] and [..., m, d]")
      }
      return (expanded(axis: -2) - other.expanded(axis: -3)).norm(p, axis: -1)
    }
  }
}
