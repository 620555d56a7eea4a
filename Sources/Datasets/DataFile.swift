import Files

/// The bytes of a data file, plain or gzip: which of the two is told by the first bytes, not by the name.
enum DataFile {
  /// The most that a file may hold, packed or unpacked, unless a reader says otherwise: 4 GiB.
  static let defaultLimit = 1 << 32

  static func read(_ path: String, limit: Int = defaultLimit) throws(DataError) -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try FileReader.read(path, limit: limit) } catch { throw DataError(error) }
    guard Compression.isGzip(bytes) else { return bytes }
    do { return try Compression.inflate(bytes, .gzip, limit: limit) } catch {
      throw .malformed(file: path, offset: error.offset, expected: "a whole gzip file", found: error.reason)
    }
  }
}
