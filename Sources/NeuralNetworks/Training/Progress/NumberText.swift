/// Human-readable numbers, without Foundation.
package enum NumberText {
  /// Returns four decimals, or scientific notation if that would show nothing or too much: "0.3412", "1.25e-06".
  package static func short(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let size = value.magnitude
    if size == 0 || (size >= 1e-3 && size < 1e6) { return fixed(value, digits: 4) }
    return scientific(value)
  }

  /// Returns `digits` decimals, rounded half away from zero; for magnitudes below 10¹⁵.
  package static func fixed(_ value: Double, digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    let whole = UInt64(scaled)
    let unit = UInt64(scale)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(whole / unit).\(zeros)\(fraction)"
  }

  /// Returns scientific notation, such as "1.25e-06".
  static func scientific(_ value: Double) -> String {
    var mantissa = value.magnitude
    var exponent = 0
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 && mantissa > 0 {
      mantissa *= 10
      exponent -= 1
    }
    if fixed(mantissa, digits: 2) == "10.00" {
      mantissa = 1
      exponent += 1
    }
    let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, digits: 2))e\(exponent < 0 ? "-" : "+")\(power)"
  }

  /// Returns an integer with thousands separators: "17,812".
  package static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Returns a time in clock format: "0:07", "12:34", "3:05:09".
  static func clock(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(Swift.max(seconds, 0).rounded(.up))
    let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
    let (hours, minutes) = (total / 3600, total / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(total % 60))" : "\(minutes):\(two(total % 60))"
  }

  /// Returns a duration: "0.85 s", "12.3 s", "4:05".
  package static func duration(seconds: Double) -> String {
    if seconds < 10 { return "\(fixed(seconds, digits: 2)) s" }
    return seconds < 100 ? "\(fixed(seconds, digits: 1)) s" : clock(seconds: seconds)
  }
}
