import BackendCore

/// The operands of conformance cases: a stream of numbers determined by a seed (SplitMix64; Steele, Lea, Flood 2014).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Numbers representable in float32, uniform in `range`.
  mutating func floats(_ count: Int, in range: ClosedRange<Double> = -1...1) -> [Double] {
    (0..<count).map { _ in
      let unit = Double(next() >> 11) * 0x1p-53
      return Double(Float(range.lowerBound + unit * (range.upperBound - range.lowerBound)))
    }
  }

  mutating func integers(_ count: Int, in range: ClosedRange<Int>) -> [Double] {
    let width = UInt64(range.upperBound - range.lowerBound + 1)
    return (0..<count).map { _ in Double(range.lowerBound + Int(next() % width)) }
  }

  /// A random element.
  mutating func choice<Element>(of elements: [Element]) -> Element { elements[Int(next() % UInt64(elements.count))] }

  mutating func integer(in range: ClosedRange<Int>) -> Int { Int(integers(1, in: range)[0]) }

  /// An extent at the boundary of vectors, work groups, and blocks: a power of two or one more or less; sometimes any
  /// other extent.
  mutating func extent(upTo most: Int) -> Int {
    if next() % 4 == 0 { return integer(in: 1...most) }
    let power = 1 << integer(in: 0...(Int.bitWidth - 1 - most.leadingZeroBitCount))
    return Swift.min(Swift.max(power + integer(in: -1...1), 1), most)
  }

  /// Extents around an axis, with at most this many elements.
  mutating func axisShape(upTo most: Int = 40_000) -> AxisShape {
    let extent = extent(upTo: most)
    let inner = next() % 2 == 0 ? 1 : self.extent(upTo: most / extent)
    return AxisShape(outer: self.extent(upTo: most / extent / inner), extent: extent, inner: inner)
  }

  /// Rows with at most this many elements.
  mutating func rows(upTo most: Int = 20_000) -> (Int, Int) {
    let columns = extent(upTo: most)
    return (extent(upTo: most / columns), columns)
  }

  /// An axis with approximately this many outputs, possibly with inputs that no window covers, possibly with windows
  /// over padding only.
  mutating func windowAxis(outputs: Int) -> WindowAxis {
    let kernel = integer(in: 1...5), dilation = integer(in: 1...3), padding = integer(in: 0...4)
    let stride = choice(of: [1, 1, 1, 2, 2, 3, 4, 5, 7, 8, 15, 16]), after = integer(in: 0...4)
    let reach = (extent(upTo: outputs) - 1) * stride + (kernel - 1) * dilation + 1
    let input = Swift.max(reach + integer(in: 0...(stride - 1)) - padding - after, 1)
    return .examined(input, kernel, stride: stride, dilation: dilation, padding: padding, after: after)
  }

  /// Zeros and ones.
  mutating func bools(_ count: Int) -> [Double] { integers(count, in: 0...1) }

  /// Numbers with a magnitude in `range` and a random sign.
  mutating func signed(_ count: Int, magnitude range: ClosedRange<Double>) -> [Double] {
    zip(floats(count, in: range), bools(count)).map { $1 == 0 ? $0 : -$0 }
  }

  /// Ordinary values of a type.
  mutating func values(_ count: Int, _ dtype: DType) -> [Double] {
    switch dtype {
    case .float32, .float64: floats(count, in: -4...4)
    case .float16, .bfloat16:
      floats(count, in: -4...4).map { Double(HalfFormat(dtype).number(HalfFormat(dtype).bits(of: $0))) }
    case .int32: integers(count, in: -50...50)
    case .int8: integers(count, in: -128...127)
    case .uint8: integers(count, in: 0...255)
    case .int16: integers(count, in: -32_768...32_767)
    case .int64: integers(count, in: -(1 << 53)...1 << 53)
    case .bool: bools(count)
    }
  }
}

extension DType {
  /// The range of an integer type.
  var limits: ClosedRange<Int64> {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32_768...32_767
    case .int64: .min ... .max
    default: Int64(Int32.min)...Int64(Int32.max)
    }
  }

  /// A number around which integers of this type are examined: far from 0 if float64 does not hold them, and above 0 if
  /// none are negative.
  var origin: Int64 { self == .int64 ? 1 << 60 : self == .uint8 ? 9 : 0 }

  /// All integers of the type, or of int64 those that float64 holds.
  var examinedRange: ClosedRange<Int> {
    self == .int64 ? -(1 << 53)...1 << 53 : Int(limits.lowerBound)...Int(limits.upperBound)
  }
}

/// The terms of sums.
enum Terms: CaseIterable {
  /// Small integers: every order of addition gives the same, exact result, so a single missing term is detected in any
  /// sum.
  case whole
  /// Numbers with all bits set, which test the accuracy of the arithmetic.
  case rough

  func values(_ count: Int, _ numbers: inout Numbers) -> [Double] {
    self == .whole ? numbers.integers(count, in: -3...3) : numbers.floats(count, in: -4...4)
  }

  /// Whole terms of a type, which are not negative if it has no negative numbers.
  static func values(_ count: Int, _ dtype: DType, _ numbers: inout Numbers) -> [Double] {
    numbers.integers(count, in: dtype == .uint8 ? 0...6 : -3...3)
  }

  /// The tolerance for a sum of `length` products or terms.
  func tolerance(length: Int) -> Tolerance { self == .whole ? .number : .sum(length: length) }
}

/// Values that operations often handle incorrectly.
enum Special {
  static let floats: [Double] = [
    .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 100, -100,
  ]
  /// The limits of an integer type, and numbers near 0.
  static func integers(of dtype: DType) -> [Int64] {
    let limits = dtype.limits
    let middle: [Int64] = dtype == .uint8 ? [0, 1, 2, 3, 7, 127, 128] : [-7, -2, -1, 0, 1, 2, 3, 7]
    return [limits.lowerBound, limits.lowerBound + 1] + middle + [limits.upperBound - 1, limits.upperBound]
  }
  /// Numbers that arithmetic may flush to zero, for operations that move numbers without interpreting them.
  static let denormals: [Double] = [Double(Float(1e-40)), Double(Float(-1e-42)), Double(Float.leastNonzeroMagnitude)]
  static let integers = integers(of: .int32).map { Double($0) }
  /// Extents around the sizes of vectors and work groups.
  static let sizes = [0, 1, 3, 31, 33, 127, 129, 1000]
  /// Counts at the boundaries of vectors, of the work of one item, and of the work of a work group.
  static let borders = [15, 16, 17, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 8191, 8192, 8193, 16_385]

  /// Every pair of numbers from a list, or from one list and another.
  static func pairs<Number>(_ values: [Number], with others: [Number]? = nil) -> (first: [Number], second: [Number]) {
    let others = others ?? values
    return (values.flatMap { [Number](repeating: $0, count: others.count) }, values.flatMap { _ in others })
  }
}
