import BackendCore

/// The operands of trials: a stream of numbers that a seed decides (SplitMix64; Steele, Lea, Flood 2014).
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

  /// Numbers that float32 holds, uniform in `range`.
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

  /// Zeros and ones.
  mutating func bools(_ count: Int) -> [Double] { integers(count, in: 0...1) }

  /// Numbers whose magnitude is in `range`, of either sign.
  mutating func signed(_ count: Int, magnitude range: ClosedRange<Double>) -> [Double] {
    zip(floats(count, in: range), bools(count)).map { $1 == 0 ? $0 : -$0 }
  }

  /// Unremarkable values of a type.
  mutating func values(_ count: Int, _ dtype: DType) -> [Double] {
    switch dtype {
    case .float32, .float64: floats(count, in: -4...4)
    case .int32: integers(count, in: -50...50)
    case .bool: bools(count)
    }
  }
}

/// What sums are made of.
enum Terms: CaseIterable {
  /// Small integers: every order of adding them gives the same, exact number, so that one term lost shows in any sum.
  case whole
  /// Numbers with all bits set: they show how exact the arithmetic is.
  case rough

  func values(_ count: Int, _ numbers: inout Numbers) -> [Double] {
    self == .whole ? numbers.integers(count, in: -3...3) : numbers.floats(count, in: -4...4)
  }

  /// For a sum of `length` products or terms.
  func tolerance(length: Int) -> Tolerance { self == .whole ? .number : .sum(length: length) }
}

/// Values that operations get wrong.
enum Special {
  static let floats: [Double] = [
    .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 100, -100,
  ]
  /// As numbers that arithmetic may flush to zero: for operations that move numbers without looking at them.
  static let denormals: [Double] = [Double(Float(1e-40)), Double(Float(-1e-42)), Double(Float.leastNonzeroMagnitude)]
  static let integers: [Double] = [
    Double(Int32.min), Double(Int32.min + 1), -7, -2, -1, 0, 1, 2, 3, 7, Double(Int32.max - 1), Double(Int32.max),
  ]
  /// Extents around the sizes of vectors and work groups.
  static let sizes = [0, 1, 3, 31, 33, 127, 129, 1000]

  /// Every pair of two lists.
  static func pairs(_ values: [Double]) -> (first: [Double], second: [Double]) {
    (values.flatMap { [Double](repeating: $0, count: values.count) }, values.flatMap { _ in values })
  }
}
