import HostSystem

extension DataFrame.Column {
  /// Statistics of the values that are not missing.
  public var statistics: ColumnStatistics { statistics(of: nil) }

  /// Statistics of the given rows; of all if `rows` is nil.
  package func statistics(of rows: [Int]?) -> ColumnStatistics {
    let places = rows.map(AnyRandomAccessCollection.init) ?? AnyRandomAccessCollection(0..<count)
    guard case .categories(let codes, let names) = values else {
      return ColumnStatistics(places.lazy.map { number(at: $0) }, kind: kind)
    }
    var counts = [Int](repeating: 0, count: names.count)
    var missing = 0
    for place in places { if codes[place] < 0 { missing += 1 } else { counts[Int(codes[place])] += 1 } }
    return ColumnStatistics(counts: zip(names, counts).map { ($0, $1) }, missing: missing)
  }

  /// Returns the value below which a fraction of the numbers lie, or of dates in seconds since 1970-01-01T00:00Z. It is
  /// interpolated linearly between two values, as in NumPy and pandas.
  /// - Parameter fraction: From 0 to 1: 0.5 for the median.
  /// - Returns: Nil if there are no numbers.
  public func quantile(_ fraction: Double) -> Double? { quantile(fraction, of: nil) }

  func quantile(_ fraction: Double, of rows: [Int]?) -> Double? {
    guard (0...1).contains(fraction) else {
      ProgrammerError.end("quantile: the fraction is from 0 to 1, not \(fraction)")
    }
    switch values {
    case .numbers(let numbers): return Self.quantile(fraction, Self.sorted(numbers, rows))
    case .categories: return nil
    case .dates(let seconds): return Self.quantile(fraction, Self.sorted(seconds, rows))
    }
  }

  /// The values of some rows without NaN, in rising order. They are sorted in place, because there may be many.
  private static func sorted<Value: BinaryFloatingPoint>(_ values: [Value], _ rows: [Int]?) -> [Value] {
    var chosen: [Value] = []
    chosen.reserveCapacity(rows?.count ?? values.count)
    for place in 0..<(rows?.count ?? values.count) {
      let value = values[rows?[place] ?? place]
      if !value.isNaN { chosen.append(value) }
    }
    chosen.sort()
    return chosen
  }

  private static func quantile(_ fraction: Double, _ sorted: [some BinaryFloatingPoint]) -> Double? {
    guard let last = sorted.last else { return nil }
    let place = fraction * Double(sorted.count - 1)
    let index = Int(place)
    guard index + 1 < sorted.count else { return Double(last) }
    let (lower, upper) = (Double(sorted[index]), Double(sorted[index + 1]))
    return lower + (place - Double(index)) * (upper - lower)
  }
}

/// Statistics of a column, without its missing values.
public struct ColumnStatistics: Sendable {
  /// The number of values.
  public let count: Int
  /// The number of missing values.
  public let missingCount: Int
  /// The mean of the numbers; nil without any. Dates are in seconds since 1970-01-01T00:00Z.
  public let mean: Double?
  /// The population standard deviation, as `Normalization` uses it. (pandas divides by the count minus one.)
  public let standardDeviation: Double?
  /// The smallest and the largest number.
  public let minimum, maximum: Double?
  /// The categories, the most frequent first; equally frequent ones are in the order of the column.
  public let categoryCounts: [(name: String, count: Int)]
  /// Whether the values are at least ten whole numbers that rise from row to row, as row numbers do.
  package let isRising: Bool
  private let kind: ColumnKind

  fileprivate init(_ numbers: some Sequence<Double?>, kind: ColumnKind) {
    var (count, missing, sum, least, most) = (0, 0, 0.0, Double.infinity, -Double.infinity)
    var (previous, isRising) = (-Double.infinity, true)
    for number in numbers {
      guard let number else {
        missing += 1
        continue
      }
      if number <= previous || number.rounded() != number { isRising = false }
      previous = number
      (count, sum, least, most) = (count + 1, sum + number, min(least, number), max(most, number))
    }
    let mean = sum / Double(count)
    let squares = numbers.reduce(0) { $0 + ($1.map { ($0 - mean) * ($0 - mean) } ?? 0) }
    self.count = count
    missingCount = missing
    self.mean = count == 0 ? nil : mean
    standardDeviation = count == 0 ? nil : (squares / Double(count)).squareRoot()
    (minimum, maximum) = count == 0 ? (nil, nil) : (least, most)
    categoryCounts = []
    self.isRising = isRising && count >= 10 && missing == 0
    self.kind = kind
  }

  fileprivate init(counts: [(name: String, count: Int)], missing: Int) {
    let present = counts.enumerated().filter { $1.count > 0 }
    categoryCounts = present.sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    count = counts.reduce(0) { $0 + $1.count }
    missingCount = missing
    (mean, standardDeviation, minimum, maximum) = (nil, nil, nil, nil)
    isRising = false
    kind = .category
  }

  /// Whether all values are equal, or there are none.
  public var isConstant: Bool { kind == .category ? categoryCounts.count < 2 : minimum == maximum }
}

extension ColumnStatistics: CustomStringConvertible {
  /// The range or the most frequent categories, and the number of missing values.
  public var description: String {
    var words: [String] = []
    if let minimum, let maximum, let mean {
      switch kind {
      case .date: words = ["\(CalendarDate.text(ofSeconds: minimum)) to \(CalendarDate.text(ofSeconds: maximum))"]
      default: words = ["\(Float(minimum)) to \(Float(maximum))", "mean \(Float(mean))"]
      }
    } else if !categoryCounts.isEmpty {
      let names = categoryCounts.prefix(5).map { "\($0.name.shortened(to: 40)) \($0.count)" }
      words = [
        "\(categoryCounts.count) categories (\(names.joined(separator: ", "))\(categoryCounts.count > 5 ? ", …" : ""))"
      ]
    } else {
      words = ["no values"]
    }
    if missingCount > 0 { words.append("\(missingCount) missing") }
    return words.joined(separator: ", ").onOneLine
  }
}
