extension Loss {
  /// (p − t)², averaged over the features of an example. PyTorch's `MSELoss`.
  public static var meanSquaredError: Loss {
    Loss(
      "mean_squared_error", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        (prediction - target.aligned(to: prediction, for: "mean squared error")).squared()
      })
  }

  /// |p − t|, averaged over the features of an example; its gradient at 0 is 0. PyTorch's `L1Loss`.
  public static var meanAbsoluteError: Loss {
    Loss(
      "mean_absolute_error", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        (prediction - target.aligned(to: prediction, for: "mean absolute error")).magnitude()
      })
  }

  /// d²/2 if d = |p − t| is at most delta, and delta·(d − delta/2) beyond it, averaged over the features of an example:
  /// quadratic for small errors, linear for large ones. PyTorch's `HuberLoss`.
  /// - Parameter delta: The positive error at which the parabola becomes a line.
  public static func huber(delta: Double = 1) -> Loss {
    guard delta > 0, delta.isFinite else { ProgrammerError.end("huber: delta is a positive number, not \(delta)") }
    return Loss(
      "huber", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let distance = prediction - target.aligned(to: prediction, for: "huber")
        let bounded = distance.clamped(to: -delta...delta)
        return bounded * (distance - 0.5 * bounded)
      })
  }
}

extension Loss {
  /// −(t·ln p + (1 − t)·ln(1 − p)), averaged over the features of an example; targets from 0 to 1.
  ///
  /// From probabilities, logarithms are limited to −100 or above, as in PyTorch's `BCELoss`, so that a confident but
  /// wrong prediction costs 100 instead of infinity. From logits z = ln(p/(1 − p)), the loss is
  /// t·ln(1 + e⁻ᶻ) + (1 − t)·ln(1 + eᶻ), as in PyTorch's `BCEWithLogitsLoss`. The value and gradients are accurate for
  /// every z, including confident correct predictions.
  /// - Parameter fromLogits: Whether the model ends without a sigmoid.
  public static func binaryCrossEntropy(fromLogits: Bool = false) -> Loss {
    guard fromLogits else {
      return Loss(
        "binary_cross_entropy", targets: .probabilities, outputs: .binaryProbabilities,
        .elementwise { prediction, target in
          let t = target.aligned(to: prediction, for: "binary cross-entropy")
          let yes = t * prediction.boundedLogarithm()
          let no = (1 - t) * (1 - prediction).boundedLogarithm()
          return -(yes + no)
        })
    }
    return Loss(
      "binary_cross_entropy_with_logits", targets: .probabilities, outputs: .binaryLogits,
      .elementwise { logits, target in
        let t = target.aligned(to: logits, for: "binary cross-entropy")
        return t * (-logits).softplus() + (1 - t) * logits.softplus()
      })
  }

  /// max(0, 1 − t·p) with t = −1 or 1, averaged over the features of an example. Any target above 0 counts as 1, and
  /// any other target as −1, so targets of 0 and 1 are also supported. Keras' `Hinge`.
  public static var hinge: Loss {
    Loss(
      "hinge", targets: .values, outputs: .margins,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "hinge").detached()
        let sign = 2 * (t .> 0).cast(to: prediction.dtype) - 1
        return (1 - sign * prediction).relu()
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
