import BackendCore
import BackendReference
import Testing

@Suite struct RandomTests {
  let backend = ReferenceBackend()
  let source = RandomSource(key: 0x0123_4567_89AB_CDEF, call: 3, step: 70_000)

  /// Elements 20 to 23 are the words of block 5, as in an independent implementation.
  @Test func elementsAreTheWordsOfTheirBlock() throws {
    let bits = try result(24, .int32)
    try backend.random(.bits, source, count: 24, into: bits)
    let words: [UInt32] = [0x9791_DB73, 0x6F96_121D, 0x2827_5351, 0x327F_1D8F]
    #expect(try values(bits).suffix(4) == words.map { Double(Int32(bitPattern: $0)) }[...])
    let uniforms = try result(24, .float32)
    try backend.random(.uniform, source, count: 24, into: uniforms)
    #expect(
      try values(uniforms).suffix(4) == [
        0.5920693278312683, 0.43588364124298096, 0.15685003995895386, 0.197252094745636,
      ])
    let normals = try result(24)
    try backend.random(.normal, source, count: 24, into: normals)
    let expected = [-0.9418834986172467, 0.4013955156106486, 0.6263182677782738, 1.820070011455464]
    #expect(agree(Array(try values(normals).suffix(4)), expected, to: 1e-15))
  }

  @Test func masksFollowTheWords() throws {
    let mask = try result(24, .bool)
    // Between the third word, 0x28275351, and the fourth.
    try backend.random(.bernoulli(probability: 0.18), source, count: 24, into: mask)
    #expect(try values(mask).suffix(4) == [0, 0, 1, 0])
    let all = try result(1000)
    try backend.random(.bernoulli(probability: 1), source, count: 1000, into: all)
    #expect(try values(all).allSatisfy { $0 == 1 })
    try backend.random(.bernoulli(probability: 0), source, count: 1000, into: all)
    #expect(try values(all).allSatisfy { $0 == 0 })
  }

  @Test func theStepOffsetIsReadFromTheDevice() throws {
    var early = source
    early.step = 69_000
    early.stepOffset = try buffer([1000], .int32)
    let (a, b) = (try result(100), try result(100))
    try backend.random(.uniform, source, count: 100, into: a)
    try backend.random(.uniform, early, count: 100, into: b)
    #expect(try values(a) == values(b))
  }

  /// Kept elements are scaled; the same source drops the same elements of a gradient.
  @Test func dropoutKeepsTheExpectation() throws {
    let count = 20_000
    let x = try buffer([Double](repeating: 3, count: count))
    let y = try result(count)
    try backend.dropout(x, probability: 0.25, source, count: count, into: y)
    let found = try values(y)
    #expect(found.allSatisfy { $0 == 0 || abs($0 - 4) < 1e-15 })
    let kept = Double(found.count { $0 != 0 }) / Double(count)
    #expect(abs(kept - 0.75) < 5 * (0.25 * 0.75 / Double(count)).squareRoot())
    let mask = try result(count)
    try backend.random(.bernoulli(probability: 0.75), source, count: count, into: mask)
    #expect(try values(mask) == found.map { $0 == 0 ? 0 : 1 })
    try backend.dropout(try buffer([.nan, 1]), probability: 1, source, count: 2, into: y)
    #expect(try values(y).prefix(2) == [0, 0])
  }
}
