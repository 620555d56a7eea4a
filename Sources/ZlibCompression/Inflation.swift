import CZlib

/// Decompresses a stream chunk by chunk, so that each chunk can be checked before more is read.
package final class Inflation {
  /// The maximum size of a chunk in bytes.
  package static let pieceSize = 1 << 16

  private let format: Compression.Format
  // zlib keeps the address of its state.
  private let stream: UnsafeMutablePointer<z_stream>
  private var place = Place.inside
  /// The number of compressed bytes used so far.
  private var consumed = 0

  private enum Place {
    case inside
    /// After a member of a gzip file; another one may follow.
    case between
    /// In the zero padding at the end of a gzip file.
    case padding
    case atEnd
  }

  package init(_ format: Compression.Format) throws(CompressionError) {
    self.format = format
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    if status != Z_OK { throw .outOfMemory }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Returns the next decompressed bytes; empty when all of `input` is used.
  /// - Parameters:
  ///   - input: Compressed bytes.
  ///   - offset: The position of the first unused byte; it is advanced.
  package func next(_ input: [UInt8], from offset: inout Int) throws(CompressionError) -> [UInt8] {
    while true {
      if place != .inside {
        if try !startsMember(input, &offset) { return [] }
      }
      let (status, used, output) = step(input, offset)
      offset += used
      consumed += used
      switch status {
      case Z_STREAM_END: place = format == .gzip ? .between : .atEnd
      case Z_OK, Z_BUF_ERROR: break
      case Z_MEM_ERROR: throw .outOfMemory
      case Z_NEED_DICT: throw .damaged(offset: consumed, reason: "the compressed data asks for a dictionary")
      default:
        let words = stream.pointee.msg.map { String(cString: $0) } ?? "invalid data"
        throw .damaged(offset: consumed, reason: "the compressed data is damaged (\(words))")
      }
      if !output.isEmpty { return output }
      if place == .inside && used == 0 { return [] }
    }
  }

  /// Throws if the input ends before the compressed data does.
  package func finish() throws(CompressionError) { if place == .inside { throw .truncated(offset: consumed) } }

  /// Whether another member starts after the end of a member; false if the input is used up.
  private func startsMember(_ input: [UInt8], _ offset: inout Int) throws(CompressionError) -> Bool {
    while offset < input.count {
      if place == .between && input[offset] == 0x1F {
        inflateReset(stream)
        place = .inside
        return true
      }
      if place == .atEnd || input[offset] != 0 {
        throw .damaged(offset: consumed, reason: "\(input.count - offset) bytes follow the end of the compressed data")
      }
      place = .padding
      offset += 1
      consumed += 1
    }
    return false
  }

  /// Calls zlib once.
  private func step(_ input: [UInt8], _ offset: Int) -> (status: Int32, used: Int, output: [UInt8]) {
    let length = min(input.count - offset, 1 << 30)  // zlib counts in 32 bits
    var (status, used) = (Int32(0), 0)
    let output = [UInt8](unsafeUninitializedCapacity: Inflation.pieceSize) { room, count in
      input.withUnsafeBufferPointer { input in
        stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
        stream.pointee.avail_in = uInt(length)
        stream.pointee.next_out = room.baseAddress
        stream.pointee.avail_out = uInt(room.count)
        status = CZlib.inflate(stream, Z_NO_FLUSH)
        used = length - Int(stream.pointee.avail_in)
        count = room.count - Int(stream.pointee.avail_out)
      }
    }
    return (status, used, output)
  }
}
