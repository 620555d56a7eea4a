/// A search for a step length with the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6):
/// the loss falls by at least 1e-4 of what the slope promises, and the magnitude of the slope by at least a tenth.
/// Bounds and interpolation are those of PyTorch.
struct WolfeSearch {
  /// A point on the line.
  struct Point {
    let length: Double
    /// Infinite if the loss or its gradient is not finite, so that the point is never the result.
    let loss: Double
    /// The derivative of the loss by the length.
    let slope: Double
    let gradient: Tensor
  }

  private let start: Point
  /// The largest magnitude of the direction.
  private let size: Double
  /// The bound of the change of the parameters below which the search ends.
  private let tolerance: Double
  /// The point with the smallest loss so far that ends the search.
  private(set) var result: Point

  init(_ loss: Double, _ slope: Double, size: Double, tolerance: Double, gradient: Tensor) {
    start = Point(length: 0, loss: loss, slope: slope, gradient: gradient)
    self.size = size
    self.tolerance = tolerance
    result = start
  }

  /// Whether the loss has not fallen enough.
  private func isTooHigh(_ point: Point) -> Bool { !(point.loss <= start.loss + 1e-4 * point.length * start.slope) }

  private func isFlat(_ point: Point) -> Bool { point.slope.magnitude <= -0.9 * start.slope }

  /// Finds the length, beginning with `length`, with at most one more than this number of evaluations.
  mutating func run(from length: Double, evaluations: Int, _ evaluate: (Double) throws -> Point) throws {
    var previous = start
    var point = try evaluate(length)
    var count = 0
    while count < evaluations {
      if isTooHigh(point) || (count > 1 && point.loss >= previous.loss) {
        return try narrow(previous, point, evaluations - count, evaluate)
      }
      if isFlat(point) {
        result = point
        return
      }
      if point.slope >= 0 { return try narrow(previous, point, evaluations - count, evaluate) }
      let bounds = (point.length + 0.01 * (point.length - previous.length), point.length * 10)
      let next = WolfeSearch.minimum(previous, point, bounds)
      previous = point
      point = try evaluate(next)
      count += 1
    }
    result = point.loss < start.loss ? point : start
  }

  /// Narrows an interval that contains a length with the conditions.
  private mutating func narrow(
    _ first: Point, _ second: Point, _ evaluations: Int, _ evaluate: (Double) throws -> Point
  ) throws {
    var (low, high) = second.loss < first.loss ? (second, first) : (first, second)
    var rest = evaluations
    var isStuck = false
    defer { result = low }
    while rest > 0 && (high.length - low.length).magnitude * size >= tolerance {
      let (left, right) = (min(low.length, high.length), max(low.length, high.length))
      var next = WolfeSearch.minimum(low, high, (left, right))
      // Twice in a row close to an end of the interval: the interval must shrink.
      let margin = 0.1 * (right - left)
      if min(right - next, next - left) < margin {
        let moves = isStuck || next >= right || next <= left
        if moves { next = right - next < next - left ? right - margin : left + margin }
        isStuck = !moves
      } else {
        isStuck = false
      }
      let point = try evaluate(next)
      rest -= 1
      if isTooHigh(point) || point.loss >= low.loss {
        (low, high) = point.loss < low.loss ? (point, low) : (low, point)
        continue
      }
      if isFlat(point) {
        low = point
        return
      }
      if point.slope * (high.length - low.length) >= 0 { high = low }
      low = point
    }
  }

  /// Returns the length between the bounds with the smallest value of the cubic polynomial through two points; the
  /// middle if there is none.
  private static func minimum(_ a: Point, _ b: Point, _ bounds: (Double, Double)) -> Double {
    let (first, second) = a.length <= b.length ? (a, b) : (b, a)
    let mean = first.slope + second.slope - 3 * (first.loss - second.loss) / (first.length - second.length)
    let square = mean * mean - first.slope * second.slope
    guard square >= 0 else { return (bounds.0 + bounds.1) / 2 }
    let root = square.squareRoot()
    let share = (second.slope + root - mean) / (second.slope - first.slope + 2 * root)
    let length = second.length - (second.length - first.length) * share
    return length.isNaN ? (bounds.0 + bounds.1) / 2 : min(max(length, bounds.0), bounds.1)
  }
}
