import Files

/// Downloads a file unless it is already there (Keras' `get_file`).
///
/// ```swift
/// let url = "https://example.org/houses.csv.gz"
/// let path = try DownloadedFile.path("data/houses.csv.gz", from: url, sha256: "9f86d081…", limit: 1 << 20)
/// ```
public enum DownloadedFile {
  /// Returns the path of a file, after downloading it with the program `curl` if it does not exist. The file appears
  /// only when it is complete and verified; a failed download leaves nothing behind. A file that exists must have the
  /// expected digest, too.
  ///
  /// Only `https` is used, or `http` if the host is this machine.
  /// - Parameters:
  ///   - path: The path of the file. Its folder is created if it is missing.
  ///   - url: The address.
  ///   - sha256: The expected SHA-256 digest of the file, 64 hexadecimal digits.
  ///   - limit: The maximum size of the file in bytes.
  /// - Returns: `path`.
  /// - Throws: `DataError`.
  public static func path(_ path: String, from url: String, sha256: String, limit: Int) throws -> String {
    let digest = sha256.lowercased()
    guard digest.utf8.count == 64, digest.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
      throw DataError.download(url: url, reason: "the digest \"\(sha256)\" does not have 64 hexadecimal digits")
    }
    if Folder.exists(path) {
      let found = try self.digest(of: path)
      if found != digest {
        throw DataError.malformed(
          file: path, offset: nil, expected: "contents with the SHA-256 digest \(digest)", found: found)
      }
    } else {
      try Download(url: url, file: path, limit: limit, sha256: digest).run()
    }
    return path
  }

  /// Returns the SHA-256 digest of a file.
  private static func digest(of path: String) throws(DataError) -> String {
    do {
      let file = try FileReader(path)
      var hash = SHA256()
      for offset in stride(from: 0, to: file.size, by: 1 << 20) {
        hash.update(try file.read(at: offset, count: min(1 << 20, file.size - offset)))
      }
      return hash.finish()
    } catch { throw DataError(error) }
  }
}
