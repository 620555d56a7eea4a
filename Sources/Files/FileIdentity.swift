#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The file that a path leads to: two paths of one file have the same identity, be it by links or by another way to write them.
package struct FileIdentity: Hashable {
  private let device: UInt64
  private let inode: UInt64
  /// For a file that does not exist yet: its name, in the folder with these numbers.
  private let name: String?

  /// Nil for a pipe, a device, and an open file such as `/dev/stdout`, which may be named twice, and for a path that cannot be
  /// examined.
  package init?(_ path: String) {
    var status = stat()
    guard !path.utf8.contains(0), let path = try? Path.followed(path), Path.descriptor(path) == nil else { return nil }
    if stat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFREG || kind == S_IFDIR else { return nil }
      name = nil
    } else {
      let (folder, name) = Path.parts(path)
      guard stat(folder.isEmpty ? "." : folder, &status) == 0 else { return nil }
      self.name = name
    }
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}
