import ZlibCompression
import Files

/// The CRC-32 of a file, stored in the file's own header. During the computation, eight zeros take its place.
struct FileChecksum {
  static let key = "swift-nn crc32"
  static let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 8)
  /// The metadata before the checksum is known.
  static let unset = [key: String(decoding: zeros, as: UTF8.self)]

  private var value: UInt32 = 0

  mutating func update(_ bytes: [UInt8]) { value = Compression.crc32(bytes, seed: value) }

  /// Eight hexadecimal digits.
  var digits: [UInt8] {
    let text = Array(String(value, radix: 16).utf8)
    return FileChecksum.zeros.dropLast(text.count) + text
  }

  /// The position of the digits in a JSON header; nil if there are none. Quotes inside a string would be escaped, so
  /// they cannot match.
  static func place(in head: [UInt8]) -> Range<Int>? {
    guard let found = head.firstRange(of: Array("\"\(key)\"".utf8)) else { return nil }
    func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    var rest = head[found.upperBound...].drop(while: isBlank)
    guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
    rest = rest.drop(while: isBlank)
    guard rest.popFirst() == UInt8(ascii: "\""), rest.count > 8, rest[rest.startIndex + 8] == UInt8(ascii: "\"") else {
      return nil
    }
    return rest.startIndex..<rest.startIndex + 8
  }
}
