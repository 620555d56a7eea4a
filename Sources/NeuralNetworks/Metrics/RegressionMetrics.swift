extension Metric {
  /// The mean of |p − t|.
  public static var meanAbsoluteError: Metric {
    Metric("mean_absolute_error", loss: .meanAbsoluteError)
  }

  /// The mean of (p − t)².
  public static var meanSquaredError: Metric {
    Metric("mean_squared_error", loss: .meanSquaredError)
  }

  /// The mean of any loss, as a metric. Labels that the loss ignores do not count.
  public static func loss(_ loss: Loss) -> Metric { Metric(loss.name, loss: loss) }
}
