import ZlibCompression
import Files
import HostSystem

/// The bytes of a data file, plain or gzip, in chunks. The format is detected from the first bytes, not from the name.
/// Only one chunk of the file is in memory at a time.
final class DataStream {
  /// The default size limit of a file, compressed or decompressed: 4 GiB.
  static let defaultLimit = 1 << 32

  let path: String
  private let file: FileReader?
  private let limit: Int
  /// The size of the file in bytes, as stored.
  private let total: Int
  private var position = 0
  private var inflation: Inflation?
  /// File bytes that have not been decompressed yet.
  private var packed: [UInt8] = []
  private var offset = 0
  private var unpackedCount = 0

  init(_ path: String, limit: Int = defaultLimit) throws(DataError) {
    self.path = path
    self.limit = limit
    let file: FileReader
    do { file = try FileReader(path) } catch { throw DataError(error) }
    self.file = file
    total = file.size
    if file.size > limit {
      throw DataError(FileError.tooLarge(path: path, bytes: file.size, limit: limit))
    }
    packed = try piece()
    if Compression.isGzip(packed) {
      do { inflation = try Inflation(.gzip) } catch { throw fault(error) }
    }
  }

  /// Creates a stream from the bytes of a plain file; `path` is for messages.
  init(bytes: [UInt8], path: String) {
    self.path = path
    (file, limit, packed, total) = (nil, .max, bytes, bytes.count)
  }

  /// The size of a plain file; nil if it is not known before the end.
  var size: Int? { inflation == nil ? total : nil }

  /// The maximum possible number of bytes: deflate expands one byte to at most 1,032 bytes.
  var bound: Int {
    inflation == nil ? total : min(limit, total * 1032)
  }

  /// The next bytes; empty at the end.
  func next() throws(DataError) -> [UInt8] {
    guard let inflation else {
      defer { packed = [] }
      return packed.isEmpty ? try piece() : packed
    }
    while true {
      let output: [UInt8]
      do { output = try inflation.next(packed, from: &offset) } catch { throw fault(error) }
      unpackedCount += output.count
      if unpackedCount > limit { throw fault(.tooLarge(limit: limit)) }
      if !output.isEmpty { return output }
      (packed, offset) = (try piece(), 0)
      if packed.isEmpty {
        do { try inflation.finish() } catch { throw fault(error) }
        return []
      }
    }
  }

  /// All remaining bytes. Stops as soon as there are more than `expected`. Throws if there is not enough memory for
  /// `expected` bytes.
  func rest(after first: [UInt8], expected: Int) throws(DataError) -> [UInt8] {
    if expected <= bound {
      do { try HostMemory.check(expected) } catch { throw .unreadable(file: path, reason: "\(error)") }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(expected, bound))
    bytes += first
    while true {
      let piece = try next()
      // One excess byte is enough to reject the file.
      if piece.isEmpty || bytes.count > expected { return bytes }
      bytes += piece.prefix(max(expected + 1 - bytes.count, 0))
    }
  }

  /// The next bytes of the stored file; empty at its end.
  private func piece() throws(DataError) -> [UInt8] {
    guard let file else { return [] }
    do {
      let bytes = try file.read(at: position, count: min(Inflation.pieceSize, file.size - position))
      position += bytes.count
      return bytes
    } catch { throw DataError(error) }
  }

  private func fault(_ error: CompressionError) -> DataError {
    .malformed(file: path, offset: error.offset, expected: "a whole gzip file", found: error.reason)
  }
}
