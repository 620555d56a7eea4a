import NeuralNetworks

/// Text files in UTF-8, plain or gzip.
package enum TextFile {
  /// Reads a file, without a byte order mark.
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - limit: The maximum size in bytes, also after decompression.
  /// - Throws: `DataError` for a file that cannot be read or has more bytes; with the position of the first byte that is
  ///   not UTF-8; and for more than 30 consecutive combining marks.
  package static func read(_ path: String, limit: Int) throws(DataError) -> String {
    let stream = try DataStream(path, limit: limit)
    let bytes = try stream.rest(after: [], expected: stream.bound)
    return try text(bytes, path)
  }

  /// Converts the bytes of a file to text.
  package static func text(_ file: [UInt8], _ path: String) throws(DataError) -> String {
    let bytes = file.withoutByteOrderMark
    guard let text = String(validating: bytes, as: UTF8.self) else {
      // Invalid bytes are replaced by U+FFFD, so the texts differ there.
      let repaired = String(decoding: bytes, as: UTF8.self)
      let place = zip(bytes, repaired.utf8).enumerated().first { $1.0 != $1.1 }?.offset ?? bytes.count
      let found = place < bytes.count ? "the byte \(hexadecimal(bytes[place]))" : "the end of the file"
      throw .malformed(file: path, offset: file.count - bytes.count + place, expected: "text in UTF-8", found: found)
    }
    guard text.isStreamSafe else {
      throw .malformed(
        file: path, offset: nil, expected: "at most 30 combining marks after one another", found: "more")
    }
    return text
  }
}
