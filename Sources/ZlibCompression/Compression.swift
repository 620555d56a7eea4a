import CZlib

/// An error in compressed bytes.
package enum CompressionError: Error, Sendable, Hashable {
  /// The compressed data is incomplete; the offset is its size in bytes.
  case truncated(offset: Int)
  /// zlib rejects the bytes at this offset because of an invalid header, code, or checksum.
  case damaged(offset: Int, reason: String)
  /// The output is larger than the caller accepts.
  case tooLarge(limit: Int)
  /// zlib could not allocate memory.
  case outOfMemory

  package var offset: Int? {
    switch self {
    case .truncated(let offset), .damaged(let offset, _): offset
    case .tooLarge, .outOfMemory: nil
    }
  }

  package var reason: String {
    switch self {
    case .truncated: "the compressed data ends too early"
    case .damaged(_, let reason): reason
    case .tooLarge(let limit): "it unpacks to more than \(limit) bytes"
    case .outOfMemory: "out of memory"
    }
  }
}

/// Deflate streams through zlib, with a limit on the output to protect against malicious input.
package enum Compression {
  package enum Format: Sendable {
    /// RFC 1952, one or more members.
    case gzip
    /// RFC 1951 without a frame, as in a zip archive.
    case raw

    var windowBits: Int32 { self == .gzip ? MAX_WBITS + 16 : -MAX_WBITS }
  }

  /// Whether the bytes start with the signature of a gzip file.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B }

  /// The CRC-32 of ISO 3309, as used by gzip and zip.
  package static func crc32(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
    var value = uLong(seed)
    bytes.withUnsafeBufferPointer { buffer in
      var start = 0
      while start < buffer.count {  // zlib counts in 32 bits
        let length = min(buffer.count - start, 1 << 30)
        value = CZlib.crc32(value, buffer.baseAddress! + start, uInt(length))
        start += length
      }
    }
    return UInt32(truncatingIfNeeded: value)
  }

  /// Decompresses all of `bytes`. Throws if the output exceeds `limit` bytes, so memory use is bounded.
  package static func inflate(_ bytes: [UInt8], _ format: Format, limit: Int) throws(CompressionError) -> [UInt8] {
    let inflation = try Inflation(format)
    var output: [UInt8] = []
    var offset = 0
    while true {
      let piece = try inflation.next(bytes, from: &offset)
      if piece.isEmpty { break }
      if output.count + piece.count > limit { throw .tooLarge(limit: limit) }
      output += piece
    }
    try inflation.finish()
    return output
  }

  /// Compresses `bytes`. `level` is 0 to 9, as in zlib.
  package static func deflate(_ bytes: [UInt8], _ format: Format, level: Int32 = 6) throws(CompressionError) -> [UInt8]
  {
    var stream = z_stream()
    let status = deflateInit2_(
      &stream, level, Z_DEFLATED, format.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    if status != Z_OK { throw .outOfMemory }
    defer { deflateEnd(&stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var offset = 0
    while true {
      let length = min(bytes.count - offset, 1 << 30)
      let isLast = offset + length == bytes.count
      var status: Int32 = Z_OK
      var produced = 0
      bytes.withUnsafeBufferPointer { input in
        chunk.withUnsafeMutableBufferPointer { room in
          stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
          stream.avail_in = uInt(length)
          stream.next_out = room.baseAddress
          stream.avail_out = uInt(room.count)
          status = CZlib.deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          produced = room.count - Int(stream.avail_out)
        }
      }
      offset += length - Int(stream.avail_in)
      output += chunk[..<produced]
      if status == Z_STREAM_END { return output }
      if status != Z_OK && status != Z_BUF_ERROR { throw .outOfMemory }
    }
  }
}
