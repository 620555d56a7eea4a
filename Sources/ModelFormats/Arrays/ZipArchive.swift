import ZlibCompression
import HostSystem
import Files
import NeuralNetworks

/// A zip archive, with the features that NumPy uses: stored or deflated entries, including 64-bit sizes.
///
/// Format: PKWARE's APPNOTE 6.3. The central directory is authoritative. Entries must precede it and must not overlap,
/// so that a small file cannot decompress to more than its bytes allow.
struct ZipArchive {
  struct Entry {
    let name: String
    let isDeflated: Bool
    let crc: UInt32
    /// The compressed size in bytes.
    let packed: Int
    /// The decompressed size in bytes.
    let size: Int
    /// The position of the entry's local header.
    let offset: Int
  }

  struct Failure: Error {
    let reason: String
  }

  private let file: FileReader
  private(set) var entries: [Entry] = []

  /// Reads the directory; contents are read on demand.
  init(_ file: FileReader) throws {
    self.file = file
    let end = try locateEnd()
    try readDirectory(try file.read(at: end.offset, count: end.size), count: end.count)
    try checkOverlap(directory: end.offset)
  }

  /// Reads the contents of an entry in chunks, then verifies its size and its CRC.
  /// - Parameters:
  ///   - first: The minimum number of bytes in the first chunk; all bytes if there are fewer.
  ///   - take: Receives each chunk. The first one is passed even if it is empty.
  func read(_ entry: Entry, first: Int, _ take: ([UInt8]) throws -> Void) throws {
    // Deflate expands one byte to at most 1,032 bytes.
    if entry.size / 1032 > entry.packed { throw Failure(reason: "\(quoted(entry)) claims more than it can unpack to") }
    let pieces = try Pieces(entry, file)
    var bytes: [UInt8] = []
    while bytes.count < min(first, entry.size), case let piece = try pieces.next(), !piece.isEmpty { bytes += piece }
    var (count, crc) = (0, UInt32(0))
    repeat {
      try take(bytes)
      count += bytes.count
      if count > entry.size { throw damaged(entry) }
      crc = Compression.crc32(bytes, seed: crc)
      bytes = try pieces.next()
    } while !bytes.isEmpty
    if count != entry.size || crc != entry.crc { throw damaged(entry) }
  }

