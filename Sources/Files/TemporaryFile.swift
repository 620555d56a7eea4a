import HostSystem
import CExtendedAttributes

/// The new content of a file until it is complete: an unnamed file in the folder of its target, which the system
/// removes even if the process is killed. If the file system or a missing `/proc` prevents this, the file has a
/// temporary name and is removed with the last reference.
final class TemporaryFile {
  let descriptor: Int32
  private let target: String
  private let temporaryPath: String
  private var hasName = false
  /// The file to be replaced, if it has several names: it is overwritten, so that all of them refer to the new bytes.
  private let shared: Int32?

  /// Whether `name` is the name of a temporary file for a file whose name starts with one of `prefixes`.
  static func isTemporary(_ name: String, of prefixes: [String]) -> Bool {
    name.hasSuffix(".tmp") && prefixes.contains { name.hasPrefix(".\($0)") }
  }

  /// Creates a temporary file.
  /// - Parameter replaced: The file to be replaced; the new file takes over its mode and owner.
  init(for target: String, replacing replaced: stat?) throws(FileError) {
    self.target = target
    shared = try replaced.flatMap { old throws(FileError) in
      if old.st_nlink == 1 { return nil }
      guard let file = TemporaryFile.openForOverwriting(target) else {
        throw .failed(path: target, reason: "cannot open: \(systemMessage(errno))")
      }
      return file
    }
    let (folder, name) = Path.parts(target)
    let tag = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    // If the target name has the maximum length, there is no room for a longer name.
    let start = String(decoding: Array(name.utf8.prefix(100)), as: UTF8.self)
    temporaryPath = "\(folder).\(start).\(getpid())-\(tag).tmp"
    let mode: mode_t = replaced == nil ? 0o666 : 0o600
    if let unnamed = TemporaryFile.openWithoutName(in: folder.isEmpty ? "." : folder, mode) {
      descriptor = unnamed
    } else {
      descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      if descriptor < 0 {
        let reason = errno == ENOENT ? "its folder does not exist" : systemMessage(errno)
        if let shared { close(shared) }
        throw .failed(path: target, reason: "cannot create: \(reason)")
      }
      hasName = true
    }
    if let replaced { take(over: replaced) }
  }

  deinit {
    close(descriptor)
    if let shared { close(shared) }
    if hasName { unlink(temporaryPath) }
  }

  private static func openWithoutName(in folder: String, _ mode: mode_t) -> Int32? {
    let unnamed = O_DIRECTORY | 0o2000_0000  // O_TMPFILE
    let descriptor = open(folder, unnamed | O_RDWR | O_CLOEXEC, mode)
    if descriptor < 0 { return nil }
    // The file is linked to its name through this path.
    if access("/proc/self/fd/\(descriptor)", F_OK) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  /// Copies the mode of another file, and its owner and group if this account may set them. If it may not set the
  /// group, the group gets no more rights than everyone has.
  private func take(over other: stat) {
    var own = stat()
    guard fstat(descriptor, &own) == 0 else { return }
    var mode = other.st_mode & 0o777
    var keepsGroup = true
    if own.st_uid != other.st_uid || own.st_gid != other.st_gid {
      keepsGroup =
        fchown(descriptor, other.st_uid, other.st_gid) == 0 || fchown(descriptor, uid_t.max, other.st_gid) == 0
      if !keepsGroup { mode &= 0o707 | (mode & 0o007) << 3 }
    }
    fchmod(descriptor, mode)
    ExtendedAttributes.copy(from: target, to: descriptor, withAccess: keepsGroup)
  }

  private static func openForOverwriting(_ path: String) -> Int32? {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Makes the bytes durable and moves the file to its path, replacing an existing file.
  func commit() throws(FileError) {
    if fsync(descriptor) != 0 { throw failure("write to the disk") }
    if let shared { return try overwrite(shared) }
    if takeName() { return synchronizeFolder() }
    let code = errno
    // A file that is mounted, or that belongs to another user in a folder like /tmp, cannot be replaced but may be
    // writable.
    guard [EBUSY, EPERM, EACCES, EXDEV].contains(code), let file = TemporaryFile.openForOverwriting(target) else {
      throw .failed(path: target, reason: "cannot give the file its name: \(systemMessage(code))")
    }
    defer { close(file) }
    try overwrite(file)
  }

  /// Gives the file its name.
  /// - Returns: false on failure, with the error number in `errno`.
  private func takeName() -> Bool {
    if !hasName {
      let unnamed = "/proc/self/fd/\(descriptor)"
      if linkat(AT_FDCWD, unnamed, AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) != 0 { return false }
      hasName = true
    }
    if rename(temporaryPath, target) != 0 { return false }
    hasName = false
    return true
  }

  /// Copies the bytes to an existing file.
  private func overwrite(_ file: Int32) throws(FileError) {
    var new = stat()
    if fstat(descriptor, &new) != 0 { throw failure("examine") }
    let code = takeRoom(Int(new.st_size), in: file)
    if code != 0 { throw .failed(path: target, reason: "cannot write: \(systemMessage(code))") }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var position = 0
    while position < Int(new.st_size) {
      let got = pread(descriptor, &piece, piece.count, off_t(position))
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { throw failure("read what was written") }
      let code = writeAll(Array(piece[..<got]), to: file)
      if code != 0 { throw .failed(path: target, reason: "cannot write: \(systemMessage(code))") }
      position += got
    }
    if ftruncate(file, new.st_size) != 0 || fsync(file) != 0 { throw failure("write to the disk") }
  }

  private func failure(_ action: String) -> FileError {
    .failed(path: target, reason: "cannot \(action): \(systemMessage(errno))")
  }

  /// The name is durable only after the folder is synchronized. Some file systems cannot do this; the file is complete
  /// nevertheless.
  private func synchronizeFolder() {
    let folder = Path.parts(target).folder
    let handle = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if handle < 0 { return }
    fsync(handle)
    close(handle)
  }
}

/// The metadata of a file apart from its mode and owner: user attributes (`user.*`) and an access control list.
enum ExtendedAttributes {
  private static let accessList = "system.posix_acl_access"

  /// Copies the attributes of a file to an open file. Attributes not allowed by the file system or for this account are
  /// skipped.
  /// - Parameter withAccess: Whether to copy the access control list, too. It grants rights, so it must be copied after
  ///   the mode is set.
  static func copy(from path: String, to descriptor: Int32, withAccess: Bool) {
    for name in names(path) where name.hasPrefix("user.") || withAccess && name == accessList {
      let size = getxattr(path, name, nil, 0)
      if size < 0 { continue }
      var value = [UInt8](repeating: 0, count: size)
      let got = getxattr(path, name, &value, size)
      if got >= 0 { _ = fsetxattr(descriptor, name, value, got, 0) }
    }
  }

  private static func names(_ path: String) -> [String] {
    let size = listxattr(path, nil, 0)
    if size <= 0 { return [] }
    var bytes = [CChar](repeating: 0, count: size)
    let got = max(listxattr(path, &bytes, size), 0)
    return bytes[..<got].split(separator: 0).map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }
  }
}
