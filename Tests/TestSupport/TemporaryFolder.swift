import CLibrary
import Files

/// A separate folder for one test, which is removed when the test ends.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    path = "\(environmentFolder)/swift-nn-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    try Folder.create(path)
  }

  deinit { TemporaryFolder.remove(path) }

  /// The path of a name inside the folder.
  package func callAsFunction(_ name: String) -> String { Folder.join(path, name) }

  /// Writes a file and returns its path. To be fast, it does not make the file durable.
  @discardableResult package func write(_ bytes: [UInt8], _ name: String) throws -> String {
    guard let file = fopen(self(name), "w") else { throw FileError.current(self(name), while: "create") }
    let count = fwrite(bytes, 1, bytes.count, file)
    if fclose(file) != 0 || count != bytes.count { throw FileError.current(self(name), while: "write") }
    return self(name)
  }

  @discardableResult package func write(_ text: String, _ name: String) throws -> String {
    try write(Array(text.utf8), name)
  }

  /// The size of the files created by `writeHole`: 8 TiB.
  package static let holeSize = 1 << 43

  /// Creates a file that starts with these bytes, claims to be very large, and uses only a block or two of the disk.
  @discardableResult package func writeHole(_ name: String, after bytes: [UInt8] = []) throws -> String {
    try write(bytes, name)
    if truncate(self(name), off_t(TemporaryFolder.holeSize)) != 0 {
      throw FileError.current(self(name), while: "enlarge")
    }
    return self(name)
  }

  private static func remove(_ path: String) {
    for name in (try? Folder.names(in: path)) ?? [] {
      let inner = Folder.join(path, name)
      if Folder.isFolder(inner) { remove(inner) } else { unlink(inner) }
    }
    rmdir(path)
  }
}

private let environmentFolder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
