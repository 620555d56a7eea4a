import HostSystem
import Synchronization

/// A file that appears at its path only after it is complete. Without a `commit()`, nothing changes.
///
/// If it replaces a file, it takes over the mode and the attributes (`user.*`) of that file, and also its owner and
/// access control list if this account may set them. A symbolic link is kept, and the file that it refers to is
/// replaced. A file with several names (hard links) is overwritten by `commit()` after all bytes are on the disk in a
/// temporary file, so that all names refer to the new bytes. The same applies to a file that cannot be replaced because
/// it is mounted, or because it belongs to another user in a folder like `/tmp`. An existing pipe or device is written
/// to.
package final class FileWriter {
  /// The path as passed to the initializer.
  package let path: String
  private let place: Place
  private var pending: [UInt8] = []
  private static let chunk = 1 << 16

  private enum Place {
    case file(TemporaryFile)
    /// All bytes are held in memory, because some are overwritten, and a reader cannot undo what it has received.
    case stream(Int32)
  }

  /// Whether `name` is the name of a temporary file of a `FileWriter` for a file whose name starts with one of
  /// `prefixes`. If such a file exists while nothing is being written, it is from a killed process.
  package static func isTemporary(_ name: String, of prefixes: [String]) -> Bool {
    TemporaryFile.isTemporary(name, of: prefixes)
  }

  /// Whether the path is a pipe or a device, which stays open until this object is released.
  package var isStream: Bool {
    if case .stream = place { true } else { false }
  }

  package init(_ path: String) throws(FileError) {
    self.path = path
    try Path.check(path)
    do {
      place = try FileWriter.place(Path.followed(path))
    } catch {
      throw .failed(path: path, reason: error.reason)
    }
  }

  private static func place(_ path: String) throws(FileError) -> Place {
    if Path.descriptor(path) != nil || Stream.isThere(path) {
      guard let descriptor = Stream.open(path, 0) else {
        throw .failed(path: path, reason: "cannot open: \(systemMessage(errno))")
      }
      return .stream(descriptor)
    }
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere && status.st_mode & S_IFMT == S_IFDIR { throw .failed(path: path, reason: systemMessage(EISDIR)) }
    let name = Path.parts(path).name
    if name.isEmpty || name == "." || name == ".." { throw .failed(path: path, reason: "it names no file") }
    return .file(try TemporaryFile(for: path, replacing: isThere ? status : nil))
  }

  deinit {
    if case .stream(let descriptor) = place { close(descriptor) }
  }

  package func write(_ bytes: [UInt8]) throws(FileError) {
    if case .file(let file) = place {
      if bytes.count + pending.count > FileWriter.chunk { try flush() }
      if bytes.count >= FileWriter.chunk { return try write(bytes, to: file.descriptor) }
    }
    pending += bytes
  }

  /// Replaces bytes that have already been written.
  package func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    guard case .file(let file) = place else {
      return pending.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    try flush()
    if pwrite(file.descriptor, bytes, bytes.count, off_t(offset)) != bytes.count { throw failure(errno) }
  }

  /// Makes the file durable and moves it to its path, replacing an existing file. A pipe or a device receives the
  /// bytes.
  package func commit() throws(FileError) {
    try flush()
    guard case .file(let file) = place else { return }
    do {
      try file.commit()
    } catch {
      throw .failed(path: path, reason: error.reason)
    }
  }

  /// Writes a whole file in one step.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let writer = try FileWriter(path)
    try writer.write(bytes)
    try writer.commit()
  }

  private func flush() throws(FileError) {
    switch place {
    case .file(let file): try write(pending, to: file.descriptor)
    case .stream(let descriptor): try write(pending, to: descriptor)
    }
    pending.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
    let code = writeAll(bytes, to: descriptor)
    if code != 0 { throw failure(code) }
  }

  private func failure(_ code: Int32) -> FileError {
    .failed(path: path, reason: "cannot write: \(systemMessage(code))")
  }
}

/// Pipes and devices, which accept bytes but do not store them.
enum Stream {
  /// Whether the path exists and is neither a file nor a folder.
  static func isThere(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  /// Opens a path for writing. Waits up to two seconds for the reader of a named pipe.
  /// - Returns: The descriptor; nil on failure, with the error number in `errno`.
  static func open(_ path: String, _ flags: Int32) -> Int32? {
    if let number = Path.descriptor(path) {
      let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
      return copy < 0 ? nil : copy
    }
    for _ in 0..<200 {
      let descriptor = platformOpen(path, flags | O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666)
      if descriptor >= 0 { return descriptor }
      if errno != ENXIO && errno != EINTR || isAskedToEnd.load(ordering: .relaxed) { return nil }
      usleep(10_000)
      errno = ENXIO
    }
    return nil
  }
}

private func platformOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
