extension Metric {
  /// The mean of |p − t|.
  public static var meanAbsoluteError: Metric {
    let loss = Loss.meanAbsoluteError
    return Metric("mean_absolute_error", perExample: { loss.values($0, $1) })
  }

  /// The mean of (p − t)².
  public static var meanSquaredError: Metric {
    let loss = Loss.meanSquaredError
    return Metric("mean_squared_error", perExample: { loss.values($0, $1) })
  }

  /// The mean of any loss, as a metric.
  public static func loss(_ loss: Loss) -> Metric { Metric(loss.name, perExample: { loss.values($0, $1) }) }
}
