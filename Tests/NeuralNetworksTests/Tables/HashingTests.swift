import Testing

@testable import NeuralNetworks

/// Texts and numbers as hashes. The expected indices are those of Keras 3.15 with TensorFlow 2.21.
@Suite struct HashingTests {
  private static let large = Int(Int32.max)
  private static let lengths = [
    0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129, 192, 256, 257, 1000,
  ]

  /// n letters: `bytes(97 + (i * 7 + n * 3) % 26 for i in range(n))`.
  private static let texts = lengths.map { n in
    String(decoding: (0..<n).map { UInt8(97 + ($0 * 7 + n * 3) % 26) }, as: UTF8.self)
  }

  /// `Hashing(2**31 - 1)(texts)`. Each range of lengths has a separate formula.
  @Test func farmHashes() throws {
    let expected: [Int32] = [
      1_699_943_623, 294_871_785, 1_446_022_542, 1_673_149_756, 2_000_950_365, 90_564_710, 1_603_717_928,
      1_217_784_287, 1_188_295_647, 1_114_249_277, 699_913_509, 415_870_756, 1_493_991_008, 1_406_393_873,
      360_215_115, 2_025_751_826, 562_922_429, 837_782_324, 2_008_164_630, 87_081_505, 261_149_029, 187_011_773,
      172_414_479, 550_671_705, 99_901_443, 667_369_606, 2_112_722_307,
    ]
    #expect(try Hashing(bins: Self.large).indices(of: Self.texts).scalars(as: Int32.self) == expected)
  }

  /// `Hashing(2**31 - 1, salt=[133, 137])(texts)`.
  @Test func sipHashes() throws {
    let expected: [Int32] = [
      1_380_786_607, 1_860_113_053, 1_763_339_759, 383_030_970, 2_081_489_695, 191_438_155, 340_714_804,
      2_143_303_919, 1_350_999_075, 137_844_172, 1_010_013_523, 958_837_310, 1_863_715_221, 403_516_519, 937_041_088,
      697_439_484, 989_226_406, 422_331_577, 2_096_788_976, 570_027_936, 1_760_839_765, 312_185_994, 62_320_919,
      2_010_776_749, 807_725_189, 567_619_854, 206_592_136,
    ]
    let hashing = Hashing(bins: Self.large, salt: (133, 137))
    #expect(try hashing.indices(of: Self.texts).scalars(as: Int32.self) == expected)
    #expect(hashing.salt.map { $0 == (133, 137) } == true)
  }

  /// `Hashing(…)(["A", "Zürich", "", "B"])`, with `mask_value=""` for missing texts; and `Hashing(1000)([-3, 0, 7, 2**40])`.
  @Test func indicesAreThoseOfKeras() throws {
    let words = ["A", "Zürich", "", "B"]
    func found(_ hashing: Hashing, _ words: [String?]) throws -> [Int32] {
      try hashing.indices(of: words).scalars(as: Int32.self)
    }
    #expect(try found(Hashing(bins: 10), words) == [4, 3, 3, 8])
    #expect(try found(Hashing(bins: 10), ["A", nil]) == [4, 3])
    #expect(try found(Hashing(bins: 1000, salt: (5, 5)), words) == [5, 702, 310, 181])
    #expect(try found(Hashing(bins: 10, masksMissing: true), ["A", "Zürich", nil, "B"]) == [8, 5, 0, 1])
    #expect(try found(Hashing(bins: 1, masksMissing: true), ["A", nil]) == [0, 0])
    let numbers = [-3, 0, 7, 1 << 40]
    #expect(try Hashing(bins: 1000).indices(of: numbers).scalars(as: Int32.self) == [699, 735, 88, 378])
    let masked = Hashing(bins: 1000, masksMissing: true)
    #expect(try masked.indices(of: [-3, 0, nil, 1 << 40]).scalars(as: Int32.self) == [256, 20, 0, 741])
    #expect(masked.index(of: Int16(-3)) == 256 && masked.index(of: UInt64(1) << 40) == 741)
  }

  /// A missing value without a type is a missing text, which has the index of a missing number.
  @Test func missingValues() throws {
    let (plain, masked) = (Hashing(bins: 10), Hashing(bins: 10, masksMissing: true))
    #expect(plain.index(of: nil) == 3 && plain.index(of: Int?.none) == 3)
    #expect(masked.index(of: nil) == 0 && masked.index(of: Int?.none) == 0)
    #expect(try plain.indices(of: [nil, nil]).scalars(as: Int32.self) == [3, 3])
    #expect(plain.indices(of: []).shape == [0])
  }

  /// `HashedCrossing(…)((words, numbers))`.
  @Test func crossingsAreThoseOfKeras() throws {
    let words = HashedCrossing.Column.texts(["A", "Zürich", "", "B"])
    let numbers = HashedCrossing.Column.numbers([-3, 0, 7, 1 << 40])
    let (large, small) = (HashedCrossing(bins: Self.large), HashedCrossing(bins: 1000))
    #expect(
      try large.indices(of: words, numbers).scalars(as: Int32.self)
        == [485_915_514, 125_818_858, 1_809_677_683, 48_843_813])
    #expect(try small.indices(of: numbers, words).scalars(as: Int32.self) == [343, 918, 945, 654])
    #expect(try small.indices(of: numbers, words, numbers).scalars(as: Int32.self) == [424, 798, 835, 462])
    let pairs = small.indices(of: .texts(["A", "B"]), .numbers([101, 102]))
    #expect(try pairs.scalars(as: Int32.self) == [891, 576])
    #expect(small.indices(of: .texts([]), .numbers([])).shape == [0])
  }

  struct Mistake: Sendable {
    var message: String
    var body: @Sendable () -> Void
  }

  static let mistakes: [Mistake] = [
    Mistake(message: "Hashing: bins is 0, expected 1 to 2147483647") { _ = Hashing(bins: 0) },
    Mistake(message: "HashedCrossing: bins is 2147483648, expected 1 to 2147483647") {
      _ = HashedCrossing(bins: 1 << 31)
    },
    Mistake(message: "HashedCrossing: columns of [1] values, expected at least two of the same length") {
      _ = HashedCrossing(bins: 2).indices(of: .numbers([1]))
    },
    Mistake(message: "HashedCrossing: columns of [1, 2] values, expected at least two of the same length") {
      _ = HashedCrossing(bins: 2).indices(of: .numbers([1]), .numbers([1, 2]))
    },
  ]

  @Test(arguments: mistakes.indices)
  func mistakesEndTheProgram(_ index: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      HashingTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains(HashingTests.mistakes[index].message), "\(message)")
  }
}
