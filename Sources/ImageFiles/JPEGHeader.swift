/// The segments of a JPEG file before its pixels (ISO 10918-1, B.1.1).
///
/// Some cameras and programs leave bytes between segments, which do not change the picture. They are skipped as the
/// library does.
struct JPEGHeader {
  /// The positions of the segments, each of which consists of a marker, a length, and data.
  private(set) var segments: [Range<Int>] = []
  /// The position of the first marker that starts no whole segment, which is usually that of the pixels.
  private(set) var end: Int

  init(_ file: [UInt8]) {
    end = JPEGHeader.marker(in: file, from: 2)
    // The length counts its own two bytes.
    while end + 4 <= file.count, !JPEGHeader.isLast(file[end + 1]) {
      let next = end + 2 + (Int(file[end + 2]) << 8 | Int(file[end + 3]))
      guard next >= end + 4, next <= file.count else { return }
      segments.append(end..<next)
      end = JPEGHeader.marker(in: file, from: next)
    }
  }

  /// Returns a file without the bytes between the segments, and with a known version of JFIF: the library warns of any
  /// other one, which does not change the picture.
  func joined(_ file: [UInt8]) -> [UInt8] {
    var file = file
    for segment in segments where file[segment].starts(with: [0xFF, 0xE0]) && segment.count > 9 {
      if file[segment].dropFirst(4).starts(with: "JFIF\0".utf8) { file[segment.lowerBound + 9] = 1 }
    }
    if segments.reduce(2, { $0 + $1.count }) == end { return file }
    var result = Array(file.prefix(2))
    for segment in segments { result += file[segment] }
    return result + file[end...]
  }

  /// Whether a marker is that of pixels, of the end of the picture, or of the start of another one.
  private static func isLast(_ marker: UInt8) -> Bool { (0xD8...0xDA).contains(marker) }

  /// Returns the position of the next marker, or the end of the file. It is 0xFF and another byte. Before it, there may
  /// be more bytes 0xFF. The markers 0x01 and 0xD0 to 0xD7 have no length and, before the pixels, no meaning.
  private static func marker(in file: [UInt8], from start: Int) -> Int {
    var position = min(start, file.count)
    while position < file.count {
      if position + 1 < file.count, file[position] == 0xFF {
        switch file[position + 1] {
        case 0, 1, 0xD0...0xD7, 0xFF: break
        default: return position
        }
      }
      position += 1
    }
    return position
  }
}
