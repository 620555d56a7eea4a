import ZlibCompression

/// A PNG file written sample by sample, of any kind that the format allows.
struct PNGSample {
  var width: Int
  var height: Int
  var depth = 8
  /// 0 gray, 2 color, 3 palette, 4 gray and alpha, 6 color and alpha.
  var kind = 2
  /// The numbers of all pixels, row by row.
  var samples: [Int]
  var isInterlaced = false
  /// Chunks before the pixels: a palette, transparency, and others.
  var chunks: [(name: String, data: [UInt8])] = []

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  var bytes: [UInt8] {
    get throws {
      PNGSample.signature + PNGSample.header(width: width, height: height, depth, kind, isInterlaced: isInterlaced)
        + chunks.flatMap { PNGSample.chunk($0.name, $0.data) } + PNGSample.chunk("IDAT", try PNGSample.packed(rows))
        + PNGSample.chunk("IEND", [])
    }
  }

  static func header(width: Int, height: Int, _ depth: Int, _ kind: Int, isInterlaced: Bool = false) -> [UInt8] {
    chunk("IHDR", four(width) + four(height) + [UInt8(depth), UInt8(kind), 0, 0, isInterlaced ? 1 : 0])
  }

  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let content = Array(name.utf8) + data
    return four(data.count) + content + four(Int(Compression.crc32(content)))
  }

  /// A zlib stream.
  static func packed(_ bytes: [UInt8]) throws -> [UInt8] {
    var (a, b) = (1, 0)
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return try [0x78, 0x9C] + Compression.deflate(bytes, .raw) + four(b << 16 | a)
  }

  static func four(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }

  private var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind] ?? 1 }

  /// The rows without filters; in seven passes if interlaced.
  private var rows: [UInt8] {
    let passes: [(x: Int, y: Int, dx: Int, dy: Int)] =
      isInterlaced
      ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      : [(0, 0, 1, 1)]
    var result: [UInt8] = []
    for pass in passes where pass.x < width {
      for row in stride(from: pass.y, to: height, by: pass.dy) {
        var numbers: [Int] = []
        for column in stride(from: pass.x, to: width, by: pass.dx) {
          let start = (row * width + column) * channels
          numbers += samples[start..<start + channels]
        }
        result += [0] + bits(numbers)
      }
    }
    return result
  }

  /// The samples of a row as bytes; the first one is in the highest bits.
  private func bits(_ numbers: [Int]) -> [UInt8] {
    if depth == 16 { return numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
    let each = 8 / depth
    return stride(from: 0, to: numbers.count, by: each).map { start in
      UInt8(
        (0..<each).reduce(0) { $0 << depth | (start + $1 < numbers.count ? numbers[start + $1] : 0) })
    }
  }
}
