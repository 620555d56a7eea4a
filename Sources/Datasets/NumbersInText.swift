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

/// An integer of any size in decimal text, including forms such as 3.0 and 12e2, in canonical form, for comparing
/// numeric labels. `Double` cannot distinguish integers beyond 2^53.
struct WholeNumber: Comparable {
  /// A minus sign if the number is negative, and digits without leading zeros.
  let text: String
  private let isNegative: Bool
  private let digits: [UInt8]

  /// Larger exponents are not expanded.
  private static let largestExponent = 400

  /// Parses an integer; nil if the bytes are not one.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    let sign = rest.first
    if sign == 0x2D || sign == 0x2B { rest = rest.dropFirst() }
    let whole = WholeNumber.takeDigits(&rest)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == 0x2E {
      rest = rest.dropFirst()
      fraction = WholeNumber.takeDigits(&rest)
    }
    if whole.isEmpty && fraction.isEmpty { return nil }
    var exponent = 0
    if let mark = rest.first {
      guard mark | 0x20 == 0x65, let written = Int(String(decoding: rest.dropFirst(), as: UTF8.self)),
        written.magnitude <= WholeNumber.largestExponent
      else { return nil }
      exponent = written
    }
    var digits = Array(whole + fraction)
    exponent -= fraction.count
    while exponent < 0, digits.last == 0x30 {
      digits.removeLast()
      exponent += 1
    }
    if exponent < 0 && !digits.isEmpty { return nil }
    digits += [UInt8](repeating: 0x30, count: max(exponent, 0))
    let significant = Array(digits.drop { $0 == 0x30 })
    self.digits = significant
    isNegative = sign == 0x2D && !significant.isEmpty
    text = significant.isEmpty ? "0" : (isNegative ? "-" : "") + String(decoding: significant, as: UTF8.self)
  }

  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
    rest = rest.dropFirst(digits.count)
    return digits
  }

  static func < (a: WholeNumber, b: WholeNumber) -> Bool {
    if a.isNegative != b.isNegative { return a.isNegative }
    let (less, more) = a.isNegative ? (b, a) : (a, b)
    if less.digits.count != more.digits.count { return less.digits.count < more.digits.count }
    return less.digits.lexicographicallyPrecedes(more.digits)
  }

  static func == (a: WholeNumber, b: WholeNumber) -> Bool {
    a.isNegative == b.isNegative && a.digits == b.digits
  }
}
