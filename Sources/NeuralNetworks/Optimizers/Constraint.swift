/// A condition that parameters meet after each update (Keras' `kernel_constraint`).
///
/// ```swift
/// Optimizer.sgd(groups: [ParameterGroup("**.weight", constraint: .maximumNorm(3))])
/// ```
///
/// The axes of a norm are those of the numbers that belong together: the inputs of a unit are `[0]` for the weight
/// `[inputs, units]` of a `Dense` layer, and `[1, 2, 3]` for the kernel `[outputs, inputs, height, width]` of a
/// convolution.
public enum Constraint: Sendable, Hashable {
  /// Scales numbers whose norm is larger down to this norm (Keras' `MaxNorm`).
  case maximumNorm(Double, axes: [Int] = [0])
  /// Moves the norm of numbers toward the range from `minimum` to `maximum`, by the fraction `rate` of the distance to its
  /// nearest bound (Keras' `MinMaxNorm`). Zeros remain.
  case normRange(_ minimum: Double = 0, _ maximum: Double = 1, rate: Double = 1, axes: [Int] = [0])
  /// Scales numbers to a norm of 1 (Keras' `UnitNorm`). Zeros remain.
  case unitNorm(axes: [Int] = [0])
  /// Replaces negative numbers by 0 (Keras' `NonNeg`).
  case nonNegative

  /// Returns the closest tensor that meets the condition.
  func projected(_ value: Tensor) -> Tensor {
    switch self {
    case .maximumNorm(let bound, let axes):
      let norm = norm(of: value, axes)
      return value * (norm.minimum(bound) / norm.orOne)
    case .normRange(let minimum, let maximum, let rate, let axes):
      let norm = norm(of: value, axes)
      let wanted = rate * norm.maximum(minimum).minimum(maximum) + (1 - rate) * norm
      return value * (wanted / norm.orOne)
    case .unitNorm(let axes): return value / norm(of: value, axes).orOne
    case .nonNegative: return value.maximum(0)
    }
  }

  /// Returns the norm along axes. It is finite whenever its value is representable.
  private func norm(of value: Tensor, _ axes: [Int]) -> Tensor {
    let scale = value.squaringScale(axes: axes)
    return (value * scale).squared().sum(axes: axes, keepingRank: true).squareRoot() / scale
  }

  /// Returns why a parameter of this shape cannot meet the condition; nil if it can.
  func fault(for shape: [Int]) -> String? {
    switch self {
    case .nonNegative: return nil
    case .maximumNorm(let bound, _) where !(bound >= 0):
      return "the maximum norm is \(bound), not a number of at least 0"
    case .normRange(let minimum, let maximum, let rate, _)
    where !(minimum >= 0 && minimum <= maximum && maximum.isFinite && rate >= 0 && rate <= 1):
      return
        "the norm is from \(minimum) to \(maximum) with a rate of \(rate), expected 0 <= minimum <= maximum and a rate "
        + "from 0 to 1"
    case .maximumNorm(_, let axes), .normRange(_, _, _, let axes), .unitNorm(let axes):
      let isValid = !axes.isEmpty && axes.allSatisfy { shape.indices.contains($0) } && Set(axes).count == axes.count
      return isValid ? nil : "a norm along the axes \(axes) is not possible for the shape \(shape)"
    }
  }
}
