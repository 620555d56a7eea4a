import CZlib

/// What is wrong with compressed bytes.
package enum CompressionError: Error, Sendable, Hashable {
  /// The compressed bytes end too early; the offset is their count.
  case truncated(offset: Int)
  /// zlib refuses the bytes at this offset: a wrong header, code or check sum.
  case damaged(offset: Int, reason: String)
  /// More bytes come out than the caller is ready to take.
  case tooLarge(limit: Int)
  /// zlib could not get memory.
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

/// Deflate streams through zlib, with a bound on what comes out of a hostile one.
package enum Compression {
  package enum Format: Sendable {
    /// RFC 1952, one member or several after one another.
    case gzip
    /// RFC 1951 without any frame, as in a zip archive.
    case raw

    var windowBits: Int32 { self == .gzip ? MAX_WBITS + 16 : -MAX_WBITS }
  }

  /// True if the bytes begin as a gzip file does.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B }

  /// The CRC-32 of ISO 3309, as gzip and zip use it.
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

  /// Unpacks all of `bytes`; more than `limit` bytes of output are refused, so memory stays bounded.
  package static func inflate(_ bytes: [UInt8], _ format: Format, limit: Int) throws(CompressionError) -> [UInt8] {
    var stream = z_stream()
    if inflateInit2_(&stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) != Z_OK {
      throw .outOfMemory
    }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, bytes.count * 3))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var offset = 0
    while true {
      let (status, consumed, produced) = step(&stream, bytes, offset, &chunk)
      offset += consumed
      if output.count + produced > limit { throw .tooLarge(limit: limit) }
      output += chunk[..<produced]
      switch status {
      case Z_STREAM_END:
        if try isFinished(bytes, offset, format) { return output }
        inflateReset(&stream)
      case Z_OK, Z_BUF_ERROR:
        if consumed == 0 && produced == 0 { throw .truncated(offset: offset) }
      case Z_MEM_ERROR: throw .outOfMemory
      case Z_NEED_DICT: throw .damaged(offset: offset, reason: "the compressed data asks for a dictionary")
      default:
        let words = stream.msg.map { String(cString: $0) } ?? "invalid data"
        throw .damaged(offset: offset, reason: "the compressed data is damaged (\(words))")
      }
    }
  }

  /// Packs `bytes`. `level` 0 to 9, as zlib counts.
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

  /// One call of zlib: fills the chunk as far as the input allows.
  private static func step(
    _ stream: inout z_stream, _ bytes: [UInt8], _ offset: Int, _ chunk: inout [UInt8]
  ) -> (status: Int32, consumed: Int, produced: Int) {
    let length = min(bytes.count - offset, 1 << 30)
    return bytes.withUnsafeBufferPointer { input in
      chunk.withUnsafeMutableBufferPointer { room in
        stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
        stream.avail_in = uInt(length)
        stream.next_out = room.baseAddress
        stream.avail_out = uInt(room.count)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        return (status, length - Int(stream.avail_in), room.count - Int(stream.avail_out))
      }
    }
  }

  /// After the end of a stream: true if nothing (or, as gzip allows, zero padding) follows, false if another member does.
  private static func isFinished(_ bytes: [UInt8], _ offset: Int, _ format: Format) throws(CompressionError) -> Bool {
    let rest = bytes[offset...]
    if rest.isEmpty { return true }
    if format == .gzip && rest.allSatisfy({ $0 == 0 }) { return true }
    if format == .gzip && rest.count >= 2 && rest[offset] == 0x1F && rest[offset + 1] == 0x8B { return false }
    throw .damaged(offset: offset, reason: "\(rest.count) bytes follow the end of the compressed data")
  }
}
