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
