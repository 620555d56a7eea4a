import ZlibCompression
import Files

/// Writes a zip archive with 32-bit sizes, entry by entry.
struct ZipWriter {
  private let writer: FileWriter
  private var directory: [UInt8] = []
  private var offset = 0
  private var count = 0

  init(_ path: String) throws(FileError) { writer = try FileWriter(path) }

  mutating func append(_ name: String, _ contents: [UInt8], deflating: Bool) throws(FileError) {
    var packed = contents
    if deflating {
      do { packed = try Compression.deflate(contents, .raw) } catch {
        throw .failed(path: writer.path, reason: error.reason)
      }
    }
    let nameBytes = Array(name.utf8)
    guard contents.count < 0xFFFF_FFFF, packed.count < 0xFFFF_FFFF, offset < 0xFFFF_FFFF, count < 0xFFFF,
      nameBytes.count < 0xFFFF
    else {
      throw .failed(path: writer.path, reason: "\"\(name)\" makes the archive larger than 4 GiB or 65,534 entries")
    }
    let crc = Compression.crc32(contents)
    // Version 2.0, names in UTF-8, the method, 1 January 1980.
    var fields = littleEndianBytes(of: UInt16(20)) + littleEndianBytes(of: UInt16(0x800))
    fields += littleEndianBytes(of: UInt16(deflating ? 8 : 0)) + [0, 0, 0x21, 0] + littleEndianBytes(of: crc)
    fields += littleEndianBytes(of: UInt32(packed.count)) + littleEndianBytes(of: UInt32(contents.count))
    fields += littleEndianBytes(of: UInt16(nameBytes.count)) + [0, 0]
    let head = littleEndianBytes(of: UInt32(0x0403_4B50)) + fields + nameBytes
    directory += littleEndianBytes(of: UInt32(0x0201_4B50)) + [20, 0] + fields
    directory += [UInt8](repeating: 0, count: 10) + littleEndianBytes(of: UInt32(offset)) + nameBytes
    try writer.write(head)
    try writer.write(packed)
    offset += head.count + packed.count
    count += 1
  }

  func finish() throws(FileError) {
    if offset >= 0xFFFF_FFFF || directory.count >= 0xFFFF_FFFF {
      throw .failed(path: writer.path, reason: "the archive is larger than 4 GiB")
    }
    let entries = littleEndianBytes(of: UInt16(count))
    var end = littleEndianBytes(of: UInt32(0x0605_4B50)) + [0, 0, 0, 0] + entries + entries
    end += littleEndianBytes(of: UInt32(directory.count)) + littleEndianBytes(of: UInt32(offset)) + [0, 0]
    try writer.write(directory)
    try writer.write(end)
    try writer.commit()
  }
}
