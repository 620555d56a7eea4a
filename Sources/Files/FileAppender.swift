import HostSystem

/// A file for appending. The system has the bytes when `append` returns. A missing file is created. A pipe or a device
/// is written to and stays open until the last reference is released, so that its reader sees one stream.
package final class FileAppender {
  package let path: String
  /// Whether the file is a regular file, not a pipe or a device, which can only be written to.
  package let isRegularFile: Bool
  private let descriptor: Int32

  package init(_ path: String) throws(FileError) {
    self.path = path
    try Path.check(path)
    // Linux refuses to open another user's file in a folder like /tmp with O_CREAT (fs.protected_regular).
    let existing = Stream.open(path, O_APPEND)
    guard let descriptor = existing ?? (errno == ENOENT ? Stream.open(path, O_CREAT | O_APPEND) : nil) else {
      if errno == ENOENT { throw .failed(path: path, reason: "cannot create: its folder does not exist") }
      throw .failed(path: path, reason: "cannot open: \(systemMessage(errno))")
    }
    self.descriptor = descriptor
    var status = stat()
    isRegularFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  deinit { close(descriptor) }

  /// Whether the path still refers to this file. If the file was deleted or replaced, the bytes would be lost.
  package var isInPlace: Bool {
    var (own, there) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev
      && own.st_ino == there.st_ino
  }

  /// Writes the bytes to the system before it returns.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    let code = writeAll(bytes, to: descriptor)
    if code != 0 { throw .failed(path: path, reason: "cannot write: \(systemMessage(code))") }
  }

  /// Replaces the contents of the file with the given bytes. It stays the same file, whoever owns it and its folder.
  /// For a pipe, a device, or a file opened by another program, the bytes are appended.
  package func replaceAll(with bytes: [UInt8]) throws(FileError) {
    guard isRegularFile, Path.descriptor(path) == nil else { return try append(bytes) }
    var code = takeRoom(bytes.count, in: descriptor)
    if code == 0 { code = overwrite(bytes) }
    if code != 0 { throw .failed(path: path, reason: "cannot write: \(systemMessage(code))") }
  }

  /// Overwrites the file.
  /// - Returns: 0, or the system's error number.
  private func overwrite(_ bytes: [UInt8]) -> Int32 {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~O_APPEND) == 0 else { return errno }
    defer { _ = fcntl(descriptor, F_SETFL, flags) }
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { return errno }
    let code = writeAll(bytes, to: descriptor)
    if code != 0 { return code }
    return ftruncate(descriptor, off_t(bytes.count)) == 0 && fsync(descriptor) == 0 ? 0 : errno
  }
}
