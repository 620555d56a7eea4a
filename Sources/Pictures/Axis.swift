import HostSystem
import NeuralNetworks

/// One axis of a chart: the mapping of values to positions, and the tick labels.
struct Axis {
  /// The distribution of values along the axis.
  enum Scale: Sendable { case linear, logarithmic }

  /// A value with a label.
  struct Tick {
    let value: Double
    let text: String
  }

  let range: ClosedRange<Double>
  let scale: Scale
  let ticks: [Tick]

  /// Creates an axis with a fixed range.
  /// - Parameters:
  ///   - range: The exact range of the axis.
  ///   - count: The approximate number of ticks.
  init(_ range: ClosedRange<Double>, scale: Scale = .linear, ticks count: Int = 5, wholeNumbers: Bool = false) {
    // The power of ten of a value below the smallest normal number is 0.
    let isEmpty = !(range.upperBound - range.lowerBound > 1 / Axis.largest)
    let room = max(0.5, range.lowerBound.magnitude * 1e-6)  // half of 1 may be lost next to a large number
    self.range = isEmpty ? range.lowerBound - room...range.lowerBound + room : range
    self.scale = scale
    ticks =
      scale == .logarithmic
      ? Axis.powers(self.range, count) : Axis.steps(self.range, count, wholeNumbers: wholeNumbers)
  }

  /// Creates an axis around values, with a margin. It is logarithmic if they are positive and differ by more than a
  /// factor of 50.
  init(around values: [Double], ticks count: Int = 5) {
    let values = values.filter(\.isFinite).map(Axis.bounded)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if low > 0, high / low > 50, high > 1e3 / Axis.largest {
      self.init(max(low, 1 / Axis.largest) / 1.3...high * 1.3, scale: .logarithmic, ticks: count)
      return
    }
    let room = high > low ? (high - low) * 0.06 : max(low.magnitude * 0.1, 1e-6)
    // Fractions and losses are not negative, so the axis does not extend below 0.
    self.init((low >= 0 ? max(low - room, 0) : low - room)...(high + room), ticks: count)
  }

  /// The position of a value: 0 at the lower end, 1 at the upper end.
  func fraction(_ value: Double) -> Double {
    func inner(_ value: Double) -> Double {
      scale == .logarithmic ? log10(max(Axis.bounded(value), 1 / Axis.largest)) : Axis.bounded(value)
    }
    let (low, high) = (inner(range.lowerBound), inner(range.upperBound))
    return (inner(value) - low) / (high - low)
  }

  /// The limit beyond which differences of values, and their powers of ten, may not be finite.
  private static let largest = 1e300

  private static func bounded(_ value: Double) -> Double { min(max(value, -largest), largest) }

  // MARK: Ticks

  /// Multiples of 1, 2, or 5 times a power of ten.
  private static func steps(_ range: ClosedRange<Double>, _ count: Int, wholeNumbers: Bool) -> [Tick] {
    let raw = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let power = pow(10, floor(log10(raw)))
    var step = power * ([1, 2, 5].first { $0 * power >= raw * 0.999 } ?? 10)
    func multiples(_ step: Double) -> (first: Double, last: Double) {
      ((range.lowerBound / step - 1e-9).rounded(.up), (range.upperBound / step + 1e-9).rounded(.down))
    }
    // If the range contains few multiples of a large step, the next smaller step does not produce too many.
    if multiples(step).last - multiples(step).first < 3 { step *= (step / power).rounded() == 5 ? 0.4 : 0.5 }
    if wholeNumbers { step = max(step.rounded(), 1) }
    let (first, last) = multiples(step)
    // Values whose difference is below the precision of a Double have no multiples between them.
    guard step > 0, first.magnitude < 1e15, last.magnitude < 1e15, first <= last, last - first < 100 else { return [] }
    return (Int(first)...Int(last)).map { Tick(value: Double($0) * step, text: text(Double($0) * step, step: step)) }
  }

  /// Powers of ten; if there are few, also two and five times each.
  private static func powers(_ range: ClosedRange<Double>, _ count: Int) -> [Tick] {
    let first = Int(log10(range.lowerBound).rounded(.down)), last = Int(log10(range.upperBound).rounded(.up))
    guard first <= last else { return [] }
    let whole = last - first
    let most = max(count, 1) + 3
    let stride = max(1, whole.dividedRoundingUp(by: most))
    func ticks(_ factors: [Double]) -> [Tick] {
      Swift.stride(from: first, through: last, by: stride).flatMap { exponent in
        factors.map { $0 * pow(10, Double(exponent)) }
      }.filter { range.contains($0) }.map { Tick(value: $0, text: text($0, step: $0)) }
    }
    let choices: [[Double]] = stride > 1 ? [[1]] : [[1], [1, 3], [1, 2, 5]]
    return choices.lazy.map(ticks).first { $0.count >= 4 } ?? ticks(choices[choices.count - 1])
  }

  /// A number with enough digits to distinguish it from its neighbors.
  private static func text(_ value: Double, step: Double) -> String {
    if value == 0 { return "0" }
    if value.magnitude >= 1e5 || step < 1e-4 { return scientific(value, step: step) }
    return NumberText.fixed(value, digits: max(0, Int(-floor(log10(step) + 1e-9))))
  }

  /// Scientific notation, such as "2e-5" or "1.5e6".
  private static func scientific(_ value: Double, step: Double) -> String {
    let exponent = Int(floor(log10(value.magnitude) + 1e-9))
    let digits = max(0, exponent - Int(floor(log10(step) + 1e-9)))
    return "\(NumberText.fixed(value / pow(10, Double(exponent)), digits: min(digits, 6)))e\(exponent)"
  }
}
