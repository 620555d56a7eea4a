import HostSystem
import Files

/// A separate folder for one test, which is removed when the test ends. Other accounts may not use it.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    path = "\(environment("TMPDIR") ?? "/tmp")/swift-nn-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    try Folder.create(path)
    chmod(path, 0o700)
  }

  deinit { TemporaryFolder.remove(path) }

  /// The path of a name inside the folder.
  package func callAsFunction(_ name: String) -> String { Folder.join(path, name) }

  /// The names in the folder, sorted.
  package var names: [String] {
    get throws { try Folder.names(in: path) }
  }

  /// The bytes of a file.
  package func bytes(_ name: String) throws -> [UInt8] { try FileReader.read(self(name), limit: .max) }

  /// Creates a folder inside this one and returns its path.
  @discardableResult package func makeFolder(_ name: String) throws -> String {
    try Folder.create(self(name))
    return self(name)
  }

  /// Writes a file, also into a folder inside this one ("Operations/Unary.cl"), and returns its path. To be fast, it does
  /// not make the file durable.
  @discardableResult package func write(_ bytes: [UInt8], _ name: String) throws -> String {
    if let slash = name.lastIndex(of: "/") { try makeFolder(String(name[..<slash])) }
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

  /// Removes a file, a link, or a folder with its contents. What a link leads to stays.
  private static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    for name in (try? Folder.names(in: path)) ?? [] { remove(Folder.join(path, name)) }
    rmdir(path)
  }
}
