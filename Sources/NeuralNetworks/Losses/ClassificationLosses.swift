extension Loss {
  /// −(t·ln p + (1 − t)·ln(1 − p)), averaged over the features of an example; targets from 0 to 1.
  ///
  /// From probabilities, logarithms are limited to −100 or above, as in PyTorch's `BCELoss`, so that a confident but
  /// wrong prediction costs 100 instead of infinity. From logits z = ln(p/(1 − p)), the loss is
  /// t·ln(1 + e⁻ᶻ) + (1 − t)·ln(1 + eᶻ), as in PyTorch's `BCEWithLogitsLoss`. The value and gradients are accurate for
  /// every z, including confident correct predictions.
  /// - Parameters:
  ///   - fromLogits: Whether the model ends without a sigmoid.
  ///   - positiveWeight: A factor of the term with t, above 0: more than 1 if yes is rare, or more important (PyTorch's
  ///     `pos_weight`). The weights of examples and classes are arguments of `fit`.
  public static func binaryCrossEntropy(fromLogits: Bool = false, positiveWeight: Double = 1) -> Loss {
    guard positiveWeight > 0, positiveWeight.isFinite else {
      ProgrammerError.end("binaryCrossEntropy: positiveWeight is \(positiveWeight), expected a number above 0")
    }
    guard fromLogits else {
      return Loss(
        "binary_cross_entropy", targets: .probabilities, outputs: .binaryProbabilities,
        .elementwise { prediction, target in
          let t = target.aligned(to: prediction, for: "binary cross-entropy")
          let yes = positiveWeight * t * prediction.boundedLogarithm()
          let no = (1 - t) * (1 - prediction).boundedLogarithm()
          return -(yes + no)
        })
    }
    return Loss(
      "binary_cross_entropy_with_logits", targets: .probabilities, outputs: .binaryLogits,
      .elementwise { logits, target in
        let t = target.aligned(to: logits, for: "binary cross-entropy")
        return positiveWeight * t * (-logits).softplus() + (1 - t) * logits.softplus()
      })
  }
}

extension Tensor {
  /// ln x, limited to −100 or above. If x is so small that the derivative of its logarithm is not finite in float32,
  /// the gradient is 0.
  func boundedLogarithm() -> Tensor {
    let smallest = 1.1754944e-38  // the smallest normal float32
    let constant = detached()
    let isTiny = constant .< smallest
    return replacing(with: 1, where: isTiny).log().replacing(with: constant.log().maximum(-100), where: isTiny)
  }
}

extension Loss {
  /// −Σ q·ln p over the classes, which are the last axis of the prediction. Targets are class indices (int32, shape of
  /// the prediction without its last axis) or a distribution over the classes (shape of the prediction), as in
  /// PyTorch's `CrossEntropyLoss`. The shape of the target determines which.
  ///
  /// With smoothing s, q = (1 − s)·target + s/classes. From logits, p is their softmax, computed in one numerically
  /// stable step; from probabilities, logarithms are limited to −100 or above.
  /// - Parameters:
  ///   - fromLogits: False if the model ends in a softmax.
  ///   - labelSmoothing: The smoothing, from 0 to 1.
  ///   - index: A class index to ignore: its loss and its gradient are 0, and the mean is over the other examples.
  public static func crossEntropy(fromLogits: Bool = true, labelSmoothing: Double = 0, ignoring index: Int? = nil)
    -> Loss
  {
    let ignored = index.map { ignoredLabel($0, "crossEntropy") }
    let sparse = sparseForm(fromLogits: fromLogits, smoothing: checked(labelSmoothing), ignoring: ignored)
    let dense = Form.perExample { prediction, target in
      let t = target.aligned(to: prediction, for: "cross-entropy")
      let logarithms = fromLogits ? prediction.logSoftmax(axis: -1) : prediction.boundedLogarithm()
      let classes = Double(prediction.shape.last ?? 1)
      let smoothed = labelSmoothing == 0 ? t : (1 - labelSmoothing) * t + labelSmoothing / classes
      return -(smoothed * logarithms).sum(axis: -1)
    }
    return Loss(
      "cross_entropy", targets: .labelsOrDistribution(ignoring: ignored),
      outputs: fromLogits ? .logits : .probabilities,
      .choice(labels: sparse, distribution: dense))
  }

