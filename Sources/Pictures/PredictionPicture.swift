/// Predicted values plotted against actual values. Perfect predictions are on the diagonal.
///
/// ```swift
/// import Pictures
///
/// let picture = PredictionPicture(predicted: [1.1, 1.9, 3.2], actual: [1, 2, 3])
/// print(picture.svg.count)
/// ```
public struct PredictionPicture {
  private let pairs: [(actual: Double, predicted: Double)]
  private let title: String

  /// Creates a picture of predictions.
  /// - Parameters:
  ///   - predicted: The prediction for each example.
  ///   - actual: The actual values of the examples.
  ///   - title: The title above the chart.
  public init(predicted: [Double], actual: [Double], title: String = "predicted and actual values") {
    pairs = zip(actual, predicted).map { ($0, $1) }
    self.title = title
  }

  /// The chart as SVG.
  public var svg: String {
    let values = pairs.flatMap { [$0.actual, $0.predicted] }.filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let room = max((high - low) * 0.05, high.magnitude * 1e-6, 1e-12)
    let range = low - room...high + room
    var chart = Chart(
      title, x: Axis(range), y: Axis(range), xLabel: "actual", yLabel: "predicted", width: 480, height: 420)
    chart.line([(low, low), (high, high)], color: 6, label: "predicted = actual", isDashed: true)
    chart.points(
      pairs.map { ($0.actual, $0.predicted) }, color: 0, radius: pairs.count > 400 ? 2 : 3, outline: "#ffffff")
    return chart.svg
  }
}
