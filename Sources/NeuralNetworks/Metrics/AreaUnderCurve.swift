import HostSystem

extension Metric {
  /// The curve whose area is measured.
  public enum Curve: Sendable, Hashable {
    /// The fraction of correctly found yeses over the fraction of noes that are taken for yes, as the threshold varies.
    case roc
    /// Precision over recall, as the threshold varies.
    case precisionRecall
  }

  /// The area under the ROC curve, with 200 thresholds. See `auc(curve:thresholds:)`.
  public static var auc: Metric { auc() }

  /// The area under a curve: for `roc`, the probability that a random yes gets a larger prediction than a random no;
  /// 0.5 for predictions without information, and 1 for perfect ones. The names are "auc" and "precision_recall_auc".
  ///
  /// As Keras' `AUC`, it counts answers at equally spaced thresholds from 0 to 1, so that batches need not be kept, and
  /// connects the points of the curve: by lines, or for precision and recall by the interpolation of Davis and Goadrich
  /// (The Relationship between Precision-Recall and ROC Curves, 2006). It differs from scikit-learn's `roc_auc_score`,
  /// which takes each prediction as a threshold, if many predictions are between two thresholds. The value is 0 without
  /// any yes or any no.
  ///
  /// Targets have the shape of the predictions, and above 0.5 mean yes; each element counts. With class indices as
  /// targets, each pair of an example and a class counts as yes or no. Logits become probabilities according to the
  /// compiled loss: by a sigmoid for a yes-or-no loss, by a softmax for a loss over classes.
  /// - Parameters:
  ///   - curve: The curve.
  ///   - thresholds: The number of thresholds, at least 2.
  public static func auc(curve: Curve = .roc, thresholds: Int = 200) -> Metric {
    Checks.count(thresholds, "thresholds", of: "auc", atLeast: 2)
    return Metric(
      curve == .roc ? "auc" : "precision_recall_auc",
      classes: { ThresholdAccumulator($0, thresholds: thresholds) { $0.area(under: curve) } })
  }
}

extension ThresholdCounts {
  /// Returns the area under a curve; 0 without any yes or any no.
  fileprivate func area(under curve: Metric.Curve) -> Double {
    guard yes[0] > 0, no[0] > 0 else { return 0 }
    let areas = (1..<yes.count).map { place in
      let (below, above) = ((yes[place - 1], no[place - 1]), (yes[place], no[place]))
      switch curve {
      case .roc: return (below.1 - above.1) / no[0] * (below.0 + above.0) / (2 * yes[0])
      case .precisionRecall: return area(from: below, to: above) / yes[0]
      }
    }
    return areas.reduce(0, +)
  }

  /// Returns the area under precision between two thresholds, where the hits are a linear function of the answers yes.
  private func area(from low: (yes: Double, no: Double), to high: (yes: Double, no: Double)) -> Double {
    let (hits, answers) = (low.yes - high.yes, low.yes + low.no - high.yes - high.no)
    guard answers > 0 else { return 0 }
    let slope = hits / answers
    let offset = high.yes - slope * (high.yes + high.no)
    let ratio = high.yes + high.no > 0 ? (low.yes + low.no) / (high.yes + high.no) : 1
    return slope * (hits + offset * log(ratio))
  }
}
