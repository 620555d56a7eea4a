extension Loss {
  /// −(t·ln p + (1 − t)·ln(1 − p)), averaged over the features of an example; targets from 0 to 1.
  ///
  /// From probabilities, logarithms are kept at −100 or above, as PyTorch's `BCELoss` does, so that a certain and wrong
  /// prediction costs 100 and not infinity. From logits z = ln(p/(1 − p)) it is max(z, 0) − z·t + ln(1 + e^(−|z|)), exact for
  /// all z: PyTorch's `BCEWithLogitsLoss`.
  /// - Parameter fromLogits: True when the model ends without a sigmoid.
  public static func binaryCrossEntropy(fromLogits: Bool = false) -> Loss {
    guard fromLogits else {
      return Loss(
        "binary_cross_entropy", targets: .probabilities,
        .elementwise { prediction, target in
          let t = target.aligned(to: prediction, for: "binary cross-entropy")
          let yes = t * prediction.boundedLogarithm()
          let no = (1 - t) * (1 - prediction).boundedLogarithm()
          return -(yes + no)
        })
    }
    return Loss(
      "binary_cross_entropy_with_logits", targets: .probabilities,
      .elementwise { logits, target in
        // softplus(z) is max(z, 0) + ln(1 + e^(−|z|)).
        logits.softplus() - logits * target.aligned(to: logits, for: "binary cross-entropy")
      })
  }

  /// max(0, 1 − t·p) with t = −1 or 1, averaged over the features of an example. Any target above 0 counts as 1, any other
  /// as −1, so that 0 and 1 serve as well. Keras' `Hinge`.
  public static var hinge: Loss {
    Loss(
      "hinge", targets: .values,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "hinge").detached()
        let sign = 2 * (t .> 0).cast(to: prediction.dtype) - 1
        return (1 - sign * prediction).relu()
      })
  }
}

extension Tensor {
  /// ln x, kept at −100 or above. Where x is too small for its logarithm to have a finite slope in float32, the gradient is 0.
  func boundedLogarithm() -> Tensor {
    let smallest = 1.1754944e-38  // the smallest normal float32
    let tiny = detached()
    let bounded = tiny.log().maximum(-100)
    return clamped(to: smallest...Double.greatestFiniteMagnitude).log().replacing(
      with: bounded, where: tiny .< smallest)
  }
}
