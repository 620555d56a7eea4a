import BackendCore

extension Tensor {
  /// Normalizes each vector along the last axis to mean 0 and variance 1, then scales and shifts it:
  /// (x − μ)/√(σ² + ε)·weight + bias, with the variance over all elements (PyTorch's `layer_norm`). Vectors whose
  /// squares overflow are normalized correctly, and so are their gradients.
  /// - Parameters:
  ///   - weight: The factor for each element, `[C]` for an input `[..., C]`; nil for 1.
  ///   - bias: The number added to each element, `[C]`; nil for 0.
  ///   - epsilon: A constant that prevents division by 0.
  public func layerNormalized(weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5) -> Tensor {
    normalized(isCentered: true, weight, bias, epsilon, "layerNormalized")
  }

  /// Divides each vector along the last axis by its root mean square, then scales it: x/√(mean(x²) + ε)·weight (Zhang
  /// and Sennrich 2019; PyTorch's `rms_norm`).
  /// - Parameters:
  ///   - weight: The factor for each element, `[C]` for an input `[..., C]`; nil for 1.
  ///   - epsilon: A constant that prevents division by 0.
  public func rootMeanSquareNormalized(weight: Tensor? = nil, epsilon: Double = 1e-5) -> Tensor {
    normalized(isCentered: false, weight, nil, epsilon, "rootMeanSquareNormalized")
  }

  private func normalized(
    isCentered: Bool, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double, _ name: StaticString
  ) -> Tensor {
    checked {
      try Checks.floatingPoint(name, self)
      if rank == 0 { try Checks.fail(name, "a scalar has no axis to normalize over") }
      for vector in [weight, bias].compactMap({ $0 }) {
        try Checks.sameDType(name, self, vector)
        _ = try Checks.sameDevice(name, self, vector)
        if vector.extents != [extents[-1]] {
          try Checks.fail(
            name, "a weight or bias of shape \(vector.extents) does not fit an input of \(extents)",
            hint: "it has one element for each along the last axis")
        }
      }
      let recording = Tape.recording(node, weight?.node ?? .constant, bias?.node ?? .constant)
      if let recording, recording.isNested { return composedNormalization(isCentered, weight, bias, epsilon) }
      let shape = NormalizationShape(
        rows: extents.dropping(last: 1).count, columns: extents[-1], isCentered: isCentered, epsilon: epsilon)
      return fusedNormalization(shape, weight, bias, recording)
    }
  }

  /// Computes the result from primitives, which have derivatives of every order.
  private func composedNormalization(
    _ isCentered: Bool, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double
  ) -> Tensor {
    if dtype.isHalf {
      let (weight, bias) = (weight?.cast(to: .float32), bias?.cast(to: .float32))
      return inFloat32 { $0.composedNormalization(isCentered, weight, bias, epsilon) }
    }
    // Deviations are scaled, not the numbers, because deviations of equal numbers are 0, however large the numbers are.
    let summing = isCentered ? summingScale(axes: [-1]) : nil
    let x = summing.map { self * $0 } ?? self
    let centered = isCentered ? x - x.mean(axis: -1, keepingRank: true) : x
    let squaring = centered.squaringScale(axes: [-1], epsilon: epsilon)
    let scaled = centered * squaring
    let variance = scaled.squared().mean(axis: -1, keepingRank: true)
    let scale = summing.map { $0 * squaring } ?? squaring
    var y = scaled * (variance + scale.scaledEpsilon(epsilon)).reciprocalSquareRoot()
    if let weight { y = y * weight }
    if let bias { y = y + bias }
    return y
  }
}

// MARK: In one call

extension Tensor {
  private func fusedNormalization(
    _ shape: NormalizationShape, _ weight: Tensor?, _ bias: Tensor?, _ tape: Tape?
  ) -> Tensor {
    let statistics = tape.map { _ in
      Tensor.uninitialized([2, shape.rows], dtype.isHalf ? .float32 : dtype, on: device)
    }
    var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
      try backend.normalize(
        x, weight: weight?.slice, bias: bias?.slice, shape, into: y, statistics: statistics?.slice)
    }
    if let tape, let statistics {
      y.node = tape.append(
        .normalization(
          NormalizationRecord(
            x: Operand(self, keeping: true), weight: weight.map { Operand($0, keeping: true) },
            bias: bias.map { Operand($0) },
            statistics: statistics, shape: shape)))
    }
    return y
  }
}

/// y = (x − μ)·s·weight + bias for each row. Recorded only in outermost scopes; nested scopes compose it.
struct NormalizationRecord: GradientRule {
  let x: Operand
  let weight, bias: Operand?
  /// μ of each row, followed by s of each row.
  let statistics: Tensor
  let shape: NormalizationShape

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let (upstream, x) = (dy, x.tensor)
    let dWeight = weight.flatMap { pass.needsGradient($0) ? vector(like: upstream) : nil }
    let dBias = bias.flatMap { pass.needsGradient($0) ? vector(like: upstream) : nil }
    let weight = weight?.tensor
    let dx = Tensor.launch(upstream, x, x.extents, x.dtype, on: x.device) { backend, dy, x, dx in
      try backend.normalizeGradient(
        dy, x, weight: weight?.slice, statistics: statistics.slice, shape, into: dx, dWeight: dWeight?.slice,
        dBias: dBias?.slice)
    }
    if let operand = self.weight, let dWeight { pass.accumulate(dx.passingFailure(to: dWeight), to: operand) }
    if let operand = bias, let dBias { pass.accumulate(dx.passingFailure(to: dBias), to: operand) }
    pass.accumulate(dx, to: self.x)
  }

  private func vector(like dy: Tensor) -> Tensor {
    Tensor.uninitialized([shape.columns], dy.dtype, on: dy.device)
  }
}

extension Tensor {
  /// Returns a tensor computed in the same call as this one, which has failed if this one has failed.
  fileprivate func passingFailure(to other: Tensor) -> Tensor {
    isPoisoned ? Tensor.poisoned(by: self, other, other, other.extents, other.dtype, on: other.device) : other
  }
}
