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
