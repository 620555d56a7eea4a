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

  /// 100·|p − t|/|t|, averaged over the features of an example: the error in percent of the target. |t| is at least
  /// 1e-7, so targets of 0 give huge errors. Keras' `MeanAbsolutePercentageError`.
  public static var meanAbsolutePercentageError: Loss {
    Loss(
      "mean_absolute_percentage_error", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "mean absolute percentage error")
        return 100 * ((prediction - t) / t.magnitude().maximum(1e-7)).magnitude()
      })
  }

  /// (ln(1 + p) − ln(1 + t))², averaged over the features of an example: the squared error of the orders of magnitude.
  /// Predictions and targets below 1e-7 count as 1e-7, and such predictions have no gradient. Keras'
  /// `MeanSquaredLogarithmicError`.
  public static var meanSquaredLogarithmicError: Loss {
    Loss(
      "mean_squared_logarithmic_error", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "mean squared logarithmic error")
        return (prediction.maximum(1e-7).logOnePlus() - t.maximum(1e-7).logOnePlus()).squared()
      })
  }

  /// ln cosh(p − t), averaged over the features of an example: about d²/2 for a small error d, and |d| − ln 2 for a
  /// large one. Small errors keep their digits. Keras' `LogCosh`.
  public static var logCosh: Loss {
    Loss(
      "log_cosh", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let distance = prediction - target.aligned(to: prediction, for: "log-cosh")
        // cosh d = 1 + 2·sinh²(d/2). From 20 on, ln cosh d is |d| − ln 2, also in double.
        let bounded = distance.clamped(to: -20...20)
        return (2 * (bounded / 2).sinh().squared()).logOnePlus() + (distance - bounded).magnitude()
      })
  }

  /// p − t·ln p for counts t and predicted rates p, averaged over the features of an example: the negative logarithm of
  /// their Poisson probability, without the term ln t!, which does not depend on p.
  ///
  /// From rates, 1e-7 is added to p in the logarithm, as in Keras' `Poisson`. From logarithms x = ln p, the loss is
  /// eˣ − t·x, as in PyTorch's `PoissonNLLLoss`, whose default this is.
  /// - Parameter fromLogarithm: Whether the model predicts ln p. The default is false, as in Keras; such a model ends
  ///   in an activation with positive values: `.softplus`, `.exponential`.
  public static func poisson(fromLogarithm: Bool = false) -> Loss {
    Loss(
      "poisson", targets: .values, outputs: .numbers,
      .elementwise { prediction, target in
        let t = target.aligned(to: prediction, for: "Poisson")
        return fromLogarithm ? prediction.exp() - t * prediction : prediction - t * (prediction + 1e-7).log()
      })
  }

  /// (s + (m − t)²·e⁻ˢ)/2 for a predicted mean m and logarithm of the variance s = ln σ², averaged over the features of
  /// an example: the negative logarithm of the normal density, without the constant ln(2π)/2. The first half of the
  /// last axis of the prediction are the means, the second half the logarithms, so the model has twice as many outputs
  /// as there are targets. PyTorch's `GaussianNLLLoss`, whose third argument is the variance itself.
  public static var gaussianNegativeLogLikelihood: Loss {
    Loss(
      "gaussian_negative_log_likelihood", targets: .any, outputs: .numbers,
      .elementwise { prediction, target in
        let halves = prediction.split(parts: 2, axis: -1)
        let (mean, logarithm) = (halves[0], halves[1])
        let distance = mean - target.aligned(to: mean, for: "Gaussian negative log-likelihood")
        return 0.5 * (logarithm + distance.squared() * (-logarithm).exp())
      })
  }

  /// −Σ p·t/(|p|·|t|) over the last axis: the negative cosine of the angle between the vectors p and t, from −1 for the
  /// same direction to 1 for the opposite one. If one of the vectors is 0, the loss is 0. Keras' `CosineSimilarity`,
  /// whose sign this is; the metric of this name has the opposite one.
  public static var cosineSimilarity: Loss {
    Loss(
      "negative_cosine", targets: .values, outputs: .numbers,
      .perExample { prediction, target in
        -prediction.cosine(with: target.aligned(to: prediction, for: "cosine similarity"))
      })
  }
}

extension Tensor {
  /// Returns the cosines of the angles between the vectors along the last axis; 0 if one of the vectors is 0.
  ///
  /// `cosineSimilarity` divides by at least an epsilon. For any epsilon, either vectors as short as 1e-30 lose their
  /// direction, or the gradient at a vector of 0 is as large as 1/epsilon. Here, it is the other vector's direction.
  func cosine(with other: Tensor) -> Tensor { (unitVectors() * other.unitVectors()).sum(axis: -1) }

  /// Returns the vectors along the last axis divided by their lengths; 0 for 0.
  private func unitVectors() -> Tensor {
    // Squares of the scaled numbers do not overflow.
    let largest = detached().magnitude().max(axis: -1, keepingRank: true)
    let scaled = self / largest.replacing(with: 1, where: largest .== 0)
    let square = scaled.squared().sum(axis: -1, keepingRank: true)
    return scaled * square.replacing(with: 1, where: square .== 0).reciprocalSquareRoot()
  }
}
