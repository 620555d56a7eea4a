import BackendCore

extension Tensor {
  /// Each vector along the last axis with mean 0 and variance 1, then scaled and shifted: (x − μ)/√(σ² + ε)·gain + shift,
  /// with the variance over all elements (PyTorch's `layer_norm`).
  /// - Parameters:
  ///   - gain: What each element is multiplied by, `[C]` for an input `[..., C]`; nil for 1.
  ///   - shift: What is added to each element, `[C]`; nil for 0.
  ///   - epsilon: Keeps the divisor from 0.
  public func layerNormalized(gain: Tensor? = nil, shift: Tensor? = nil, epsilon: Double = 1e-5) -> Tensor {
    normalized(isCentred: true, gain, shift, epsilon, "layerNormalized")
  }

  /// Each vector along the last axis divided by its root mean square, then scaled: x/√(mean(x²) + ε)·gain (Zhang and
  /// Sennrich 2019; PyTorch's `rms_norm`).
  /// - Parameters:
  ///   - gain: What each element is multiplied by, `[C]` for an input `[..., C]`; nil for 1.
  ///   - epsilon: Keeps the divisor from 0.
  public func rootMeanSquareNormalized(gain: Tensor? = nil, epsilon: Double = 1e-5) -> Tensor {
    normalized(isCentred: false, gain, nil, epsilon, "rootMeanSquareNormalized")
  }

  private func normalized(
    isCentred: Bool, _ gain: Tensor?, _ shift: Tensor?, _ epsilon: Double, _ name: StaticString
  ) -> Tensor {
    Checks.floatingPoint(name, self)
    if rank == 0 { Checks.fail(name, "a scalar has no axis to normalize over") }
    for vector in [gain, shift].compactMap({ $0 }) {
      Checks.sameDType(name, self, vector)
      _ = Checks.sameDevice(name, self, vector)
      if vector.extents != [extents[-1]] {
        Checks.fail(
          name, "a gain or shift of shape \(vector.extents) does not fit an input of \(extents)",
          hint: "it has one element for each along the last axis")
      }
    }
    let recording = Tape.recording(node, gain?.node ?? .constant, shift?.node ?? .constant)
    if let recording, recording.isNested { return composedNormalization(isCentred, gain, shift, epsilon) }
    let shape = NormalizationShape(
      rows: extents.dropping(last: 1).count, columns: extents[-1], isCentred: isCentred, epsilon: epsilon)
    return fusedNormalization(shape, gain, shift, recording)
  }

  /// From primitives, which have derivatives of every order.
  private func composedNormalization(
    _ isCentred: Bool, _ gain: Tensor?, _ shift: Tensor?, _ epsilon: Double
  ) -> Tensor {
    let centred = isCentred ? self - mean(axis: -1, keepingRank: true) : self
    let variance = centred.squared().mean(axis: -1, keepingRank: true)
    var y = centred * (variance + epsilon).reciprocalSquareRoot()
    if let gain { y = y * gain }
    if let shift { y = y + shift }
    return y
  }
}

// MARK: In one call

extension Tensor {
  private func fusedNormalization(
    _ shape: NormalizationShape, _ gain: Tensor?, _ shift: Tensor?, _ tape: Tape?
  ) -> Tensor {
    let statistics = tape.map { _ in Tensor.launch([2, shape.rows], dtype, on: device) { _, _ in } }
    if let statistics, statistics.isPoisoned {
      return Tensor.poisoned(by: statistics, self, self, extents, dtype, on: device)
    }
    // Where there is no gain or shift, the input stands in, so that one launch serves all.
    var y = Tensor.launch(self, gain ?? self, shift ?? self, extents, dtype, on: device) { backend, x, g, s, y in
      try backend.normalize(
        x, gain: gain == nil ? nil : g, shift: shift == nil ? nil : s, shape, into: y, statistics: statistics?.slice)
    }
    if let tape, let statistics {
      y.node = tape.append(
        .normalization(
          NormalizationRecord(
            x: Operand(self, keeping: true), gain: gain.map { Operand($0, keeping: true) },
            shift: shift.map { Operand($0) },
            statistics: statistics, shape: shape)))
    }
    return y
  }
}

/// y = (x − μ)·s·gain + shift, row by row. Recorded in outermost scopes only: nested ones compose it.
struct NormalizationRecord: GradientRule {
  let x: Operand
  let gain, shift: Operand?
  /// μ of each row, then s of each.
  let statistics: Tensor
  let shape: NormalizationShape

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) {
    let (upstream, x) = (dy, x.tensor)
    let dGain = gain.flatMap { walk.wants($0) ? vector(like: upstream) : nil }
    let dShift = shift.flatMap { walk.wants($0) ? vector(like: upstream) : nil }
    let gain = gain?.tensor
    let parts = [dGain, dShift, gain].compactMap { $0 }
    let poisoned = parts.first(where: \.isPoisoned) ?? statistics
    let dx = Tensor.launch(upstream, x, poisoned, x.extents, x.dtype, on: x.device) { backend, dy, x, _, dx in
      try backend.normalizeGradient(
        dy, x, gain: gain?.slice, statistics: statistics.slice, shape, into: dx, dGain: dGain?.slice,
        dShift: dShift?.slice)
    }
    if let operand = self.gain, let dGain { walk.add(dx.passingFailure(to: dGain), to: operand) }
    if let operand = shift, let dShift { walk.add(dx.passingFailure(to: dShift), to: operand) }
    walk.add(dx, to: self.x)
  }

  private func vector(like dy: Tensor) -> Tensor {
    Tensor.launch([shape.columns], dy.dtype, on: dy.device) { _, _ in }
  }
}

extension Tensor {
  /// What was computed in the same call as this tensor: failed if that has failed.
  fileprivate func passingFailure(to other: Tensor) -> Tensor {
    isPoisoned ? Tensor.poisoned(by: self, other, other, other.extents, other.dtype, on: other.device) : other
  }
}
