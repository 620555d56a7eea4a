import Files

/// A zip archive, as far as NumPy uses it: entries that are stored or deflated, also with 64-bit sizes.
///
/// Format: PKWARE's APPNOTE 6.3. The central directory decides; entries must lie before it, one after another without
/// overlap, so that a small file cannot unpack to more than its bytes allow.
struct ZipArchive {
  struct Entry {
    let name: String
    let isDeflated: Bool
    let crc: UInt32
    /// Bytes in the file.
    let packed: Int
    /// Bytes when unpacked.
    let size: Int
    /// Where the entry's own head begins.
    let offset: Int
  }

  struct Failure: Error {
    let reason: String
  }

  let bytes: [UInt8]
  private(set) var entries: [Entry] = []

  init(_ bytes: [UInt8]) throws(Failure) {
    self.bytes = bytes
    let end = try locateEnd()
    try readDirectory(end)
    try checkOverlap(directory: end.offset)
  }

  /// The contents of an entry, checked against its size and its CRC.
  func contents(_ entry: Entry, limit: Int) throws(Failure) -> [UInt8] {
    let start = entry.offset + 30 + Int(u16(entry.offset + 26)) + Int(u16(entry.offset + 28))
    let packed = Array(bytes[start..<start + entry.packed])
    if entry.size > limit { throw Failure(reason: "\"\(entry.name)\" has \(entry.size) bytes; the limit is \(limit)") }
    var contents = packed
    if entry.isDeflated {
      do { contents = try Compression.inflate(packed, .raw, limit: entry.size) } catch {
        throw Failure(reason: "\"\(entry.name)\": \(error.reason)")
      }
    }
    if contents.count != entry.size || Compression.crc32(contents) != entry.crc {
      throw Failure(reason: "\"\(entry.name)\" is damaged: its size or its CRC-32 differs")
    }
    return contents
  }

  private typealias End = (offset: Int, size: Int, count: Int)

  /// The record at the end of the archive that says where the directory is.
  private func locateEnd() throws(Failure) -> End {
    if bytes.count < 22 { throw Failure(reason: "it is no zip archive") }
    var offset = bytes.count - 22
    let lowest = max(0, offset - 0xFFFF)
    while u32(offset) != 0x0605_4B50 || offset + 22 + Int(u16(offset + 20)) != bytes.count {
      if offset == lowest { throw Failure(reason: "it is no zip archive, or its end is missing") }
      offset -= 1
    }
    var end: End = (Int(u32(offset + 16)), Int(u32(offset + 12)), Int(u16(offset + 10)))
    if end.offset == 0xFFFF_FFFF || end.size == 0xFFFF_FFFF || end.count == 0xFFFF {
      end = try locateWideEnd(before: offset) ?? end
    }
    if end.offset > bytes.count || end.size > bytes.count - end.offset || end.count > end.size / 46 {
      throw Failure(reason: "its directory does not lie within it")
    }
    return end
  }

  /// The same with 64 bits, where 32 do not suffice.
  private func locateWideEnd(before offset: Int) throws(Failure) -> End? {
    if offset < 20 || u32(offset - 20) != 0x0706_4B50 { return nil }
    guard let record = Int(exactly: u64(offset - 12)), record <= offset - 20 - 56, u32(record) == 0x0606_4B50,
      let start = Int(exactly: u64(record + 48)), let size = Int(exactly: u64(record + 40)),
      let count = Int(exactly: u64(record + 32))
    else { throw Failure(reason: "its 64-bit directory record is damaged") }
    return (start, size, count)
  }

  private mutating func readDirectory(_ end: End) throws(Failure) {
    var offset = end.offset
    let limit = end.offset + end.size
    var names: Set<String> = []
    for _ in 0..<end.count {
      guard offset + 46 <= limit, u32(offset) == 0x0201_4B50 else { throw Failure(reason: "its directory is damaged") }
      let nameLength = Int(u16(offset + 28))
      let extraLength = Int(u16(offset + 30))
      let next = offset + 46 + nameLength + extraLength + Int(u16(offset + 32))
      if next > limit { throw Failure(reason: "its directory is damaged") }
      let nameBytes = bytes[offset + 46..<offset + 46 + nameLength]
      guard let name = String(validating: nameBytes, as: UTF8.self) else {
        throw Failure(reason: "a name is not UTF-8")
      }
      if ZipArchive.leadsOutside(name) {
        throw Failure(reason: "the name \"\(name.prefix(100))\" leads out of the archive")
      }
      if !names.insert(name).inserted { throw Failure(reason: "\"\(name)\" occurs twice") }
      let extra = offset + 46 + nameLength
      entries.append(try entry(at: offset, name, extra: extra..<extra + extraLength))
      offset = next
    }
  }

  /// Nothing is unpacked to files here; but a name may become one elsewhere.
  static func leadsOutside(_ name: String) -> Bool {
    let parts = name.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    return name.utf8.contains(0) || parts.first == "" || parts.contains("..") || parts.first?.hasSuffix(":") ?? true
  }

  private func entry(at offset: Int, _ name: String, extra: Range<Int>) throws(Failure) -> Entry {
    if u16(offset + 8) & 1 != 0 { throw Failure(reason: "\"\(name)\" is encrypted") }
    let method = u16(offset + 10)
    if method != 0 && method != 8 { throw Failure(reason: "\"\(name)\" is packed by the unsupported method \(method)") }
    // Fields that are full stand in an extra field of type 1, in this order.
    var fields = [UInt64(u32(offset + 24)), UInt64(u32(offset + 20)), UInt64(u32(offset + 42))]
    var wide = wideField(extra)
    for index in fields.indices where fields[index] == 0xFFFF_FFFF {
      if wide.count < 8 { throw Failure(reason: "the 64-bit sizes of \"\(name)\" are missing") }
      fields[index] = u64(wide.lowerBound)
      wide = wide.lowerBound + 8..<wide.upperBound
    }
    guard let size = Int(exactly: fields[0]), let packed = Int(exactly: fields[1]), let start = Int(exactly: fields[2]),
      method == 8 || size == packed
    else { throw Failure(reason: "the sizes of \"\(name)\" are damaged") }
    return Entry(name: name, isDeflated: method == 8, crc: u32(offset + 16), packed: packed, size: size, offset: start)
  }

  private func wideField(_ extra: Range<Int>) -> Range<Int> {
    var offset = extra.lowerBound
    while offset + 4 <= extra.upperBound {
      let end = offset + 4 + Int(u16(offset + 2))
      if end > extra.upperBound { break }
      if u16(offset) == 1 { return offset + 4..<end }
      offset = end
    }
    return 0..<0
  }

  /// Every entry lies whole before the next one and before the directory.
  private func checkOverlap(directory: Int) throws(Failure) {
    var end = 0
    for entry in entries.sorted(by: { $0.offset < $1.offset }) {
      guard entry.offset >= end, entry.offset <= directory - 30, u32(entry.offset) == 0x0403_4B50 else {
        throw Failure(reason: "\"\(entry.name)\" does not lie where the directory says")
      }
      let start = entry.offset + 30 + Int(u16(entry.offset + 26)) + Int(u16(entry.offset + 28))
      if start > directory || entry.packed > directory - start {
        throw Failure(reason: "\"\(entry.name)\" does not lie where the directory says")
      }
      end = start + entry.packed
    }
  }

  private func u16(_ offset: Int) -> UInt16 { littleEndian(bytes, offset) }
  private func u32(_ offset: Int) -> UInt32 { littleEndian(bytes, offset) }
  private func u64(_ offset: Int) -> UInt64 { littleEndian(bytes, offset) }
}
