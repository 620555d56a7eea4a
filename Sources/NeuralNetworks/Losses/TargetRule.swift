/// What a loss expects of its targets, so that `fit` and `evaluate` can refuse bad ones before anything runs.
package enum TargetRule: Sendable, Hashable {
  /// Nothing is known: a loss of one's own.
  case any
  /// Numbers, in the shape of the prediction.
  case values
  /// Numbers from 0 to 1, in the shape of the prediction.
  case probabilities
  /// Class numbers from 0 to the extent of the prediction's last axis, or the one that is ignored.
  case labels(ignoring: Int32?)
  /// Class numbers, or a distribution over the classes in the shape of the prediction.
  case labelsOrDistribution(ignoring: Int32?)

  /// The rule for targets of this shape, which decides between labels and a distribution.
  package func resolved(prediction: [Int], target: [Int]) -> TargetRule {
    guard case .labelsOrDistribution(let ignored) = self else { return self }
    return Loss.areLabels(target, for: prediction) ? .labels(ignoring: ignored) : .probabilities
  }
}

extension Loss {
  /// True when a target of this shape holds class numbers for predictions of that shape, and no distribution.
  static func areLabels(_ target: [Int], for prediction: [Int]) -> Bool {
    target != prediction && (target == prediction.dropLast() || target == prediction.dropLast() + [1])
  }
}
