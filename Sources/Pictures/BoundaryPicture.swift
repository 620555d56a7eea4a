/// The class that a model predicts at each point of the plane, with the examples as dots. The more confident the model,
/// the more saturated the color.
public struct BoundaryPicture {
  private let title: String
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  private let points: [(Double, Double)]
  private let labels: [Int]
  private let classNames: [String]
  /// The points where the model is evaluated, row by row from the top, `columns` per row.
  public let places: [(Double, Double)]
  /// The number of points per row.
  public static let columns = 160
  private static let rows = 100

  /// Creates a picture.
  /// - Parameters:
  ///   - title: The title above the picture.
  ///   - points: The examples.
  ///   - labels: The classes of the examples.
  ///   - classNames: The names of the classes.
  public init(_ title: String, points: [(Double, Double)], labels: [Int], classNames: [String]) {
    func range(_ values: [Double]) -> ClosedRange<Double> {
      let known = values.filter(\.isFinite)
      let (low, high) = (known.min() ?? 0, known.max() ?? 1)
      let room = max((high - low) * 0.12, 1e-3)
      return low - room...high + room
    }
    self.title = title
    (self.points, self.labels, self.classNames) = (points, labels, classNames)
    let (x, y) = (range(points.map(\.0)), range(points.map(\.1)))
    (self.x, self.y) = (x, y)
    places = (0..<BoundaryPicture.rows * BoundaryPicture.columns).map { index in
      let h = (Double(index % BoundaryPicture.columns) + 0.5) / Double(BoundaryPicture.columns)
      let v = 1 - (Double(index / BoundaryPicture.columns) + 0.5) / Double(BoundaryPicture.rows)
      return (
        x.lowerBound + h * (x.upperBound - x.lowerBound), y.lowerBound + v * (y.upperBound - y.lowerBound)
      )
    }
  }

  /// Returns the picture as SVG.
  /// - Parameter probabilities: The class probabilities at each of the `places`.
  public func svg(_ probabilities: [[Float]]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * probabilities.count)
    for row in probabilities {
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      let even = 1 / Float(max(row.count, 1))
      let sureness = row.isEmpty ? 0 : min(max((row[best] - even) / max(1 - even, 1e-6), 0), 1)
      let strength = 0.12 + 0.38 * sureness
      for part in BoundaryPicture.color(best) { bytes.append(Bitmap.byte(1 + (part - 1) * strength)) }
    }
    var chart = Chart(title, x: Axis(x), y: Axis(y), width: 560, height: 400)
    chart.background(
      Bitmap(width: BoundaryPicture.columns, height: probabilities.count / BoundaryPicture.columns, bytes: bytes))
    for (index, name) in classNames.enumerated() {
      let members = labels.indices.filter { labels[$0] == index }.map { points[$0] }
      chart.points(members, color: index, radius: members.count > 400 ? 2 : 3, outline: "#ffffff")
      chart.name(color: index, name)
    }
    return chart.svg
  }

  /// The red, green, and blue values of the color of a class.
  private static func color(_ index: Int) -> [Float] {
    let digits = Chart.color(index).dropFirst()
    let number = Int(digits, radix: 16) ?? 0
    return [16, 8, 0].map { Float(number >> $0 & 255) / 255 }
  }
}
