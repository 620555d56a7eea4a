import HostSystem

extension Double {
  /// Formats the number with a fixed number of decimal places: `3.14159.fixed(2)` is "3.14"; "nan", "inf", and "-inf"
  /// if it is not finite.
  package func fixed(_ decimals: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let scale = pow(10, Double(decimals))
    let scaled = (magnitude * scale).rounded()
    guard scaled < 1e15 else { return String(self) }
    let digits = String(UInt64(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 && scaled > 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// About three significant digits, for tables: "0.642", "25.3", "17852".
  package var short: String {
    switch magnitude {
    case ..<10: fixed(3 - (magnitude < 1 ? 0 : 1))
    case ..<100: fixed(1)
    default: fixed(0)
    }
  }
}
