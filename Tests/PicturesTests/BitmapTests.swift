import ZlibCompression
import Files
import Testing

@testable import Pictures

@Suite struct BitmapTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64OfTheStandard(_ text: String, _ expected: String) { #expect(Base64.text(Array(text.utf8)) == expected) }

  @Test func colors() {
    #expect(Bitmap(gray: [0, 0.5, 1, 2], width: 2).bytes == [0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255])
    #expect(Bitmap(planes: [1, 0, 0, 1, 0, 0], width: 2).bytes == [255, 0, 0, 0, 255, 0])
    let signed = Bitmap(signed: [0, 1, -1, .nan], width: 4, limit: 1)
    #expect(Array(signed.bytes[0..<3]) == [255, 255, 255] && Array(signed.bytes[9...]) == [255, 255, 255])
    #expect(signed.bytes[3] > signed.bytes[5] && signed.bytes[6] < signed.bytes[8])
  }

  /// A PNG is parsed again: every chunk's checksum is correct, and the rows are in the deflate stream.
  @Test func pngHoldsThePicture() throws {
    let picture = Bitmap(planes: (0..<3 * 7 * 5).map { Float($0) / 105 }, width: 7)
    let png = picture.png
    #expect(Array(png[0..<8]) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var chunks: [String: [UInt8]] = [:]
    var position = 8
    while position < png.count {
      let count = Self.number(png, position)
      let content = Array(png[position + 4..<position + 8 + count])
      #expect(Compression.crc32(content) == UInt32(Self.number(png, position + 8 + count)))
      chunks[String(decoding: content[0..<4], as: UTF8.self)] = Array(content[4...])
      position += 12 + count
    }
    let head = try #require(chunks["IHDR"])
    #expect(Self.number(head, 0) == 7 && Self.number(head, 4) == 5 && Array(head[8...]) == [8, 2, 0, 0, 0])
    let data = try #require(chunks["IDAT"])
    let rows = try Compression.inflate(Array(data[2..<data.count - 4]), .raw, limit: 1000)
    #expect(rows.count == 5 * 22)
    for row in 0..<5 {
      #expect(rows[22 * row] == 0)
      #expect(Array(rows[22 * row + 1..<22 * (row + 1)]) == Array(picture.bytes[21 * row..<21 * (row + 1)]))
    }
    #expect(chunks["IEND"] == [])
  }

  @Test func enlargingRepeatsDots() {
    let small = Bitmap(gray: [0, 1], width: 2)
    #expect(small.enlarged(2).bytes == Bitmap(gray: [0, 0, 1, 1, 0, 0, 1, 1], width: 4).bytes)
  }

  private static func number(_ bytes: [UInt8], _ start: Int) -> Int {
    bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}
