import HostSystem

/// A common format for all numbers of a printed tensor: as many decimals as they need, up to four, or scientific
/// notation if they are very large or very small.
struct NumberFormat {
  private let decimals: Int
  private let isScientific: Bool

  /// Creates a format suitable for these numbers.
  init(fitting numbers: [Double]) {
    let sizes = numbers.lazy.filter { $0.isFinite && $0 != 0 }.map { abs($0) }
    let largest = sizes.max() ?? 0
    let smallest = sizes.min() ?? 1
    isScientific = largest >= 1e8 || smallest < 1e-4
    if isScientific {
      decimals = 4
      return
    }
    // The smallest number of decimals that shows every number as exactly as four decimals do.
    var needed = 1
    for size in sizes where needed < 4 {
      while needed < 4 && NumberFormat.loses(size, at: needed) { needed += 1 }
    }
    decimals = needed
  }

  private static func loses(_ size: Double, at decimals: Int) -> Bool {
    let scaled = size * power(decimals)
    return abs(scaled - scaled.rounded()) / power(decimals) > 5e-6 * Swift.max(1, size)
  }

  func callAsFunction(_ number: Double) -> String {
    if number.isNaN { return "nan" }
    let sign = number.sign == .minus ? "-" : ""
    let size = abs(number)
    if size.isInfinite { return sign + "inf" }
    return sign + (isScientific ? scientific(size) : fixed(size))
  }

  private func fixed(_ size: Double) -> String {
    let scale = NumberFormat.power(decimals)
    let scaled = Int((size * scale).rounded())
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  private func scientific(_ size: Double) -> String {
    var exponent = size == 0 ? 0 : Int(floor(log10(size)))
    // In two steps, because powers of ten for the smallest numbers would underflow in Double.
    var mantissa = exponent < -300 ? size * 1e300 / pow(10, Double(exponent + 300)) : size / pow(10, Double(exponent))
    if (mantissa * NumberFormat.power(decimals)).rounded() >= 10 * NumberFormat.power(decimals) {
      mantissa /= 10
      exponent += 1
    }
    let digits = String(abs(exponent))
    return fixed(mantissa) + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" : "") + digits
  }

  private static func power(_ decimals: Int) -> Double { pow(10, Double(decimals)) }
}