  /// Cross-entropy with class indices as targets: −ln p at the label. See `crossEntropy`.
  /// - Parameters:
  ///   - fromLogits: Whether the model ends without a softmax. The default is false, as in Keras.
  ///   - labelSmoothing: The smoothing, from 0 to 1.
  ///   - index: A class index to ignore.
  public static func sparseCategoricalCrossEntropy(
    fromLogits: Bool = false, labelSmoothing: Double = 0, ignoring index: Int? = nil
  ) -> Loss {
    let ignored = index.map { ignoredLabel($0, "sparseCategoricalCrossEntropy") }
    return Loss(
      "sparse_categorical_cross_entropy", targets: .labels(ignoring: ignored),
      outputs: fromLogits ? .logits : .probabilities,
      sparseForm(fromLogits: fromLogits, smoothing: checked(labelSmoothing), ignoring: ignored))
  }

  /// Σ t·ln(t/p) over the last axis: the divergence between the distribution p of the model and t. PyTorch's
  /// `KLDivLoss` with `batchmean`, but for probabilities. A class with t = 0 contributes nothing, and ln p is limited
  /// to −100 or above.
  /// - Parameter fromLogProbabilities: Whether the model ends in a log-softmax, as PyTorch expects.
  public static func klDivergence(fromLogProbabilities: Bool = false) -> Loss {
    Loss(
      "kl_divergence", targets: .probabilities, outputs: fromLogProbabilities ? .logProbabilities : .probabilities,
      .perExample { prediction, target in
        let t = target.aligned(to: prediction, for: "KL divergence")
        let logarithms = fromLogProbabilities ? prediction : prediction.boundedLogarithm()
        return (t * (t.boundedLogarithm() - logarithms)).sum(axis: -1)
      })
  }

  /// Returns the ignored class index as int32, the element type of labels.
  private static func ignoredLabel(_ index: Int, _ name: String) -> Int32 {
    guard let label = Int32(exactly: index) else {
      ProgrammerError.end("\(name): the ignored label \(index) does not fit int32, the type of labels")
    }
    return label
  }

  private static func checked(_ smoothing: Double) -> Double {
    guard smoothing >= 0, smoothing <= 1 else {
      ProgrammerError.end("label smoothing is from 0 to 1, not \(smoothing)")
    }
    return smoothing
  }
}

// MARK: - Class indices

extension Loss {
  private static func sparseForm(fromLogits: Bool, smoothing: Double, ignoring ignored: Int32?) -> Form {
    let values: @Sendable (Tensor, Tensor) -> Tensor = { prediction, labels in
      fromLogits
        ? fused(prediction, labels, smoothing: smoothing, ignored: ignored)
        : fromProbabilities(prediction, labels, smoothing: smoothing, ignored: ignored)
    }
    guard let ignored else {
      return .perExample { prediction, target in
        values(prediction, target.alignedLabels(to: prediction, for: "cross-entropy"))
      }
    }
    return .masked { prediction, target in
      let labels = target.alignedLabels(to: prediction, for: "cross-entropy")
      return (values(prediction, labels), (labels .!= Int(ignored)).cast(to: prediction.dtype))
    }
  }

  private static func fused(_ logits: Tensor, _ labels: Tensor, smoothing: Double, ignored: Int32?) -> Tensor {
    // Most losses are called for their mean. The number of labels in the mean is known unless some are ignored.
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
    // An ignored label may not be a valid class. Any class can replace it, because its value is dropped.
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
