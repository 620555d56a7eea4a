import NeuralNetworks

/// A normal distribution of vectors, with a covariance Σ of some form.
protocol NormalVectors: Distribution {
  /// Vectors `[..., m, d]` whose outer products with themselves add up to Σ.
  var covarianceRows: Tensor { get }
  /// ln √det Σ.
  var halfLogDeterminant: Tensor { get }
  /// Returns vᵀ·Σ⁻¹·v of vectors v, `[..., m, d]` → `[..., m]`.
  func squaredDistances(_ rows: Tensor) -> Tensor
}

extension NormalVectors {
  /// The number of elements of a vector.
  var size: Int { mean.shape.last ?? 0 }
  /// (d·(1 + ln 2π) + ln det Σ)/2.
  var normalEntropy: Tensor { halfLogDeterminant + Double(size) * (1 + logTwoPi) / 2 }

  /// −(d·ln 2π + ln det Σ + (x − μ)ᵀ·Σ⁻¹·(x − μ))/2.
  func normalLogProbability(_ value: Tensor) -> Tensor {
    -0.5 * (squaredDistance(value - mean) + Double(size) * logTwoPi) - halfLogDeterminant
  }

  /// Returns vᵀ·Σ⁻¹·v of a vector v, `[..., d]` → `[...]`.
  private func squaredDistance(_ vector: Tensor) -> Tensor {
    squaredDistances(vector.expanded(axis: -2)).squeezed(axis: -1)
  }

  /// KL(self ‖ other) = (ln(det Σ₂/det Σ₁) + tr(Σ₂⁻¹·Σ₁) + (μ₂ − μ₁)ᵀ·Σ₂⁻¹·(μ₂ − μ₁) − d)/2.
  func divergence(from other: some NormalVectors) -> Tensor {
    requireSameEvent(self, other)
    let trace = other.squaredDistances(covarianceRows).sum(axis: -1)
    let distance = other.squaredDistance(other.mean - mean)
    return other.halfLogDeterminant - halfLogDeterminant + 0.5 * (trace + distance - Double(size))
  }
}
