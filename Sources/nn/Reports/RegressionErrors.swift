import NeuralNetworks

/// The errors of predicted values.
struct RegressionErrors {
  /// The mean absolute error, in the unit of the values.
  let mae: Double
  /// The root of the mean squared error.
  let rmse: Double
  /// 1 − Σ (actual − predicted)² / Σ (actual − mean)².
  let r2: Double

  init(mae: Double, rmse: Double, r2: Double) {
    (self.mae, self.rmse, self.r2) = (mae, rmse, r2)
  }

  /// Computes the errors.
  /// - Parameters:
  ///   - predicted: The predictions, at least one.
  ///   - actual: The same number of actual values.
  init(predicted: [Float], actual: [Float]) {
    let pairs = zip(predicted, actual).lazy.map { (predicted: Double($0), actual: Double($1)) }
    let count = Double(max(actual.count, 1))
    let mean = pairs.reduce(0) { $0 + $1.actual } / count
    let squares = pairs.reduce(0) { $0 + ($1.predicted - $1.actual) * ($1.predicted - $1.actual) }
    let spread = pairs.reduce(0) { $0 + ($1.actual - mean) * ($1.actual - mean) }
    mae = pairs.reduce(0) { $0 + ($1.predicted - $1.actual).magnitude } / count
    rmse = (squares / count).squareRoot()
    r2 = spread == 0 ? (squares == 0 ? 1 : 0) : 1 - squares / spread
  }

  /// The errors with their names.
  var facts: [(name: String, value: String)] {
    [("MAE", NumberText.short(mae)), ("RMSE", NumberText.short(rmse)), ("R²", NumberText.short(r2))]
  }

  var text: String { facts.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
}
