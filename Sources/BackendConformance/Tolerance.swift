import BackendCore

/// How far a result may be from the Reference backend's. One ulp is taken as 2⁻²³ of the expected number; a difference below
/// the smallest normal float32 never counts, because a device may treat denormal numbers as zeros. NaN equals NaN.
enum Tolerance {
  /// The same bits; only the payload of a NaN is free.
  case bits
  /// The same number.
  case number
  /// This many ulps of the expected number.
  case ulps(Double)
  /// This many ulps of the expected number, and this many ulps of 1.
  case mixed(ulps: Double, absolute: Double)
  /// For sums of `length` rounded terms: (4 + √length/2) ulps of the sum of the terms' magnitudes. Rounding errors of a sum
  /// grow with the root of its length with overwhelming probability (Higham and Mary, "A New Approach to Probabilistic
  /// Rounding Error Analysis", 2019). The magnitudes come from running the Reference backend again on the absolute values of
  /// the operands. Long sums can lose a term within this bound: each sum is also tried on small integers, where it must be
  /// exact (`Terms.whole`).
  case sum(length: Int)
  /// `factor` ulps of a magnitude given for each element.
  case scaled([Double], factor: Double)

  var isBitwise: Bool {
    if case .bits = self { true } else { false }
  }

  var isSum: Bool {
    if case .sum = self { true } else { false }
  }

  /// The difference that is allowed at an element.
  func allowance(expected: Double, index: Int, magnitude: Double) -> Double {
    let ulp = 0x1p-23
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
