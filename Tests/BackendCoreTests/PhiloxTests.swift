import BackendCore
import Testing

@Suite struct PhiloxTests {
  /// The known answers published by Random123 (kat_vectors, philox4x32 with 10 rounds).
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    ),
    (
      SIMD4(repeating: UInt32.max), SIMD2(repeating: UInt32.max),
      SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    ),
    (
      SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2(0xA409_3822, 0x299F_31D0),
      SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    ),
  ])
  func knownAnswers(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>, _ expected: SIMD4<UInt32>) {
    #expect(Philox.block(counter: counter, key: key) == expected)
  }

  /// Words of an independent implementation, which verify the positions of a source's parts in the counter and the key.
  @Test func blockOfASource() {
    let source = RandomSource(key: 0x0123_4567_89AB_CDEF, call: 3, step: 70_000)
    let expected = SIMD4<UInt32>(0x9791_DB73, 0x6F96_121D, 0x2827_5351, 0x327F_1D8F)
    #expect(source.block(5) == expected)
    let earlier = RandomSource(key: 0x0123_4567_89AB_CDEF, call: 3, step: 69_990)
    #expect(earlier.block(5, stepOffset: 10) == expected)
    let far = RandomSource(key: 7, call: 2, step: 9).block(1 << 32 | 1)
    #expect(far == SIMD4(0xEE01_9855, 0x511B_AAB1, 0x58BE_367A, 0x243D_BFD9))
  }

  @Test func uniformsTakeTheUpperBits() {
    #expect(Philox.uniform(0) == 0)
    #expect(Philox.uniform(255) == 0)
    #expect(Philox.uniform(256) == 0x1p-24)
    #expect(Philox.uniform(.max) == 1 - 0x1p-24)
    #expect(Philox.uniform(0x9791_DB73) == 0.592_069_327_831_268_3)
  }

  @Test func thresholds() {
    #expect(Philox.threshold(probability: 0) == 0)
    #expect(Philox.threshold(probability: 1) == 1 << 32)
    #expect(Philox.threshold(probability: 0.5) == 1 << 31)
    #expect(Philox.threshold(probability: 0.1) == 429_496_730)
    #expect(Philox.threshold(probability: -3) == 0)
    #expect(Philox.threshold(probability: .nan) == 0)
    #expect(Philox.threshold(probability: 7) == 1 << 32)
  }

  /// Computed with 40 digits.
  @Test func normalsOfKnownWords() {
    let first = Philox.normals(0x9791_DB73, 0x6F96_121D)
    #expect(abs(first.0 - -0.941_883_498_617_246_7) < 1e-15)
    #expect(abs(first.1 - 0.401_395_515_610_648_6) < 1e-15)
    let second = Philox.normals(0x2827_5351, 0x327F_1D8F)
    #expect(abs(second.0 - 0.626_318_267_778_273_8) < 1e-15)
    #expect(abs(second.1 - 1.820_070_011_455_464) < 1e-15)
  }

  /// The smallest and the largest words give finite numbers.
  @Test func normalsAreFinite() {
    for (a, b) in [(UInt32.min, UInt32.min), (.min, .max), (.max, .min), (.max, .max)] {
      let (x, y) = Philox.normals(a, b)
      #expect(x.isFinite && y.isFinite && abs(x) < 6 && abs(y) < 6)
    }
  }

  @Test func momentsOfUniforms() {
    let count = 100_000
    let numbers = draw(count) { block in (0..<4).map { Double(Philox.uniform(block[$0])) } }
    // Five standard errors: the deviation of a uniform is √(1/12), that of its square about 0.3.
    let tolerance = 5 / Double(count).squareRoot()
    #expect(abs(mean(numbers) - 0.5) < 0.29 * tolerance)
    #expect(abs(mean(numbers.map { $0 * $0 }) - 1.0 / 3) < 0.3 * tolerance)
    // Neighbors are independent.
    #expect(abs(mean(zip(numbers, numbers.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) })) < tolerance / 12)
    var bins = [Int](repeating: 0, count: 16)
    for number in numbers { bins[Int(number * 16)] += 1 }
    let expected = Double(count) / 16
    let chiSquare = bins.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    // 15 degrees of freedom: above 44 for one in ten thousand seeds.
    #expect(chiSquare < 44)
  }

  @Test func momentsOfNormals() {
    let count = 100_000
    let numbers = draw(count) { block in
      let (a, b) = Philox.normals(block[0], block[1])
      let (c, d) = Philox.normals(block[2], block[3])
      return [a, b, c, d]
    }
    let tolerance = 5 / Double(count).squareRoot()
    #expect(abs(mean(numbers)) < tolerance)
    #expect(abs(mean(numbers.map { $0 * $0 }) - 1) < 1.5 * tolerance)
    #expect(abs(mean(numbers.map { $0 * $0 * $0 })) < 4 * tolerance)
    #expect(abs(mean(numbers.map { $0 * $0 * $0 * $0 }) - 3) < 10 * tolerance)
    // The fraction within one standard deviation: erf(1/√2).
    let within = Double(numbers.count { abs($0) < 1 }) / Double(count)
    #expect(abs(within - 0.682_689_492) < 0.47 * tolerance)
  }

  private func draw(_ count: Int, _ numbers: (SIMD4<UInt32>) -> [Double]) -> [Double] {
    let source = RandomSource(key: RandomSource.derivedKey(seed: 1, "moments"))
    return (0..<count / 4).flatMap { numbers(source.block($0)) }
  }

  private func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
}

@Suite struct DerivedKeyTests {
  /// FNV-1a and the mixer of SplitMix64, computed independently.
  @Test(arguments: [
    (UInt64(0), "", UInt64(0xC381_7C01_6BA4_FF30)), (1, "weights/0.weight", 0xA356_1D1B_D89B_D0D1),
    (.max, "shuffle/epoch 3", 0xEF10_5DD4_1FCA_259B), (1, "Größe", 0x414A_5245_FAD2_6FF2),
  ])
  func knownKeys(_ seed: UInt64, _ text: String, _ expected: UInt64) {
    #expect(RandomSource.derivedKey(seed: seed, text) == expected)
  }

  @Test func seedsAndNamesGiveDifferentKeys() {
    let keys = (0..<64).flatMap { seed in
      (0..<64).map { RandomSource.derivedKey(seed: UInt64(seed), "layers.\($0).weight") }
    }
    #expect(Set(keys).count == keys.count)
  }
}