  /// Reads a byte range of the contents of an entry in chunks. The CRC of a stored entry is not verified.
  func read(_ entry: Entry, _ range: Range<Int>, _ take: ([UInt8]) throws -> Void) throws {
    if entry.isDeflated {
      var start = 0
      return try read(entry, first: 0) { piece in
        let common = range.clamped(to: start..<start + piece.count)
        if !common.isEmpty { try take(Array(piece[common.lowerBound - start..<common.upperBound - start])) }
        start += piece.count
      }
    }
    let start = try ZipArchive.start(of: entry, in: file)
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: Inflation.pieceSize) {
      try take(try file.read(at: start + offset, count: min(Inflation.pieceSize, range.upperBound - offset)))
    }
  }

  private func damaged(_ entry: Entry) -> Failure {
    Failure(reason: "\(quoted(entry)) is damaged: its size or its CRC-32 differs")
  }

  private func quoted(_ entry: Entry) -> String { "\"\(entry.name.shortened(to: 100))\"" }

  /// The contents of an entry in chunks.
  private final class Pieces {
    private let entry: Entry
    private let file: FileReader
    private let inflation: Inflation?
    private var position: Int
    private let end: Int
    private var packed: [UInt8] = []
    private var offset = 0

    init(_ entry: Entry, _ file: FileReader) throws {
      (self.entry, self.file) = (entry, file)
      position = try ZipArchive.start(of: entry, in: file)
      end = position + entry.packed
      inflation = entry.isDeflated ? try Inflation(.raw) : nil
    }

    /// The next bytes; empty at the end.
    func next() throws -> [UInt8] {
      guard let inflation else { return try piece() }
      do {
        while true {
          let output = try inflation.next(packed, from: &offset)
          if !output.isEmpty { return output }
          (packed, offset) = (try piece(), 0)
          if packed.isEmpty {
            try inflation.finish()
            return []
          }
        }
      } catch let error as CompressionError {
        throw Failure(reason: "\"\(entry.name.shortened(to: 100))\": \(error.reason)")
      }
    }

    private func piece() throws -> [UInt8] {
      let bytes = try file.read(at: position, count: min(Inflation.pieceSize, end - position))
      position += bytes.count
      return bytes
    }
  }

  /// The position of an entry's bytes, after its local header.
  private static func start(of entry: Entry, in file: FileReader) throws -> Int {
    let head = try file.read(at: entry.offset, count: 30)
    return entry.offset + 30 + Int(u16(head, 26)) + Int(u16(head, 28))
  }

  private typealias End = (offset: Int, size: Int, count: Int)

  /// The end record of the archive, which locates the directory.
  private func locateEnd() throws -> End {
    if file.size < 22 { throw Failure(reason: "it is not a zip archive") }
    let start = max(0, file.size - 22 - 0xFFFF)
    let tail = try file.read(at: start, count: file.size - start)
    var place = tail.count - 22
    while u32(tail, place) != 0x0605_4B50 || place + 22 + Int(u16(tail, place + 20)) != tail.count {
      if place == 0 { throw Failure(reason: "it is not a zip archive, or its end is missing") }
      place -= 1
    }
    var end: End = (Int(u32(tail, place + 16)), Int(u32(tail, place + 12)), Int(u16(tail, place + 10)))
    if end.offset == 0xFFFF_FFFF || end.size == 0xFFFF_FFFF || end.count == 0xFFFF {
      end = try locateWideEnd(before: start + place) ?? end
    }
    if end.offset < 0 || end.size < 0 || end.offset > file.size || end.size > file.size - end.offset
      || end.count > end.size / 46
    {
      throw Failure(reason: "its directory is not within it")
    }
    return end
  }

  /// The 64-bit version of the end record, if 32 bits are not sufficient.
  private func locateWideEnd(before offset: Int) throws -> End? {
    if offset < 20 { return nil }
    let locator = try file.read(at: offset - 20, count: 20)
    if u32(locator, 0) != 0x0706_4B50 { return nil }
    let fault = Failure(reason: "its 64-bit directory record is damaged")
    guard let place = Int(exactly: u64(locator, 8)), place <= offset - 20 - 56 else { throw fault }
    let record = try file.read(at: place, count: 56)
    guard u32(record, 0) == 0x0606_4B50, let start = Int(exactly: u64(record, 48)),
      let size = Int(exactly: u64(record, 40)), let count = Int(exactly: u64(record, 32))
    else { throw fault }
    return (start, size, count)
  }

  private mutating func readDirectory(_ bytes: [UInt8], count: Int) throws(Failure) {
    var offset = 0
    let limit = bytes.count
    var names: Set<ByteKey> = []
    for _ in 0..<count {
      guard offset + 46 <= limit, u32(bytes, offset) == 0x0201_4B50 else {
        throw Failure(reason: "its directory is damaged")
      }
      let nameLength = Int(u16(bytes, offset + 28))
      let extraLength = Int(u16(bytes, offset + 30))
      let next = offset + 46 + nameLength + extraLength + Int(u16(bytes, offset + 32))
      if next > limit { throw Failure(reason: "its directory is damaged") }
      let nameBytes = bytes[offset + 46..<offset + 46 + nameLength]
      guard let name = String(validating: nameBytes, as: UTF8.self), name.isStreamSafe else {
        throw Failure(reason: "a name is not UTF-8 with at most 30 combining marks after one another")
      }
      if ZipArchive.leadsOutside(name) {
        throw Failure(reason: "the name \"\(name.shortened(to: 100))\" leads out of the archive")
      }
      if !names.insert(ByteKey(name)).inserted { throw Failure(reason: "\"\(name.shortened(to: 100))\" occurs twice") }
      let extra = offset + 46 + nameLength
      entries.append(try entry(bytes, at: offset, name, extra: extra..<extra + extraLength))
      offset = next
    }
  }

  /// The longest name of an entry that is written, in bytes.
  static let nameLimit = 0xFFFE

  /// Whether a name points outside a folder. Entries are not extracted here, but other code may use the names as file
  /// names.
  static func leadsOutside(_ name: String) -> Bool {
    let parts = name.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    return name.utf8.contains(0) || parts.first == "" || parts.contains("..") || parts.first?.hasSuffix(":") ?? true
  }

  private func entry(
    _ bytes: [UInt8], at offset: Int, _ name: String, extra: Range<Int>
  ) throws(Failure) -> Entry {
    let quoted = "\"\(name.shortened(to: 100))\""
    if u16(bytes, offset + 8) & 1 != 0 { throw Failure(reason: "\(quoted) is encrypted") }
    let method = u16(bytes, offset + 10)
    if method != 0 && method != 8 { throw Failure(reason: "\(quoted) is packed by the unsupported method \(method)") }
    // Saturated fields are stored in an extra field of type 1, in this order.
    var fields = [UInt64(u32(bytes, offset + 24)), UInt64(u32(bytes, offset + 20)), UInt64(u32(bytes, offset + 42))]
    var wide = wideField(bytes, extra)
    for index in fields.indices where fields[index] == 0xFFFF_FFFF {
      if wide.count < 8 { throw Failure(reason: "the 64-bit sizes of \(quoted) are missing") }
      fields[index] = u64(bytes, wide.lowerBound)
      wide = wide.lowerBound + 8..<wide.upperBound
    }
    guard let size = Int(exactly: fields[0]), let packed = Int(exactly: fields[1]), let start = Int(exactly: fields[2]),
      method == 8 || size == packed
    else { throw Failure(reason: "the sizes of \(quoted) are damaged") }
    return Entry(
      name: name, isDeflated: method == 8, crc: u32(bytes, offset + 16), packed: packed, size: size, offset: start)
  }

  private func wideField(_ bytes: [UInt8], _ extra: Range<Int>) -> Range<Int> {
    var offset = extra.lowerBound
    while offset + 4 <= extra.upperBound {
      let end = offset + 4 + Int(u16(bytes, offset + 2))
      if end > extra.upperBound { break }
      if u16(bytes, offset) == 1 { return offset + 4..<end }
      offset = end
    }
    return 0..<0
  }

  /// Verifies that every entry ends before the next one and before the directory.
  private func checkOverlap(directory: Int) throws {
    var end = 0
    for entry in entries.sorted(by: { $0.offset < $1.offset }) {
      let fault = Failure(reason: "\(quoted(entry)) is not where the directory says")
      if entry.offset < end || entry.offset > directory - 30 { throw fault }
      if u32(try file.read(at: entry.offset, count: 4), 0) != 0x0403_4B50 { throw fault }
      let start = try ZipArchive.start(of: entry, in: file)
      if start > directory || entry.packed > directory - start { throw fault }
      end = start + entry.packed
    }
  }
}

private func u16(_ bytes: [UInt8], _ offset: Int) -> UInt16 { littleEndian(bytes, offset) }
private func u32(_ bytes: [UInt8], _ offset: Int) -> UInt32 { littleEndian(bytes, offset) }
private func u64(_ bytes: [UInt8], _ offset: Int) -> UInt64 { littleEndian(bytes, offset) }

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
    let quoted = "\"\(name.shortened(to: 100))\""
    let limit = ZipArchive.nameLimit
    guard nameBytes.count <= limit else {
      throw .failed(
        path: writer.path, reason: "\(quoted) has \(nameBytes.count) bytes; at most \(limit) are possible")
    }
    guard contents.count < 0xFFFF_FFFF, packed.count < 0xFFFF_FFFF, offset < 0xFFFF_FFFF, count < 0xFFFF else {
      throw .failed(path: writer.path, reason: "\(quoted) makes the archive larger than 4 GiB or 65,534 entries")
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
