/// Decimal numbers in text: an optional sign, digits with at most one decimal point, and an optional exponent. Other
/// forms are not accepted: "nan", "inf", hexadecimal, or digit grouping.
enum DecimalNumber {
  /// The value correctly rounded to Double, or nil if the bytes are not a number. A number that is too large becomes
  /// infinite.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = 0
    var mantissa: UInt64 = 0
    var digits = 0  // of the mantissa, without leading zeros
    var seen = 0
    var exponent = 0
    let isNegative = bytes.first == 0x2D
    if isNegative || bytes.first == 0x2B { index = 1 }
    var isFraction = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x2E && !isFraction {
        isFraction = true
      } else if byte >= 0x30 && byte <= 0x39 {
        seen += 1
        if digits < 19 { mantissa = mantissa &* 10 &+ UInt64(byte - 0x30) }
        if mantissa != 0 { digits += 1 }
        if isFraction { exponent -= 1 }
      } else {
        break
      }
      index += 1
    }
    if seen == 0 { return nil }
    if index < bytes.count {
      guard bytes[index] | 0x20 == 0x65, let written = integer(bytes, from: index + 1) else { return nil }
      exponent += written
    }
    if digits <= 15 && abs(exponent) <= 22 {
      // Both factors are exact, so the single operation rounds correctly.
      let power = powersOfTen[abs(exponent)]
      let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return isNegative ? -value : value
    }
    return Double(String(decoding: bytes, as: UTF8.self))
  }

  /// A signed integer at the end of the bytes, limited to a million, because it is an exponent.
  private static func integer(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var index = start
    let isNegative = index < bytes.count && bytes[index] == 0x2D
    if index < bytes.count && (bytes[index] == 0x2D || bytes[index] == 0x2B) { index += 1 }
    if index == bytes.count { return nil }
    var value = 0
    while index < bytes.count {
      guard bytes[index] >= 0x30 && bytes[index] <= 0x39 else { return nil }
      value = min(value * 10 + Int(bytes[index] - 0x30), 1_000_000)
      index += 1
    }
    return isNegative ? -value : value
  }

  private static let powersOfTen: [Double] = (0...22).map { count in (0..<count).reduce(1.0) { x, _ in x * 10 } }
}
