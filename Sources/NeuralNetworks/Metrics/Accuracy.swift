extension Metric {
  /// The part of the examples whose class was predicted right. The compiled loss says what outputs are:
  /// - with a loss over classes (`crossEntropy`), the largest of predictions `[N, classes]` is the class, and targets are
  ///   class numbers `[N]` or have the shape of the predictions;
  /// - with a loss over yes and no, each element counts: from logits (`binaryCrossEntropy(fromLogits: true)`, `hinge`) those
  ///   above 0 are yes, from probabilities those above 0.5. Targets above 0.5 are yes. Where an example has several labels,
  ///   it is the part of them that is right (`binaryAccuracy`);
  /// - with any other loss the shapes decide: predictions `[N]` or `[N, 1]` are yes above 0.5, others have the largest.
  ///
  /// Labels that the compiled loss ignores do not count, here and in the other metrics of classes.
  public static var accuracy: Metric {
    Metric(
      "accuracy",
      classes: { reading in
        MeanAccumulator(masked: { prediction, target in
          if reading.hasSeveralLabels(prediction) {
            return (reading.rightAnswers(prediction, target, for: "accuracy"), nil)
          }
          return reading.compared(prediction, target, for: "accuracy") { $0.predicted .== $0.actual }
        })
      })
  }

  /// The fraction of all elements on the correct side of a threshold. Targets above 0.5 count as 1. The name is
  /// "accuracy".
  public static func accuracy(threshold: Double) -> Metric { answers("accuracy", threshold) }

  /// The fraction of all elements on the correct side of a threshold, including several labels per example.
  /// - Parameter threshold: The threshold; by default that of the compiled loss: 0 for logits, 0.5 for probabilities.
  public static func binaryAccuracy(threshold: Double? = nil) -> Metric { answers("binary_accuracy", threshold) }

  /// The fraction of all elements on the correct side of the threshold of the compiled loss: 0 for logits, 0.5 for
  /// probabilities.
  public static var binaryAccuracy: Metric { binaryAccuracy() }

  /// The part of the examples whose class is among the `k` largest predictions; equal scores count in its favor. The name is
  /// "top_3_accuracy" for k = 3. Of several labels of an example, the first counts, as in Keras.
  public static func topK(_ k: Int) -> Metric {
    guard k >= 1 else { ProgrammerError.end("topK: k is at least 1, not \(k)") }
    return Metric(
      "top_\(k)_accuracy",
      classes: { reading in
        MeanAccumulator(masked: { prediction, target in
          reading.compared(prediction, target, for: "topK") { pairs in
            guard prediction.rank > 1, prediction.shape[prediction.rank - 1] > 1 else {
              try ProgrammerError.refuse(
                "topK: predictions have an axis of classes, shape [N, classes], not \(prediction.shape)")
            }
            let score = prediction.gathered(pairs.actual.expanded(axis: -1), axis: -1)
            let above = (prediction .> score).cast(to: prediction.dtype).sum(axis: -1)
            // A NaN score is never among the best, although no score is above it.
            return (above .< Double(k)) .& (score .== score).squeezed(axis: -1)
          }
        })
      })
  }

  private static func answers(_ name: String, _ threshold: Double?) -> Metric {
    Metric(
      name, threshold: threshold,
      classes: { reading in
        MeanAccumulator { reading.rightAnswers($0, $1, for: name) }
      })
  }
}
