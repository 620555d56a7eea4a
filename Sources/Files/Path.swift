import HostSystem

/// Operations on paths as bytes, because a slash followed by a combining mark is still a slash.
package enum Path {
  /// Splits a path into the folder with its trailing slash (empty for the current folder) and the name.
  package static func parts(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
    let start = path.utf8.index(after: slash)
    return (String(path[..<start]), String(path[start...]))
  }

  /// Rejects a path that the system would truncate.
  static func check(_ path: String) throws(FileError) {
    if path.utf8.contains(0) { throw .failed(path: path, reason: "a path cannot contain the character NUL") }
  }

  /// The path after resolving all symbolic links. If the last link is dangling, it is the target of that link.
  static func followed(_ path: String) throws(FileError) -> String {
    var path = path
    for _ in 0..<40 {
      guard descriptor(path) == nil, let target = try link(path) else { return path }
      path = target.utf8.first == UInt8(ascii: "/") ? target : parts(path).folder + target
    }
    throw .failed(path: path, reason: "cannot create: \(systemMessage(ELOOP))")
  }

  /// The file descriptor number in `/dev/stdout`, `/dev/fd/3`, and similar paths; nil for other paths.
  static func descriptor(_ path: String) -> Int32? {
    let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
    return folder.flatMap { Int32(path.dropFirst($0.count)) }
  }

  /// The target of a symbolic link; nil for anything else.
  private static func link(_ path: String) throws(FileError) -> String? {
    var status = stat()
    if lstat(path, &status) != 0 {
      if errno == ENOENT { return nil }
      throw .failed(path: path, reason: "cannot create: \(systemMessage(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    guard count > 0, let target = String(validating: bytes[..<count], as: UTF8.self) else {
      throw .failed(path: path, reason: "cannot create: its link leads to a name that is not UTF-8 text")
    }
    return target
  }
}

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
