// Losses for classes that are rare: of few examples, or of few pixels.

extension Loss {
  /// w·(1 − q)^γ·(−(t·ln p + (1 − t)·ln(1 − p))), averaged over the features of an example; targets from 0 to 1. q is
  /// the probability of the correct answer, t·p + (1 − t)·(1 − p), so examples that are already predicted well count
  /// little (Lin et al., Focal Loss for Dense Object Detection, 2017). w is 1, or alpha·t + (1 − alpha)·(1 − t).
  ///
  /// Keras' `BinaryFocalCrossentropy`, with its defaults. From logits, value and gradients are accurate for every
  /// logit.
  /// - Parameters:
  ///   - gamma: The exponent γ of the factor, 0 or above; 0 gives `binaryCrossEntropy`.
  ///   - alpha: The weight of yes, from 0 to 1, next to 1 − alpha for no; nil for no weights (Keras'
  ///     `apply_class_balancing=False`). Keras' weight is 0.25.
  ///   - fromLogits: Whether the model ends without a sigmoid.
  public static func binaryFocalCrossEntropy(
    gamma: Double = 2, alpha: Double? = nil, fromLogits: Bool = false
  ) -> Loss {
    Checks.size(gamma, "gamma", of: "binaryFocalCrossEntropy")
    if let alpha, !(alpha >= 0 && alpha <= 1) {
      ProgrammerError.end("binaryFocalCrossEntropy: alpha is \(alpha), expected a number from 0 to 1")
    }
    return Loss(
      "binary_focal_cross_entropy", targets: .probabilities, outputs: fromLogits ? .binaryLogits : .binaryProbabilities,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "binary focal cross-entropy")
        let yes = fromLogits ? (-prediction).softplus() : -prediction.boundedLogarithm()
        let no = fromLogits ? prediction.softplus() : -(1 - prediction).boundedLogarithm()
        let p = fromLogits ? prediction.sigmoid() : prediction
        let rest = fromLogits ? (-prediction).sigmoid() : 1 - prediction
        let values = (t * rest + (1 - t) * p).focused(gamma) * (t * yes + (1 - t) * no)
        return alpha.map { values * ($0 * t + (1 - $0) * (1 - t)) } ?? values
      })
  }

  /// −alpha·Σ t·(1 − p)^γ·ln p over the classes, which are the last axis of the prediction, so that examples that are
  /// already predicted well count little. Targets are class indices, or a distribution t over the classes.
  ///
  /// Keras' `CategoricalFocalCrossentropy`, with its defaults. Probabilities are not divided by their sum, and instead
  /// of the probabilities, their logarithms are limited: to −100 or above.
  /// - Parameters:
  ///   - gamma: The exponent γ of the factor, 0 or above.
  ///   - alpha: A factor of the loss, above 0.
  ///   - fromLogits: Whether the model ends without a softmax.
  public static func categoricalFocalCrossEntropy(
    gamma: Double = 2, alpha: Double = 0.25, fromLogits: Bool = false
  ) -> Loss {
    Checks.size(gamma, "gamma", of: "categoricalFocalCrossEntropy")
    guard alpha > 0, alpha.isFinite else {
      ProgrammerError.end("categoricalFocalCrossEntropy: alpha is \(alpha), expected a number above 0")
    }
    /// The loss of each class if it were the correct one.
    let costs: @Sendable (Tensor) -> Tensor = { prediction in
      let logarithms = fromLogits ? prediction.logSoftmax(axis: -1) : prediction.boundedLogarithm()
      let rest = fromLogits ? -logarithms.expMinusOne() : 1 - prediction
      return rest.focused(gamma) * logarithms * -alpha
    }
    return Loss(
      "categorical_focal_cross_entropy", targets: .labelsOrDistribution(ignoring: nil),
      outputs: fromLogits ? .logits : .probabilities,
      .choice(
        labels: .perExample { prediction, target in
          let labels = target.alignedLabels(to: prediction, for: "categorical focal cross-entropy")
          return costs(prediction).gathered(labels.expanded(axis: -1), axis: -1).squeezed(axis: -1)
        },
        distribution: .perExample { prediction, target in
          let t = target.aligned(to: prediction, for: "categorical focal cross-entropy")
          return (t * costs(prediction)).sum(axis: -1)
        }))
  }

  /// 1 − 2·Σ t·p / (Σ t + Σ p), with sums over all features of an example: one minus the overlap of two areas, for
  /// segmentation. If both areas are empty, the loss is 0.
  ///
  /// Keras' `Dice` with the axes of the features; its default sums over the whole batch, and 1e-7 is added to its
  /// divisor, so that two empty areas cost 1.
  /// - Parameter fromLogits: Whether the model ends without a sigmoid.
  public static func dice(fromLogits: Bool = false) -> Loss {
    overlap("dice", falsePositives: 0.5, falseNegatives: 0.5, fromLogits: fromLogits)
  }

  /// 1 − Σ t·p / (Σ t·p + alpha·Σ (1 − t)·p + beta·Σ t·(1 − p)), with sums over all features of an example: `dice` with
  /// different weights for what is too much and what is missing (Salehi et al., Tversky Loss Function for Image
  /// Segmentation, 2017). If both areas are empty, the loss is 0.
  ///
  /// Keras' `Tversky` with the axes of the features; there, alpha is the weight of what is missing, and beta the other.
  /// - Parameters:
  ///   - alpha: The weight of false positives, 0 or above.
  ///   - beta: The weight of false negatives, 0 or above.
  ///   - fromLogits: Whether the model ends without a sigmoid.
  public static func tversky(alpha: Double = 0.5, beta: Double = 0.5, fromLogits: Bool = false) -> Loss {
    Checks.size(alpha, "alpha", of: "tversky")
    Checks.size(beta, "beta", of: "tversky")
    return overlap("tversky", falsePositives: alpha, falseNegatives: beta, fromLogits: fromLogits)
  }

  private static func overlap(
    _ name: String, falsePositives: Double, falseNegatives: Double, fromLogits: Bool
  ) -> Loss {
    Loss(
      name, targets: .probabilities, outputs: fromLogits ? .binaryLogits : .binaryProbabilities,
      .perExample { prediction, target in
        let t = target.aligned(to: prediction, for: name).rowsOfFeatures()
        let scores = prediction.rowsOfFeatures()
        let (p, rest) = fromLogits ? (scores.sigmoid(), (-scores).sigmoid()) : (scores, 1 - scores)
        let common = (t * p).sum(axis: 1)
        let faults =
          falsePositives * ((1 - t) * p).sum(axis: 1) + falseNegatives * (t * rest).sum(axis: 1)
        // One minus the quotient would cancel for a good prediction.
        let whole = common + faults
        return faults / whole.replacing(with: 1, where: whole .== 0)
      })
  }
}

extension Tensor {
  /// Returns (1 − q)^γ of a number 1 − q from 0 to 1. Below the smallest normal float32, the gradient is 0: powers with
  /// an exponent below 1 have an infinite one at 0.
  fileprivate func focused(_ gamma: Double) -> Tensor { maximum(1.1754944e-38).power(gamma) }

  /// Returns one row for each example, `[N, features]`.
  fileprivate func rowsOfFeatures() -> Tensor {
    rank == 0 ? reshaped([1, 1]) : reshaped([shape[0], count / Swift.max(shape[0], 1)])
  }
}
