extension Loss {
  /// −Σ q·ln p over the classes, the last axis of the prediction. Targets are class numbers (int32, shape of the prediction
  /// without its last axis) or a distribution over the classes (the shape of the prediction), as in PyTorch's
  /// `CrossEntropyLoss`; which of the two is seen from the shape.
  ///
  /// With smoothing s, q = (1 − s)·target + s/classes. From logits, p is their softmax, computed in one stable step; from
  /// probabilities, logarithms are kept at −100 or above.
  /// - Parameters:
  ///   - fromLogits: False when the model ends in a softmax.
  ///   - labelSmoothing: From 0 to 1.
  ///   - index: A class number that is not counted: its loss and its gradient are 0, and the mean is over the others.
  public static func crossEntropy(fromLogits: Bool = true, labelSmoothing: Double = 0, ignoring index: Int? = nil)
    -> Loss
  {
    let sparse = sparseForm(fromLogits: fromLogits, smoothing: checked(labelSmoothing), ignoring: index)
    let dense = Form.perExample { prediction, target in
      let t = target.aligned(to: prediction, for: "cross-entropy")
      let logarithms = fromLogits ? prediction.logSoftmax(axis: -1) : prediction.boundedLogarithm()
      let classes = Double(prediction.shape[prediction.rank - 1])
      let smoothed = labelSmoothing == 0 ? t : (1 - labelSmoothing) * t + labelSmoothing / classes
      return -(smoothed * logarithms).sum(axis: -1)
    }
    return Loss(
      "cross_entropy", targets: .labelsOrDistribution(ignoring: index.map(Int32.init)),
      .choice(labels: sparse, distribution: dense))
  }

  /// Cross-entropy with class numbers as targets: −ln p at the label. `crossEntropy` says more.
  /// - Parameters:
  ///   - fromLogits: True when the model ends without a softmax; Keras' default, false, is kept.
  ///   - labelSmoothing: From 0 to 1.
  ///   - index: A class number that is not counted.
  public static func sparseCategoricalCrossEntropy(
    fromLogits: Bool = false, labelSmoothing: Double = 0, ignoring index: Int? = nil
  ) -> Loss {
    Loss(
      "sparse_categorical_cross_entropy", targets: .labels(ignoring: index.map(Int32.init)),
      sparseForm(fromLogits: fromLogits, smoothing: checked(labelSmoothing), ignoring: index))
  }

  /// Σ t·ln(t/p) over the last axis: how much the distribution p of the model differs from t. PyTorch's `KLDivLoss` with
  /// `batchmean`, of probabilities; a class with t = 0 adds nothing, and ln p is kept at −100 or above.
  /// - Parameter fromLogProbabilities: True when the model ends in a log-softmax, as PyTorch expects.
  public static func klDivergence(fromLogProbabilities: Bool = false) -> Loss {
    Loss(
      "kl_divergence", targets: .probabilities,
      .perExample { prediction, target in
        let t = target.aligned(to: prediction, for: "KL divergence")
        let logarithms = fromLogProbabilities ? prediction : prediction.boundedLogarithm()
        return (t * (t.boundedLogarithm() - logarithms)).sum(axis: -1)
      })
  }

  private static func checked(_ smoothing: Double) -> Double {
    guard smoothing >= 0, smoothing <= 1 else { fatalError("label smoothing is from 0 to 1, not \(smoothing)") }
    return smoothing
  }
}

// MARK: - Class numbers

extension Loss {
  private static func sparseForm(fromLogits: Bool, smoothing: Double, ignoring index: Int?) -> Form {
    let ignored = index.map(Int32.init)
    let values: @Sendable (Tensor, Tensor) -> Tensor = { prediction, labels in
      fromLogits
        ? fused(prediction, labels, smoothing: smoothing, ignored: ignored)
        : fromProbabilities(prediction, labels, smoothing: smoothing, ignored: ignored)
    }
    guard let index else {
      return .perExample { prediction, target in
        values(prediction, target.alignedLabels(to: prediction, for: "cross-entropy"))
      }
    }
    return .masked { prediction, target in
      let labels = target.alignedLabels(to: prediction, for: "cross-entropy")
      return (values(prediction, labels), (labels .!= index).cast(to: prediction.dtype))
    }
  }

  private static func fused(_ logits: Tensor, _ labels: Tensor, smoothing: Double, ignored: Int32?) -> Tensor {
    // A loss is most often called for its mean; how many labels that is over is known unless some are ignored.
    let expected = ignored == nil ? 1 / Double(max(labels.count, 1)) : 1
    func crossEntropy(_ rows: Tensor, _ labels: Tensor) -> Tensor {
      rows.softmaxCrossEntropy(
        labels: labels, smoothing: smoothing, ignoredLabel: ignored, expectedGradient: expected)
    }
    if logits.rank == 2 { return crossEntropy(logits, labels) }
    let classes = logits.shape[logits.rank - 1]
    let values = crossEntropy(logits.reshaped([labels.count, classes]), labels.reshaped([labels.count]))
    return values.reshaped(labels.shape)
  }

  private static func fromProbabilities(
    _ prediction: Tensor, _ labels: Tensor, smoothing: Double, ignored: Int32?
  ) -> Tensor {
    let skipped = ignored.map { labels .== Int($0) }
    // An ignored label need not be a class; any class does in its place, as its value is dropped.
    let picked = skipped.map { labels.replacing(with: 0, where: $0) } ?? labels
    let classes = Double(prediction.shape[prediction.rank - 1])
    let indices = picked.expanded(axis: -1)
    var values: Tensor
    if smoothing == 0 {
      values = -prediction.gathered(indices, axis: -1).squeezed(axis: -1).boundedLogarithm()
    } else {
      let logarithms = prediction.boundedLogarithm()
      let atLabel = logarithms.gathered(indices, axis: -1).squeezed(axis: -1)
      values = -((1 - smoothing) * atLabel + logarithms.sum(axis: -1) * (smoothing / classes))
    }
    if let skipped { values = values.replacing(with: 0, where: skipped) }
    return values
  }
}
