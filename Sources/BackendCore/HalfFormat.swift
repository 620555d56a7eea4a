/// A binary floating-point format of 16 bits: a sign, an exponent, and a fraction, as in IEEE 754.
package struct HalfFormat: Sendable, Hashable {
  /// The number of bits of the fraction.
  private let fractionBits: Int
  /// The number that is added to the exponent of a number when it is stored.
  private let bias: Int

  /// IEEE 754 binary16: 5 bits for the exponent, 10 for the fraction.
  package static let float16 = HalfFormat(fractionBits: 10, bias: 15)
  /// The upper half of a float32: 8 bits for the exponent, 7 for the fraction.
  package static let bfloat16 = HalfFormat(fractionBits: 7, bias: 127)

  private init(fractionBits: Int, bias: Int) {
    self.fractionBits = fractionBits
    self.bias = bias
  }

  /// The format of a type that `isHalf`.
  package init(_ dtype: DType) { self = dtype == .bfloat16 ? .bfloat16 : .float16 }

  /// Infinity, whose exponent bits are all 1. The patterns above it, up to the sign, are NaN.
  private var infinity: UInt16 { UInt16(2 * bias + 1) << UInt16(fractionBits) }

  /// Rounds a number once, to the nearest one of this format; ties go to the even one. Numbers beyond the largest one
  /// by half a unit in its last place become infinity, as in IEEE 754. NaN gives a quiet NaN.
  package func bits(of number: Double) -> UInt16 {
    let sign: UInt16 = number.sign == .minus ? 0x8000 : 0
    if number.isNaN { return sign | infinity | 1 << UInt16(fractionBits - 1) }
    // Double has more exponents than both formats, so that the quotient and all powers are exact.
    let exponent = number == 0 || number.isInfinite ? 1 - bias : max(Int(number.exponent), 1 - bias)
    if number.isInfinite || exponent > bias { return sign | infinity }
    let unit = Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
    let units = Int((number.magnitude / unit).rounded(.toNearestOrEven))
    // The leading bit of a normal number counts as one in the exponent; so does a carry out of the fraction.
    return sign | UInt16((exponent + bias - 1) << fractionBits + units)
  }

  /// The number with these bits; float32 represents every one. A NaN becomes quiet and keeps its payload.
  package func number(_ bits: UInt16) -> Float {
    if fractionBits == 7 { return Float(bitPattern: UInt32(bits) << 16 | (isNaN(bits) ? 0x40_0000 : 0)) }
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    if isNaN(bits) { return Float(bitPattern: sign | 0x7FC0_0000 | magnitude << 13) }
    if magnitude == UInt32(infinity) { return Float(bitPattern: sign | 0x7F80_0000) }
    // The fraction of a denormal number counts units of 2⁻²⁴.
    let pattern = magnitude < 0x400 ? (Float(magnitude) * 0x1p-24).bitPattern : (magnitude << 13) + (112 << 23)
    return Float(bitPattern: sign | pattern)
  }

  /// The largest number of this format that is less than `bound`.
  package func largestNumber(below bound: Double) -> Double {
    let nearest = bits(of: bound)
    if Double(number(nearest)) < bound || bound.isNaN { return Double(number(nearest)) }
    let isNegative = nearest & 0x8000 != 0
    // The patterns of negative numbers grow with their magnitude. The number below 0 is the smallest negative one.
    return Double(number(nearest & 0x7FFF == 0 ? 0x8001 : isNegative ? nearest + 1 : nearest - 1))
  }

  private func isNaN(_ bits: UInt16) -> Bool { bits & 0x7FFF > infinity }
}
