import BackendCore

/// The result of `batchNormalized` and the statistics of the batch.
package struct NormalizedBatch {
  package var y: Tensor
  /// The mean and the variance (over n) of the input multiplied by `scale`, as constants that broadcast over the input.
  package let mean, variance, scale: Tensor

  fileprivate let centered, inverseDeviation: Tensor
}

extension Tensor {
  /// Applies batch normalization with the statistics of the batch to each channel of an input `[N, C, …]`:
  /// (x − μ)/√(σ² + ε)·weight + bias. Channels whose squares overflow are normalized correctly.
  /// - Parameters:
  ///   - weight, bias: One element for each channel, in a shape that broadcasts over the input; nil for 1 and 0.
  package func batchNormalized(weight: Tensor?, bias: Tensor?, epsilon: Double) -> NormalizedBatch {
    let tape = Tape.recording(node, weight?.node ?? .constant, bias?.node ?? .constant)
    if tape?.isNested == true { return composedBatchNormalization(weight, bias, epsilon) }
    // One rule replaces the rules of ten operations, whose gradients would take twice as many passes over the memory.
    var result = detached().composedBatchNormalization(weight?.detached(), bias?.detached(), epsilon)
    if let tape {
      result.y.node = tape.append(
        .batchNormalization(
          BatchNormalizationRecord(
            x: Operand(self), weight: weight.map { Operand($0, keeping: true) }, bias: bias.map { Operand($0) },
            centered: result.centered, inverseDeviation: result.inverseDeviation, scale: result.scale)))
    }
    return result
  }

  /// All axes but the second.
  fileprivate var axesWithoutChannels: [Int] { [0] + (2..<Swift.max(rank, 2)) }

  private func composedBatchNormalization(_ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double) -> NormalizedBatch {
    let axes = axesWithoutChannels
    let scale = squaringScale(axes: axes, epsilon: epsilon)
    let x = self * scale
    let mean = x.mean(axes: axes, keepingRank: true)
    let centered = x - mean
    let variance = centered.squared().mean(axes: axes, keepingRank: true)
    let inverse = (variance + scale.scaledEpsilon(epsilon)).reciprocalSquareRoot()
    var y = centered * (weight.map { inverse * $0 } ?? inverse)
    if let bias { y += bias }
    return NormalizedBatch(
      y: y, mean: mean.detached(), variance: variance.detached(), scale: scale, centered: centered,
      inverseDeviation: inverse)
  }
}

/// y = c·s·weight + bias with c = x·scale − μ and s = 1/√(σ² + ε), for each channel. Recorded only in outermost scopes;
/// nested scopes compose it.
///
/// With n numbers in a channel, dx = scale·s·weight·(dy − Σdy/n − c·s²·Σ(dy·c)/n), dweight = s·Σ(dy·c), and dbias = Σdy.
struct BatchNormalizationRecord: GradientRule {
  let x: Operand
  let weight, bias: Operand?
  let centered, inverseDeviation, scale: Tensor

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let axes = dy.axesWithoutChannels
    let sum = dy.sum(axes: axes, keepingRank: true)
    let product = (dy * centered).sum(axes: axes, keepingRank: true)
    if let bias, pass.needsGradient(bias) { pass.accumulate(sum.reshaped(to: bias.extents), to: bias) }
    if let weight, pass.needsGradient(weight) {
      pass.accumulate((inverseDeviation * product).reshaped(to: weight.extents), to: weight)
    }
    guard pass.needsGradient(x) else { return }
    let share = Double(sum.count) / Double(dy.count)
    var projection = centered * (inverseDeviation * inverseDeviation * product * share)
    projection += sum * share
    dy -= projection
    dy *= weight.map { scale * inverseDeviation * $0.tensor } ?? scale * inverseDeviation
    pass.accumulate(dy, to: x)
  }
}
