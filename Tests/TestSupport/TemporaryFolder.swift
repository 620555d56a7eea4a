import Files

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder of its own for one test; it goes when the test ends.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    path = "\(environmentFolder)/swift-nn-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    try Folder.create(path)
  }

  deinit { TemporaryFolder.remove(path) }

  /// The path of a name inside it.
  package func callAsFunction(_ name: String) -> String { Folder.join(path, name) }

  /// Writes a file and returns its path; it need not outlive a power failure, so that this is quick.
  @discardableResult package func write(_ bytes: [UInt8], _ name: String) throws -> String {
    guard let file = fopen(self(name), "w") else { throw FileError.current(self(name), while: "create") }
    let count = fwrite(bytes, 1, bytes.count, file)
    if fclose(file) != 0 || count != bytes.count { throw FileError.current(self(name), while: "write") }
    return self(name)
  }

  @discardableResult package func write(_ text: String, _ name: String) throws -> String {
    try write(Array(text.utf8), name)
  }

  /// The size of the files that `writeHole` makes: 8 TiB.
  package static let holeSize = 1 << 43

  /// Makes a file that begins with these bytes, claims to be very large, and takes a block or two of the disk.
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
