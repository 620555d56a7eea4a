import BackendCore
import Testing

@Suite struct HalfFormatTests {
  /// A format, and the number with some bits below those of infinity as its definition gives it.
  struct Definition: CustomTestStringConvertible, Sendable {
    let format: HalfFormat
    let fractionBits, bias: Int
    var testDescription: String { fractionBits == 10 ? "float16" : "bfloat16" }

    var infinity: UInt16 { UInt16(2 * bias + 1) << UInt16(fractionBits) }

    /// The number without its sign. Infinity is the number that would follow the largest one.
    func number(_ bits: UInt16) -> Double {
      let exponent = Int(bits) >> fractionBits, fraction = Double(Int(bits) & (1 << fractionBits - 1))
      let unit = Double(sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: 1)
      return (fraction + (exponent == 0 ? 0 : Double(1 << fractionBits))) * unit
    }
  }

  static let definitions = [
    Definition(format: .float16, fractionBits: 10, bias: 15), Definition(format: .bfloat16, fractionBits: 7, bias: 127),
  ]

  @Test(arguments: definitions) func everyPattern(_ definition: Definition) {
    let format = definition.format
    let wrong = (0...UInt16.max).filter { bits in
      let (found, size) = (format.number(bits), bits & 0x7FFF)
      let again = format.bits(of: Double(found))
      if size > definition.infinity {
        return !found.isNaN || found.isSignalingNaN || again & 0x7FFF <= definition.infinity
      }
      let magnitude = size == definition.infinity ? .infinity : definition.number(size)
      // The bits also show the sign of zero.
      return Double(found) != (bits & 0x8000 == 0 ? magnitude : -magnitude) || again != bits
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(10))")
  }

  /// Numbers between two neighbors, up to half a unit beyond the largest one.
  @Test(arguments: definitions) func rounding(_ definition: Definition) {
    var wrong: [Double] = []
    for bits in 0..<definition.infinity {
      let (low, high) = (definition.number(bits), definition.number(bits + 1))
      let middle = (low + high) / 2
      let even = bits % 2 == 0 ? bits : bits + 1
      for (number, expected) in [
        (low.nextUp, bits), (middle.nextDown, bits), (middle, even), (middle.nextUp, bits + 1),
        (high.nextDown, bits + 1),
      ] {
        if definition.format.bits(of: number) != expected { wrong.append(number) }
        if definition.format.bits(of: -number) != expected | 0x8000 { wrong.append(-number) }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    for number in [definition.number(definition.infinity), 1e300, .infinity] {
      #expect(definition.format.bits(of: number) == definition.infinity)
    }
    #expect(definition.format.bits(of: .leastNonzeroMagnitude) == 0)
    #expect(definition.format.bits(of: -.leastNonzeroMagnitude) == 0x8000)
    #expect(definition.format.bits(of: .nan) & 0x7FFF > definition.infinity)
  }
}
