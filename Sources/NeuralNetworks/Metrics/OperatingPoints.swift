/// The best value of one score of yes-or-no predictions while another one keeps a required value. The threshold is chosen
/// from equally spaced ones from 0 to 1, as in Keras. Outputs and targets are interpreted as by `auc`.
extension Metric {
  /// The largest recall (sensitivity) at a threshold with at least this specificity; 0 if there is none. Keras'
  /// `SensitivityAtSpecificity`. The name is "sensitivity_at_specificity".
  /// - Parameters:
  ///   - specificity: The required fraction of noes that are found, from 0 to 1.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func sensitivity(atSpecificity specificity: Double, thresholds: Int = 200) -> Metric {
    best(
      "sensitivity_at_specificity", { $0.sensitivity(at: $1) }, with: specificity, { $0.specificity(at: $1) },
      thresholds
    )
  }

  /// The largest specificity at a threshold with at least this recall (sensitivity); 0 if there is none. Keras'
  /// `SpecificityAtSensitivity`. The name is "specificity_at_sensitivity".
  /// - Parameters:
  ///   - sensitivity: The required fraction of yeses that are found, from 0 to 1.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func specificity(atSensitivity sensitivity: Double, thresholds: Int = 200) -> Metric {
    best(
      "specificity_at_sensitivity", { $0.specificity(at: $1) }, with: sensitivity, { $0.sensitivity(at: $1) },
      thresholds
    )
  }

  /// The largest precision at a threshold with at least this recall; 0 if there is none. Keras' `PrecisionAtRecall`.
  /// The name is "precision_at_recall".
  /// - Parameters:
  ///   - recall: The required fraction of yeses that are found, from 0 to 1.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func precision(atRecall recall: Double, thresholds: Int = 200) -> Metric {
    best("precision_at_recall", { $0.precision(at: $1) }, with: recall, { $0.sensitivity(at: $1) }, thresholds)
  }

  /// The largest recall at a threshold with at least this precision; 0 if there is none. Keras' `RecallAtPrecision`.
  /// The name is "recall_at_precision".
  /// - Parameters:
  ///   - precision: The required fraction of answers yes that are correct, from 0 to 1.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func recall(atPrecision precision: Double, thresholds: Int = 200) -> Metric {
    best("recall_at_precision", { $0.sensitivity(at: $1) }, with: precision, { $0.precision(at: $1) }, thresholds)
  }

  private typealias Score = @Sendable (_ counts: ThresholdCounts, _ place: Int) -> Double

  private static func best(
    _ name: String, _ score: @escaping Score, with least: Double, _ constraint: @escaping Score, _ thresholds: Int
  ) -> Metric {
    guard least >= 0 && least <= 1 else {
      ProgrammerError.end("\(name): the required value is \(least), expected a number from 0 to 1")
    }
    Checks.count(thresholds, "thresholds", of: name, atLeast: 2)
    return Metric(
      name,
      classes: {
        ThresholdAccumulator($0, thresholds: thresholds) { counts in
          counts.yes.indices.lazy.filter { constraint(counts, $0) >= least }.map { score(counts, $0) }.max() ?? 0
        }
      })
  }
}

extension ThresholdCounts {
  fileprivate func sensitivity(at place: Int) -> Double { ratio(yes[place], yes[0]) }
  fileprivate func specificity(at place: Int) -> Double { ratio(no[0] - no[place], no[0]) }
  fileprivate func precision(at place: Int) -> Double { ratio(yes[place], yes[place] + no[place]) }

  private func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }
}
