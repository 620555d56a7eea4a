import CPixels

/// The orientation of a picture in its Exif data (CIPA DC-008): from 1 (upright) to 8. Anything unexpected means that
/// there is none; it never makes a file unreadable.
enum Exif {
  /// The tag of the orientation.
  private static let tag: UInt32 = 0x0112

  /// Returns the orientation in the first segment of a JPEG file with Exif data; nil if there is none.
  static func orientation(inSegments segments: some Sequence<ArraySlice<UInt8>>) -> Int? {
    let name = Array("Exif".utf8) + [0, 0]
    let found = segments.first { $0.starts(with: [0xFF, 0xE1]) && $0.dropFirst(4).starts(with: name) }
    return found.flatMap { orientation($0.dropFirst(4 + name.count)) }
  }

  /// Returns the orientation in Exif data, which are a TIFF file; nil if there is none.
  static func orientation(_ data: ArraySlice<UInt8>) -> Int? {
    let isBig = data.starts(with: "MM".utf8)
    guard isBig || data.starts(with: "II".utf8) else { return nil }
    func number(_ offset: Int, _ count: Int) -> UInt32? {
      guard offset >= 0, offset + count <= data.count else { return nil }
      let bytes = data[data.startIndex + offset..<data.startIndex + offset + count]
      return (isBig ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
    guard number(2, 2) == 42, let table = number(4, 4), let entries = number(Int(table), 2) else { return nil }
    for entry in 0..<Int(entries) {
      let offset = Int(table) + 2 + 12 * entry
      guard let found = number(offset, 2) else { return nil }
      // One 16-bit number, which is at the start of its field.
      if found == tag, number(offset + 2, 2) == 3, let value = number(offset + 8, 2) {
        return (1...8).contains(value) ? Int(value) : nil
      }
    }
    return nil
  }
}

extension Image {
  /// Returns the picture upright, if these pixels have the given Exif orientation.
  func upright(from orientation: Int) -> Image {
    guard orientation > 1, !bytes.isEmpty else { return self }
    let turned = [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
      if let start = room.baseAddress {
        nn_pixels_turn(bytes, height, width, Int32(channels.count), Int32(orientation), start)
        count = bytes.count
      }
    }
    let turns = orientation >= 5
    return Image(height: turns ? width : height, width: turns ? height : width, channels: channels, bytes: turned)
  }
}
