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
