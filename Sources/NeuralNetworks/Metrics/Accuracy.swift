extension Metric {
  /// The part of the examples whose class was predicted right. The shapes decide how: predictions `[N, classes]` with class
  /// numbers `[N]` or with targets `[N, classes]` compare the largest; predictions `[N]` or `[N, 1]` compare with 0.5. (A
  /// binary model that ends in logits needs `accuracy(threshold: 0)`.)
  public static var accuracy: Metric {
    Metric(
      "accuracy",
      perExample: { prediction, target in
        let pairs = ClassPairs(prediction: prediction, target: target, threshold: 0.5, for: "accuracy")
        return pairs.predicted .== pairs.actual
      })
  }

  /// The part of all elements that lie on the right side of a threshold; targets above 0.5 count as 1. The name is "accuracy".
  public static func accuracy(threshold: Double) -> Metric { thresholded("accuracy", threshold) }

  /// The part of all elements that lie on the right side of a threshold, also where each example has several labels.
  /// - Parameter threshold: 0.5 for probabilities, 0 for logits.
  public static func binaryAccuracy(threshold: Double = 0.5) -> Metric { thresholded("binary_accuracy", threshold) }

  /// The part of the elements on the right side of 0.5.
  public static var binaryAccuracy: Metric { binaryAccuracy() }

  /// The part of the examples whose class is among the `k` largest predictions; equal scores count in its favour. The name is
  /// "top_3_accuracy" for k = 3.
  public static func topK(_ k: Int) -> Metric {
    guard k >= 1 else { fatalError("topK: k is at least 1, not \(k)") }
    return Metric(
      "top_\(k)_accuracy",
      perExample: { prediction, target in
        let pairs = ClassPairs(prediction: prediction, target: target, threshold: 0.5, for: "topK")
        guard prediction.rank > 1, prediction.shape[prediction.rank - 1] > 1 else {
          fatalError("topK: predictions have an axis of classes, shape [N, classes], not \(prediction.shape)")
        }
        let score = prediction.gathered(pairs.actual.expanded(axis: -1), axis: -1)
        let above = (prediction .> score).cast(to: prediction.dtype).sum(axis: -1)
        // A score that is no number is never among the best, though nothing lies above it.
        return (above .< Double(k)) .& (score .== score).squeezed(axis: -1)
      })
  }

  private static func thresholded(_ name: String, _ threshold: Double) -> Metric {
    Metric(
      name,
      perExample: { prediction, target in
        let actual = target.aligned(to: prediction, for: name) .> 0.5
        return ((prediction .> threshold) .== actual).cast(to: prediction.dtype).meanOverFeatures()
      })
  }
}
