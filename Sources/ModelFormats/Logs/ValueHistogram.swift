/// The counts of numbers in each of 30 ranges of equal width. Numbers that are not finite are ignored.
struct ValueHistogram {
  let minimum, maximum, sum, sumOfSquares: Double
  /// The upper end of each range.
  let limits: [Double]
  /// The count of numbers in each range.
  let counts: [Double]

  private static let ranges = 30

  init(_ values: [Float]) {
    let numbers = values.lazy.map(Double.init).filter(\.isFinite)
    let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
    (minimum, maximum) = (low, high)
    sum = numbers.reduce(0, +)
    sumOfSquares = numbers.reduce(0) { $0 + $1 * $1 }
    // If all numbers are equal, the range is centered on them.
    let (start, width) = high > low ? (low, high - low) : (low - 0.5, 1)
    let ranges = Self.ranges
    limits = (1...ranges).map { $0 == ranges ? start + width : start + width * Double($0) / Double(ranges) }
    var counts = [Double](repeating: 0, count: ranges)
    for number in numbers {
      counts[min(max(Int((number - start) / width * Double(ranges)), 0), ranges - 1)] += 1
    }
    self.counts = counts
  }

  /// The `HistogramProto` message of TensorFlow.
  var message: ProtocolBuffer {
    var message = ProtocolBuffer()
    message.add(1, minimum)
    message.add(2, maximum)
    message.add(3, counts.reduce(0, +))
    message.add(4, sum)
    message.add(5, sumOfSquares)
    message.add(6, limits)
    message.add(7, counts)
    return message
  }
}
