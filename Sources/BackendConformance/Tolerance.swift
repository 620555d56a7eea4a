import BackendCore

/// The permitted difference from the result of the Reference backend. One ulp is defined as 2⁻²³ of the expected
/// number. A difference below the smallest normal float32 never counts, because a device may treat denormal numbers as
/// zeros. NaN equals NaN. For float64, whose Reference results are rounded themselves, one ulp is 2⁻⁴⁵.
enum Tolerance {
  /// Bitwise identical, except for the payload of a NaN.
  case bits
  /// Equal numbers.
  case number
  /// This many ulps of the expected number.
  case ulps(Double)
  /// This many ulps of the expected number, and this many ulps of 1.
  case mixed(ulps: Double, absolute: Double)
  /// For sums of `length` rounded terms: (4 + √length/2) ulps of the sum of the terms' magnitudes. Rounding errors of a
  /// sum grow with the square root of its length with overwhelming probability (Higham and Mary, "A New Approach to
  /// Probabilistic Rounding Error Analysis", 2019). The magnitudes come from a second run of the Reference backend on
  /// the absolute values of the operands. A term missing from a long sum may stay within this bound. Therefore, each
  /// sum is also examined with small integers, where it must be exact (`Terms.whole`).
  case sum(length: Int)
  /// `factor` ulps of a magnitude given for each element.
  case scaled([Double], factor: Double)

  var isBitwise: Bool {
    if case .bits = self { true } else { false }
  }

  var isSum: Bool {
    if case .sum = self { true } else { false }
  }

  /// The permitted difference for an element.
  func allowance(expected: Double, index: Int, magnitude: Double, _ dtype: DType) -> Double {
    let ulp = dtype == .float64 ? 0x1p-45 : 0x1p-23
    let difference =
      switch self {
      case .bits, .number: 0.0
      case .ulps(let count): count * ulp * abs(expected)
      case .mixed(let count, let absolute): (count * abs(expected) + absolute) * ulp
      case .sum(let length): (4 + Double(length).squareRoot() / 2) * ulp * magnitude
      case .scaled(let scale, let factor): factor * ulp * scale[index]
      }
    return difference + Double(Float.leastNormalMagnitude)
  }
}
