import ZlibCompression
import Files
import Testing

@Suite struct CompressionTests {
  let text = Array(String(repeating: "the quick brown fox jumps over the lazy dog; ", count: 40).utf8)

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 1_000_000])
  func bytesComeBack(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    for format in [Compression.Format.gzip, .raw] {
      let packed = try Compression.deflate(bytes, format)
      #expect(try Compression.inflate(packed, format, limit: count) == bytes)
    }
  }

  @Test func membersFollowOneAnother() throws {
    let one = try Compression.deflate([1, 2, 3], .gzip)
    let two = try Compression.deflate([4, 5], .gzip)
    #expect(try Compression.inflate(one + two, .gzip, limit: 5) == [1, 2, 3, 4, 5])
    #expect(try Compression.inflate(one + [0, 0, 0], .gzip, limit: 5) == [1, 2, 3])
    #expect(throws: CompressionError.self) { try Compression.inflate(one + [7], .gzip, limit: 5) }
    #expect(throws: CompressionError.self) { try Compression.inflate(one + two.dropLast(), .gzip, limit: 5) }
    #expect(throws: CompressionError.tooLarge(limit: 4)) { try Compression.inflate(one + two, .gzip, limit: 4) }
  }

  @Test func everyTruncationIsAnError() throws {
    let packed = try Compression.deflate(text, .gzip)
    for length in packed.indices {
      #expect(throws: CompressionError.truncated(offset: length)) {
        try Compression.inflate(Array(packed[..<length]), .gzip, limit: 1 << 20)
      }
    }
  }

  @Test func everyDamagedByteIsAnErrorOrHarmless() throws {
    let packed = try Compression.deflate(text, .gzip)
    for index in packed.indices {
      var damaged = packed
      damaged[index] ^= 0x55
      let result = try? Compression.inflate(damaged, .gzip, limit: 1 << 20)
      // The time stamp, extra flags, and system of the header are not verified.
      if (4...9).contains(index) { #expect(result == text) } else { #expect(result == nil, "byte \(index)") }
    }
  }

  @Test func aBombIsRefusedWithBoundedMemory() throws {
    let bomb = try Compression.deflate([UInt8](repeating: 0, count: 50_000_000), .gzip)
    #expect(bomb.count < 60_000)
    #expect(throws: CompressionError.tooLarge(limit: 1000)) { try Compression.inflate(bomb, .gzip, limit: 1000) }
  }

  /// The check value of the CRC catalog.
  @Test func crc() {
    #expect(Compression.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Compression.crc32([]) == 0)
    #expect(Compression.crc32(Array("456789".utf8), seed: Compression.crc32(Array("123".utf8))) == 0xCBF4_3926)
  }
}
