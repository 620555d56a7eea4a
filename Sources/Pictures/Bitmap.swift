import HostSystem
import Files
import ZlibCompression

/// A raster image: red, green, and blue bytes, row by row.
public struct Bitmap: Sendable, Hashable {
  /// The number of pixel columns.
  public let width: Int
  /// The number of pixel rows.
  public let height: Int
  /// The pixels, three bytes each.
  public internal(set) var bytes: [UInt8]

  init(width: Int, height: Int, bytes: [UInt8]) {
    (self.width, self.height, self.bytes) = (width, height, bytes)
  }

  init(width: Int, height: Int, color: (UInt8, UInt8, UInt8)) {
    let dot = [color.0, color.1, color.2]
    self.init(width: width, height: height, bytes: (0..<width * height).flatMap { _ in dot })
  }

  /// Creates a grayscale image from numbers between 0 (black) and 1 (white), row by row.
  public init(gray values: [Float], width: Int) {
    self.init(
      width: width, height: values.count / max(width, 1),
      bytes: values.flatMap { value -> [UInt8] in
        let level = Bitmap.byte(value)
        return [level, level, level]
      })
  }

  /// Creates an image from red, green, and blue numbers between 0 and 1 in three consecutive planes.
  public init(planes values: [Float], width: Int) {
    let area = values.count / 3
    self.init(
      width: width, height: area / max(width, 1),
      bytes: (0..<area).flatMap { dot in (0..<3).map { Bitmap.byte(values[$0 * area + dot]) } })
  }

  /// Creates an image of signed numbers: blue below zero, white at zero, orange above zero.
  /// - Parameters:
  ///   - values: The numbers, row by row.
  ///   - width: The number of pixel columns.
  ///   - limit: The absolute value with the most saturated color.
  public init(signed values: [Float], width: Int, limit: Float) {
    let ends: [[Float]] = [[0, 0.35, 0.7], [0.8, 0.33, 0]]
    self.init(
      width: width, height: values.count / max(width, 1),
      bytes: values.flatMap { value -> [UInt8] in
        let part = limit > 0 && value.isFinite ? min(value.magnitude / limit, 1) : 0
        return ends[value < 0 ? 0 : 1].map { Bitmap.byte(1 + ($0 - 1) * part) }
      })
  }

  /// Converts 0...1 to a byte; NaN becomes black.
  static func byte(_ value: Float) -> UInt8 { value.isNaN ? 0 : UInt8((min(max(value, 0), 1) * 255).rounded()) }

  /// The image with each pixel enlarged to a square of `factor` pixels.
  func enlarged(_ factor: Int) -> Bitmap {
    guard factor > 1 else { return self }
    var larger: [UInt8] = []
    larger.reserveCapacity(bytes.count * factor * factor)
    for row in 0..<height {
      var line: [UInt8] = []
      for column in 0..<width {
        let start = 3 * (row * width + column)
        for _ in 0..<factor { line += bytes[start..<start + 3] }
      }
      for _ in 0..<factor { larger += line }
    }
    return Bitmap(width: width * factor, height: height * factor, bytes: larger)
  }

  /// Draws another image over this one. It must fit.
  mutating func draw(_ other: Bitmap, x: Int, y: Int) {
    for row in 0..<other.height {
      let source = 3 * row * other.width, target = 3 * ((y + row) * width + x)
      bytes.replaceSubrange(target..<target + 3 * other.width, with: other.bytes[source..<source + 3 * other.width])
    }
  }

  /// The image as a PNG file (ISO 15948): eight bits per channel, no filter.
  public var png: [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(bytes.count + height)
    for row in 0..<height {
      lines.append(0)
      lines += bytes[3 * row * width..<3 * (row + 1) * width]
    }
    let packed = (try? Compression.deflate(lines, .raw)) ?? Bitmap.stored(lines)
    // The deflate stream is wrapped as in RFC 1950: a header and a checksum of the content.
    let data = [0x78, 0x9C] + packed + Bitmap.bigEndian(Bitmap.adler32(lines))
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + Bitmap.chunk("IHDR", Bitmap.bigEndian(UInt32(width)) + Bitmap.bigEndian(UInt32(height)) + [8, 2, 0, 0, 0])
      + Bitmap.chunk("IDAT", data) + Bitmap.chunk("IEND", [])
  }

  /// The image as a data URL, for self-contained documents.
  var dataAddress: String { "data:image/png;base64,\(Base64.text(png))" }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let content = Array(name.utf8) + data
    return bigEndian(UInt32(data.count)) + content + bigEndian(Compression.crc32(content))
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  private static func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return b << 16 | a
  }

  /// Uncompressed deflate blocks, used if zlib gets no memory.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    repeat {
      let end = min(start + 65535, bytes.count)
      let count = UInt16(end - start)
      let head = [count, ~count].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
      result += [end == bytes.count ? 1 : 0] + head + bytes[start..<end]
      start = end
    } while start < bytes.count
    return result
  }
}

/// Base64 encoding (RFC 4648).
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count.dividedRoundingUp(by: 3) * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let number = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
      for place in 0..<4 {
        let digit = digits[Int(number >> (18 - 6 * UInt32(place)) & 63)]
        result.append(place <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
