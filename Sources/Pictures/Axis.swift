import NeuralNetworks

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One direction of a chart: where values lie, and which of them are written beside it.
struct Axis {
  /// How values are spread.
  enum Scale: Sendable { case linear, logarithmic }

  /// A value that is written, and its text.
  struct Tick {
    let value: Double
    let text: String
  }

  let range: ClosedRange<Double>
  let scale: Scale
  let ticks: [Tick]

  /// - Parameters:
  ///   - range: What the axis shows, exactly.
  ///   - count: About how many values are written.
  init(_ range: ClosedRange<Double>, scale: Scale = .linear, ticks count: Int = 5, wholeNumbers: Bool = false) {
    let isEmpty = !(range.upperBound > range.lowerBound)
    let room = max(0.5, range.lowerBound.magnitude * 1e-6)  // half of 1 may be lost beside a large number
    self.range = isEmpty ? range.lowerBound - room...range.lowerBound + room : range
    self.scale = scale
    ticks =
      scale == .logarithmic
      ? Axis.powers(self.range, count) : Axis.steps(self.range, count, wholeNumbers: wholeNumbers)
  }

  /// An axis round values, with some room; logarithmic where they are positive and differ by more than a factor of 50.
  init(around values: [Double], ticks count: Int = 5) {
    let values = values.filter(\.isFinite).map(Axis.bounded)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if low > 0, high / low > 50 {
      self.init(low / 1.3...high * 1.3, scale: .logarithmic, ticks: count)
      return
    }
    let room = high > low ? (high - low) * 0.06 : max(low.magnitude * 0.1, 1e-6)
    // Shares and losses do not go below 0, and the axis need not.
    self.init((low >= 0 ? max(low - room, 0) : low - room)...(high + room), ticks: count)
  }

  /// Where a value lies: 0 at the lower end, 1 at the upper one.
  func fraction(_ value: Double) -> Double {
    func inner(_ value: Double) -> Double {
      scale == .logarithmic ? log10(max(Axis.bounded(value), 1 / Axis.largest)) : Axis.bounded(value)
    }
    let (low, high) = (inner(range.lowerBound), inner(range.upperBound))
    return (inner(value) - low) / (high - low)
  }

  /// Differences of what is larger than this, and its powers of ten, may be no numbers any more.
  private static let largest = 1e300

  private static func bounded(_ value: Double) -> Double { min(max(value, -largest), largest) }

  // MARK: Ticks

  /// Multiples of 1, 2 or 5 times a power of ten.
  private static func steps(_ range: ClosedRange<Double>, _ count: Int, wholeNumbers: Bool) -> [Tick] {
    let raw = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let power = pow(10, floor(log10(raw)))
    var step = power * ([1, 2, 5].first { $0 * power >= raw * 0.999 } ?? 10)
    if wholeNumbers { step = max(step.rounded(), 1) }
    let first = (range.lowerBound / step - 1e-9).rounded(.up), last = (range.upperBound / step + 1e-9).rounded(.down)
    // Values that lie closer together than a Double can tell have no multiples between them.
    guard step > 0, first.magnitude < 1e15, last.magnitude < 1e15, first <= last, last - first < 100 else { return [] }
    return (Int(first)...Int(last)).map { Tick(value: Double($0) * step, text: text(Double($0) * step, step: step)) }
  }

  /// Powers of ten, and twice and five times them where there are few.
  private static func powers(_ range: ClosedRange<Double>, _ count: Int) -> [Tick] {
    let first = Int(log10(range.lowerBound).rounded(.down)), last = Int(log10(range.upperBound).rounded(.up))
    guard first <= last else { return [] }
    let whole = last - first
    let factors: [Double] = whole <= 2 ? [1, 2, 5] : [1]
    let stride = max(1, (whole + count) / max(count, 1) / 1)
    return Swift.stride(from: first, through: last, by: whole <= count + 1 ? 1 : stride).flatMap { exponent in
      factors.map { $0 * pow(10, Double(exponent)) }
    }.filter { range.contains($0) }.map { Tick(value: $0, text: text($0, step: $0)) }
  }

  /// A number with the digits that tell it from its neighbours.
  private static func text(_ value: Double, step: Double) -> String {
    if value == 0 { return "0" }
    if value.magnitude >= 1e5 || step < 1e-4 { return scientific(value, step: step) }
    return NumberText.fixed(value, digits: max(0, Int(-floor(log10(step) + 1e-9))))
  }

  /// "2e-5", "1.5e6".
  private static func scientific(_ value: Double, step: Double) -> String {
    let exponent = Int(floor(log10(value.magnitude) + 1e-9))
    let digits = max(0, exponent - Int(floor(log10(step) + 1e-9)))
    return "\(NumberText.fixed(value / pow(10, Double(exponent)), digits: min(digits, 6)))e\(exponent)"
  }
}
