import Files

/// The CRC-32 of a file that holds it in its own text, where eight zeros stand while it is computed.
struct FileChecksum {
  static let key = "swift-nn crc32"
  static let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 8)
  /// What the text holds before the sum is known.
  static let unset = [key: String(decoding: zeros, as: UTF8.self)]

  private var value: UInt32 = 0

  mutating func update(_ bytes: [UInt8]) { value = Compression.crc32(bytes, seed: value) }

  /// Eight hexadecimal digits.
  var digits: [UInt8] {
    let text = Array(String(value, radix: 16).utf8)
    return FileChecksum.zeros.dropLast(text.count) + text
  }

  /// Where the digits are in a head of JSON; nil where there are none. Within a string the quotes would be escaped.
  static func place(in head: [UInt8]) -> Range<Int>? {
    let mark = Array("\"\(key)\":\"".utf8)
    guard let found = head.firstRange(of: mark), found.upperBound + 8 < head.count else { return nil }
    return found.upperBound..<found.upperBound + 8
  }
}
