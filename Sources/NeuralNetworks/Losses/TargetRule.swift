/// The targets that a loss expects, so that `fit` and `evaluate` can reject invalid ones before anything runs.
package enum TargetRule: Sendable, Hashable {
  /// Unknown, for custom losses.
  case any
  /// Numbers, in the shape of the prediction.
  case values
  /// Numbers from 0 to 1, in the shape of the prediction.
  case probabilities
  /// Class indices from 0 to below the extent of the prediction's last axis, or the ignored index.
  case labels(ignoring: Int32?)
  /// Class indices, or a distribution over the classes in the shape of the prediction.
  case labelsOrDistribution(ignoring: Int32?)

  /// The label that the loss ignores.
  var ignoredLabel: Int32? {
    switch self {
    case .labels(let ignored), .labelsOrDistribution(let ignored): ignored
    case .any, .values, .probabilities: nil
    }
  }

  /// Returns the rule for targets of this shape, which determines whether they are labels or a distribution.
  package func resolved(prediction: [Int], target: [Int]) -> TargetRule {
    guard case .labelsOrDistribution(let ignored) = self else { return self }
    return Loss.areLabels(target, for: prediction) ? .labels(ignoring: ignored) : .probabilities
  }
}

extension Loss {
  /// Returns whether a target of this shape contains class indices, and not a distribution, for predictions of that
  /// shape.
  static func areLabels(_ target: [Int], for prediction: [Int]) -> Bool {
    target != prediction && (target == prediction.dropLast() || target == prediction.dropLast() + [1])
  }
}
