// Losses of the order of scores, and of the distances between embeddings.

extension Loss {
  /// d for similar pairs (target 1) and max(0, margin − d) for others (target −1), where the prediction d is a distance,
  /// averaged over the features of an example. Any target above 0 counts as 1, and any other target as −1. PyTorch's
  /// `HingeEmbeddingLoss`.
  /// - Parameter margin: The distance from which other pairs cost nothing.
  public static func hingeEmbedding(margin: Double = 1) -> Loss {
    Checks.number(margin, "margin", of: "hingeEmbedding")
    return Loss(
      "hinge_embedding", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let isSimilar = target.aligned(to: prediction, for: "hinge embedding").detached() .> 0
        return (margin - prediction).relu().replacing(with: prediction, where: isSimilar)
      })
  }

  /// ln(1 + e^(−t·p)) with t = −1 or 1, averaged over the features of an example. Targets as for `hinge`. PyTorch's
  /// `SoftMarginLoss`.
  public static var softMargin: Loss {
    Loss(
      "soft_margin", targets: .values, outputs: .margins,
      .elementwise { prediction, target in
        (-(prediction * target.signs(like: prediction, for: "soft margin"))).softplus()
      })
  }

  /// Σ max(0, margin − x[y] + x[i])ᵖ / C over the classes i other than y, where x are the scores of C classes along the
  /// last axis of the prediction and y is the class index in the target. PyTorch's `MultiMarginLoss`.
  /// - Parameters:
  ///   - margin: The wanted distance of the score of the correct class from the others.
  ///   - p: The exponent, 1 or 2.
  public static func multiMargin(margin: Double = 1, p: Int = 1) -> Loss {
    Checks.number(margin, "margin", of: "multiMargin")
    guard p == 1 || p == 2 else { ProgrammerError.end("multiMargin: p is \(p), expected 1 or 2") }
    return Loss(
      "multi_margin", targets: .labels(ignoring: nil), outputs: .logits,
      .perExample { scores, target in
        let labels = target.alignedLabels(to: scores, for: "multi margin")
        let correct = scores.gathered(labels.expanded(axis: -1), axis: scores.rank - 1)
        let shortfall = (margin - correct + scores).relu()
        let isCorrect = labels.oneHot(classes: scores.shape[scores.rank - 1]) .> 0
        return (p == 1 ? shortfall : shortfall.squared()).replacing(with: 0, where: isCorrect).mean(axis: -1)
      })
  }

  /// Σ max(0, 1 − x[j] + x[i]) / C over all pairs of a class j that applies and a class i that does not, where x are the
  /// scores of C classes along the last axis. Targets have the shape of the predictions, and above 0 mean that a class
  /// applies. PyTorch's `MultiLabelMarginLoss`, whose targets are lists of class indices.
  public static var multiLabelMargin: Loss {
    Loss(
      "multi_label_margin", targets: .probabilities, outputs: .margins,
      .perExample { scores, target in
        let applies = target.aligned(to: scores, for: "multi-label margin").detached() .> 0
        // [..., j, i]
        let shortfall = (1 - scores.expanded(axis: -1) + scores.expanded(axis: -2)).relu()
        let counts = applies.expanded(axis: -1) .& .!applies.expanded(axis: -2)
        return shortfall.replacing(with: 0, where: .!counts).sum(axis: -1).mean(axis: -1)
      })
  }

  /// The circle loss of embeddings of length 1 in a batch: ln(1 + Σ e^(−gamma·a·(margin − d))·Σ e^(gamma·b·(1 − margin −
  /// d))) for each example, where d = max(0, 1 − cos) is the distance to another one. The first sum is over examples of
  /// the same class, with a = margin + d, and the second one over those of other classes, with b = max(0, 1 + margin −
  /// d). An example without either costs nothing. Sun et al. 2020; Keras' `Circle`, with gradients that include a and b.
  ///
  /// Predictions are `[N, D]`, from a model that ends with `UnitNormalization`; targets are class indices `[N]`.
  /// - Parameters:
  ///   - gamma: The scale, above 0.
  ///   - margin: The relaxation, from 0 to 1.
  public static func circle(gamma: Double = 80, margin: Double = 0.4) -> Loss {
    Checks.positive(gamma, "gamma", of: "circle")
    guard margin >= 0 && margin <= 1 else {
      ProgrammerError.end("circle: margin is \(margin), expected a number from 0 to 1")
    }
    return Loss(
      "circle", targets: .any, outputs: .any,
      .perExample { embeddings, target in
        let isSame = target.pairs(of: embeddings)
        let itself = Tensor.identity(embeddings.shape[0], on: embeddings.device) .> 0
        let distance = (1 - embeddings.matmul(embeddings, transposingRight: true)).relu()
        let similar = gamma * (margin + distance) * (distance - margin)
        let different = gamma * (1 + margin - distance).relu() * (1 - margin - distance)
        return (similar.logSumExp(where: isSame .& .!itself) + different.logSumExp(where: .!isSame)).softplus()
      })
  }
}

// MARK: - Pairs

extension Loss {
  /// Returns the mean of max(0, −label·(x − y) + margin): x should be larger than y by the margin where the label is 1,
  /// and smaller where it is −1. PyTorch's `margin_ranking_loss`. It is a function of two scores for custom training
  /// loops, and not a loss of a prediction and a target.
  /// - Parameters:
  ///   - x: Scores of any shape.
  ///   - y: Scores of the same shape.
  ///   - labels: In the same shape: above 0 if x should be larger, 0 or below if y should be.
  ///   - margin: The wanted difference.
  public static func marginRanking(_ x: Tensor, _ y: Tensor, labels: Tensor, margin: Double = 0) -> Tensor {
    Checks.number(margin, "margin", of: "marginRanking")
    let difference = x - y.likeShape(of: x, "marginRanking: y")
    let sign = labels.likeShape(of: x, "marginRanking: labels").signs(like: x, for: "marginRanking")
    return (margin - sign * difference).relu().mean()
  }
}

extension Tensor {
  /// For class indices `[N]` or `[N, 1]` of embeddings `[N, D]`: whether two examples have the same class, `[N, N]`.
  fileprivate func pairs(of embeddings: Tensor) -> Tensor {
    checked {
      let examples = embeddings.shape.first ?? 0
      guard embeddings.rank == 2, count == examples else {
        try ProgrammerError.refuse(
          "circle: the prediction has shape \(embeddings.shape) and the target \(shape), expected [N, D] and [N]")
      }
      let labels = detached()
      return labels.reshaped([examples, 1]) .== labels.reshaped([1, examples])
    }
  }

  /// Returns ln Σ eˣ along the last axis over the elements where the mask is true; about −1e30 if there are none.
  fileprivate func logSumExp(where mask: Tensor) -> Tensor {
    // An infinity would have the gradient NaN.
    replacing(with: -1e30, where: .!mask).logSumExp(axis: -1)
  }
}
