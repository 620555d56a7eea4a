// Losses of margins: of the distance of a score from a threshold, or from another score or vector.

extension Loss {
  /// max(0, 1 − t·p) with t = −1 or 1, averaged over the features of an example. Any target above 0 counts as 1, and
  /// any other target as −1, so targets of 0 and 1 are also supported. Keras' `Hinge`.
  public static var hinge: Loss {
    Loss(
      "hinge", targets: .values, outputs: .margins,
      .elementwise { prediction, target in
        shortfall(of: prediction, target, for: "hinge")
      })
  }

  /// max(0, 1 − t·p)² with t = −1 or 1, averaged over the features of an example. Targets as for `hinge`. Keras'
  /// `SquaredHinge`.
  public static var squaredHinge: Loss {
    Loss(
      "squared_hinge", targets: .values, outputs: .margins,
      .elementwise { prediction, target in
        shortfall(of: prediction, target, for: "squared hinge").squared()
      })
  }

  /// max(0, 1 + n − p), where p is the score of the correct class and n the largest score of another class, or 0 if
  /// that is larger. The classes are the last axis of the prediction. Targets are class indices, or one-hot rows t, for
  /// which p is Σ t·scores and n is max((1 − t)·scores). Keras' `CategoricalHinge`.
  public static var categoricalHinge: Loss {
    let dense: @Sendable (Tensor, Tensor) -> Tensor = { scores, t in
      (((1 - t) * scores).max(axis: -1) - (t * scores).sum(axis: -1) + 1).relu()
    }
    return Loss(
      "categorical_hinge", targets: .labelsOrDistribution(ignoring: nil), outputs: .logits,
      .choice(
        labels: .perExample { prediction, target in
          let labels = target.alignedLabels(to: prediction, for: "categorical hinge")
          let rows = labels.oneHot(classes: prediction.shape[prediction.rank - 1])
          return dense(prediction, rows.cast(to: prediction.dtype))
        },
        distribution: .perExample { prediction, target in
          dense(prediction, target.aligned(to: prediction, for: "categorical hinge"))
        }))
  }

  /// max(0, 1 − t·p), where t is 1 for targets above 0, and −1 otherwise.
  private static func shortfall(of prediction: Tensor, _ target: Tensor, for name: String) -> Tensor {
    (1 - prediction * target.signs(like: prediction, for: name)).relu()
  }
}

// MARK: - Embeddings

extension Loss {
  /// Returns the mean of max(0, d(a, p) − d(a, n) + margin): an anchor a should be closer to a positive example p than
  /// to a negative example n, by the margin. PyTorch's `triplet_margin_loss`. It is a function of three embeddings for
  /// custom training loops, and not a loss of a prediction and a target.
  ///
  /// The distance d(x, y) is (Σ |x − y + 1e-6|ᵖ)^(1/p) over the last axis; the small number keeps the gradient finite
  /// where x and y are equal.
  /// - Parameters:
  ///   - anchor: The anchors, `[…, D]`.
  ///   - positive: For each anchor, an embedding of the same class.
  ///   - negative: For each anchor, an embedding of another class.
  ///   - margin: The wanted difference of the distances, above 0.
  ///   - p: The exponent of the distance, at least 1: 2 for Euclidean distances.
  public static func tripletMargin(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, p: Double = 2
  ) -> Tensor {
    Checks.positive(margin, "margin", of: "tripletMargin")
    guard p >= 1, p.isFinite else { ProgrammerError.end("tripletMargin: p is \(p), expected a number of at least 1") }
    func distance(_ other: Tensor, _ name: String) -> Tensor {
      let difference = (anchor - other.likeShape(of: anchor, "tripletMargin: \(name)") + 1e-6).magnitude()
      return p == 1 ? difference.sum(axis: -1) : difference.power(p).sum(axis: -1).power(1 / p)
    }
    return (distance(positive, "positive") - distance(negative, "negative") + margin).relu().mean()
  }

  /// Returns the mean of 1 − cos(x, y) for pairs of the same kind (label 1), and of max(0, cos(x, y) − margin) for
  /// pairs of different kinds (label −1). PyTorch's `cosine_embedding_loss`. It is a function of two embeddings for
  /// custom training loops, and not a loss of a prediction and a target.
  /// - Parameters:
  ///   - x: Embeddings, `[N, D]`.
  ///   - y: Embeddings, `[N, D]`.
  ///   - labels: `[N]`: above 0 for pairs of the same kind, 0 or below for others.
  ///   - margin: The cosine up to which different kinds cost nothing, from −1 to 1.
  public static func cosineEmbedding(_ x: Tensor, _ y: Tensor, labels: Tensor, margin: Double = 0) -> Tensor {
    guard margin >= -1, margin <= 1 else {
      ProgrammerError.end("cosineEmbedding: margin is \(margin), expected a number from -1 to 1")
    }
    let cosine = x.cosine(with: y.likeShape(of: x, "cosineEmbedding: y"))
    let isSame = labels.detached().likeShape(of: cosine, "cosineEmbedding: labels") .> 0
    return (cosine - margin).relu().replacing(with: 1 - cosine, where: isSame).mean()
  }
}

extension Tensor {
  /// Returns 1 for targets above 0, and −1 for others, in the shape of the prediction.
  func signs(like prediction: Tensor, for name: String) -> Tensor {
    2 * (aligned(to: prediction, for: name).detached() .> 0).cast(to: prediction.dtype) - 1
  }

  /// Returns this tensor; refuses any other shape than that of `other`.
  func likeShape(of other: Tensor, _ name: String) -> Tensor {
    checked {
      if shape != other.shape {
        try ProgrammerError.refuse("\(name) has shape \(shape), expected \(other.shape)")
      }
      return self
    }
  }
}
