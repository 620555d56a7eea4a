import HostSystem

extension Metric {
  /// The fraction of examples whose class is predicted correctly. The compiled loss determines how outputs are
  /// interpreted:
  /// - With a loss over classes (`crossEntropy`), the predicted class is the largest of predictions `[N, classes]`.
  ///   Targets are class indices `[N]` or have the shape of the predictions.
  /// - With a yes-or-no loss, each element counts. It means yes above 0 for logits
  ///   (`binaryCrossEntropy(fromLogits: true)`, `hinge`) and above 0.5 for probabilities. Targets above 0.5 mean yes.
  ///   For an example with several labels, the value is the fraction of correct labels (`binaryAccuracy`).
  /// - With any other loss, the shapes decide: predictions `[N]` or `[N, 1]` mean yes above 0.5; otherwise, the largest
  ///   prediction is the class.
  ///
  /// Labels that the compiled loss ignores are also ignored here and in the other class metrics.
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
  /// - Parameter threshold: The threshold. The default is the threshold of the compiled loss: 0 for logits, 0.5 for
  ///   probabilities.
  public static func binaryAccuracy(threshold: Double? = nil) -> Metric { answers("binary_accuracy", threshold) }

  /// The fraction of all elements on the correct side of the compiled loss's threshold: 0 for logits, 0.5 for
  /// probabilities.
  public static var binaryAccuracy: Metric { binaryAccuracy() }

  /// The fraction of examples whose class is among the `k` largest predictions. A tie counts as correct. The name is
  /// "top_3_accuracy" for k = 3. For an example with several labels, the first one counts, as in Keras.
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

  /// e to the power of the mean cross-entropy of class indices: the number of equally likely classes that would be as
  /// hard to predict; for language models. The compiled loss determines whether outputs are logits or probabilities,
  /// and which labels are ignored. KerasHub's `Perplexity`.
  public static var perplexity: Metric {
    Metric(
      "perplexity",
      classes: { reading in
        let loss = Loss.crossEntropy(
          fromLogits: reading.meaning == .logits || reading.meaning == .logProbabilities,
          ignoring: reading.ignored.map(Int.init))
        return MeanFunctionAccumulator(MeanAccumulator(masked: { loss.maskedValues($0, $1) })) { exp($0) }
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
