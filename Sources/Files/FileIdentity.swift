import HostSystem

/// The identity of the file at a path: two paths of the same file have the same identity, whether they differ by links
/// or only in spelling.
package struct FileIdentity: Hashable {
  private let device: UInt64
  private let inode: UInt64
  /// The name of a file that does not exist yet, in the folder with these numbers.
  private let name: String?

  /// Identifies a file; nil for a pipe, a device, an open file such as `/dev/stdout`, which may be named twice, and a
  /// path that cannot be examined.
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
